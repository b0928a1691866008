/** A path on this origin that a browser may be sent to. It is exactly the text of the `Location` header. */
export type ReturnPath = string & { readonly brand: 'ReturnPath' };

export const defaultReturnPath = toReturnPath('/');

const MAX_BYTES = 512; // five transactions of this size fit into 8 KiB of cookies

/**
 * Returns the path if it is safe, else undefined. Nothing is repaired, because the checks apply to the text that is sent:
 * the first character is `/`, the second is neither `/` nor `\`, and parsing the text against this origin gives this
 * origin and the same text again.
 */
export function parseReturnPath(text: string | undefined, origin: string): ReturnPath | undefined {
  if (text === undefined || text.length > MAX_BYTES) return undefined;
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes('\\')) return undefined;
  const [path = ''] = text.split(/[?#]/);
  // A front end that decodes once more would read these as a second slash, a backslash or a control character.
  if (/%(?:2f|5c|25|0|1|7f)/i.test(path) || path.includes('//')) return undefined;
  // Returning to a route that redirects again would never end.
  const decoded = decodeUtf8Path(path);
  if (decoded === undefined || /^\/api\/auth(?:\/|$)/i.test(decoded)) return undefined;
  if (!URL.canParse(text, origin)) return undefined;
  const url = new URL(text, origin);
  return url.origin === origin && url.href === origin + text ? toReturnPath(text) : undefined;
}

function decodeUtf8Path(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function toReturnPath(text: string): ReturnPath {
  return text as ReturnPath;
}
