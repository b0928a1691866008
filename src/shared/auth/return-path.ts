/** A path on this origin, with query and fragment, to which a browser may be redirected. Sent unchanged as `Location`. */
export type ReturnPath = string & { readonly brand: 'ReturnPath' };

export const defaultReturnPath = toReturnPath('/');

/** What decides whether a path is a return path of this app. */
export interface ReturnPathRules {
  /** The origin that browsers see. */
  readonly origin: string;
  /** The paths below which calls are forwarded to an API, in lower case: `/api/graph`. */
  readonly proxiedPaths: readonly string[];
}

const authPath = '/api/auth';

const MAX_BYTES = 512; // five transactions of this size fit into 8 KiB of cookies

/**
 * Returns the text if it is safe, else undefined. The text is never changed, so that what was checked is what is sent.
 * It must begin with exactly one `/` and contain no `\`. Parsing it against this origin must yield this origin and the
 * same text.
 */
export function parseReturnPath(
  text: string | undefined,
  { origin, proxiedPaths }: ReturnPathRules,
): ReturnPath | undefined {
  if (text === undefined || text.length > MAX_BYTES) return undefined;
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes('\\')) return undefined;
  const [path = ''] = text.split(/[?#]/);
  // If a server in front of the app decodes the path once more, these escapes become a slash, a backslash, a percent sign
  // or a control character.
  if (/%(?:2f|5c|25|0|1|7f)/i.test(path) || path.includes('//')) return undefined;
  const decoded = decodeUtf8Path(path)?.toLowerCase();
  if (decoded === undefined) return undefined;
  // A return to a route that itself redirects could be an endless loop. A return to an API would look like a link of this
  // app that the user has followed, although another site has chosen it.
  const closed = [authPath, ...proxiedPaths];
  if (closed.some((closedPath) => `${decoded}/`.startsWith(`${closedPath}/`))) return undefined;
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
