/** Returns a member of a value that came from outside and may be anything. */
export function readMember(value: unknown, name: string): unknown {
  return Object(value)[name]; // `Object(undefined)` is an empty object
}

export function readText(value: unknown, name: string): string | undefined {
  const text = readMember(value, name);
  return typeof text === 'string' ? text : undefined;
}

export function readTexts(value: unknown, name: string): readonly string[] {
  const list = readMember(value, name);
  return Array.isArray(list) ? list.filter((entry) => typeof entry === 'string') : [];
}

/** Returns an http(s) URL that is safe to link to or to navigate to. A `javascript:` URL would run in this page. */
export function readLink(value: unknown, name: string): string | undefined {
  const text = readText(value, name);
  return text?.match(/^https?:\/\//) ? text : undefined;
}
