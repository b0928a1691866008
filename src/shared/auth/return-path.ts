/** A path of our own origin that a browser can be sent to: what is in it is what goes into `Location`. */
export type ReturnPath = string & { readonly brand: 'ReturnPath' };

export const defaultReturnPath = toReturnPath('/');

const MAX_BYTES = 512; // five transactions of this size stay below 8 KiB of cookies

/**
 * The return path if it is one, else undefined; nothing is repaired.
 * The check is made on the string that is sent: the first character is `/`, the second neither `/` nor `\`, and
 * parsing it against our origin gives our origin and the same string again.
 */
export function parseReturnPath(text: string | undefined, origin: string): ReturnPath | undefined {
  if (text === undefined || text.length > MAX_BYTES) return undefined;
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes('\\')) return undefined;
  const [path = ''] = text.split(/[?#]/);
  // A front end that decodes once more would make these a second slash, a backslash or a control character.
  if (/%(?:2f|5c|25|0|1|7f)/i.test(path) || path.includes('//')) return undefined;
  // Coming back to a route that redirects again would never end.
  if (/^\/api\/auth(?:\/|$)/i.test(decodeURIComponentOrEmpty(path))) return undefined;
  if (!URL.canParse(text, origin)) return undefined;
  const url = new URL(text, origin);
  return url.origin === origin && url.href === origin + text ? toReturnPath(text) : undefined;
}

function decodeURIComponentOrEmpty(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '/api/auth'; // not valid UTF-8: refused like the routes it cannot be told from
  }
}

function toReturnPath(text: string): ReturnPath {
  return text as ReturnPath;
}
