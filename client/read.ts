/** A member of what came from outside and may be anything. */
export function read(value: unknown, name: string): unknown {
  return Object(value)[name]; // of nothing: an empty object
}

export function readText(value: unknown, name: string): string | undefined {
  const text = read(value, name);
  return typeof text === 'string' ? text : undefined;
}

export function readTexts(value: unknown, name: string): readonly string[] {
  const list = read(value, name);
  return Array.isArray(list) ? list.filter((entry) => typeof entry === 'string') : [];
}

/** An address of another origin, for a link or a navigation: never something that runs here. */
export function readLink(value: unknown, name: string): string | undefined {
  const text = readText(value, name);
  return text?.match(/^https?:\/\//) ? text : undefined;
}
