const token = String.raw`[A-Za-z0-9!#$%&'*+.^_|~\x60-]+`;
/** One type with its parameters. At a comma, some readers see two headers; at a stray semicolon, another type. */
const mediaTypePattern = new RegExp(
  String.raw`^(${token}/${token})(?:[ \t]*;[ \t]*${token}=(?:${token}|"[\x20\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]*"))*$`,
);

/** By header. A worker sees the same few headers again and again. */
const knownTypes = new Map<string, string>();
const MAX_KNOWN = 100;
const MAX_KNOWN_LENGTH = 200;

/**
 * Type and subtype of a `Content-Type` in lower case. Undefined if the header is not exactly one type.
 * @see RFC 9110, 8.3
 */
export function readMediaType(header: string): string | undefined {
  const known = knownTypes.get(header);
  if (known !== undefined) return known;
  const type = parseMediaType(header);
  if (type !== undefined && knownTypes.size < MAX_KNOWN && header.length <= MAX_KNOWN_LENGTH)
    knownTypes.set(header, type);
  return type;
}

function parseMediaType(header: string): string | undefined {
  const [, type] = mediaTypePattern.exec(header) ?? [];
  return type === undefined || type.includes('*') ? undefined : type.toLowerCase();
}

/** Whether a `Content-Type` is exactly one JSON type. False for a header that some readers take for another type. */
export function isJsonType(header: string | undefined): boolean {
  return /^application\/(?:.+\+)?json$/.test(readMediaType(header ?? '') ?? '');
}

/** Whether a reader could take a body for JSON: its type is JSON, or readers may differ on its type. */
export function mayBeJson(header: string | undefined): boolean {
  return /[/+]json$/.test(readMediaType(header ?? '') ?? 'application/json');
}

// Whether the text is a type (`image/jpeg`), a type with any subtype (`image/*`) or any type (`*/*`), in lower case.
export function isMediaRange(text: string): boolean {
  return /^(?:\*\/\*|[a-z0-9][a-z0-9!#$&^_.+-]*\/(?:\*|[a-z0-9][a-z0-9!#$&^_.+-]*))$/.test(text);
}

export function fitsMediaRange(type: string, range: string): boolean {
  return range === '*/*' || range === type || (range.endsWith('/*') && type.startsWith(range.slice(0, -1)));
}
