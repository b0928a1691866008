import type { Page } from './page.ts';

/**
 * Returns an absolute URL of this origin. Another origin must not receive the header that proves a same-origin call, and a
 * script URL would run in this page.
 * @throws {TypeError} for every other URL
 */
export function toOwnUrl({ location: { origin } }: Page, text: string): URL {
  const url = new URL(text, origin);
  // Not `url.origin`: a `blob:` URL has the origin of the page that created it.
  if (!url.href.startsWith(`${origin}/`)) throw new TypeError('The URL must belong to this origin.');
  return url;
}

/**
 * Returns what a call names as text.
 * @throws {TypeError} for anything else, which `String` would turn into a path such as `[object Object]`
 */
export function toText(input: string | URL | Request): string {
  if (input instanceof Request) return input.url;
  if (typeof input === 'string' || input instanceof URL) return String(input);
  throw new TypeError('Not a string, URL or Request.');
}

/**
 * Returns the URL of a call as it was written, with some characters percent-encoded, such as spaces and, in a query,
 * `'`. `URL` alone would also resolve dot segments, turn `\` into `/` and drop line breaks, and a fragment would not be
 * sent. A mistake in an id would then become another call.
 * @throws {TypeError} if `URL` would change the text in another way, or if the text leads to another origin
 */
export function toCallUrl(page: Page, text: string): URL {
  if (/[\p{Cc}\p{Cs}\\#]/u.test(text) || /^([^?]*\/)?(\.|%2e){1,2}([/?]|$)/i.test(text)) {
    throw new TypeError('The URL has a dot segment or an unencoded character.');
  }
  // `URL` removes spaces at both ends.
  return toOwnUrl(page, text.replaceAll(' ', '%20'));
}

/**
 * @param path a path of Graph such as `/me`, or a link from a response of Graph
 * @throws {TypeError} if the URL would not be below `graphRoot`
 */
export function toGraphUrl(page: Page, path: string, graphRoot: URL): URL {
  // A link is absolute or starts with the path of the BFF. No path of Graph does.
  const isPath = path.startsWith('/') && !path.startsWith(graphRoot.pathname);
  const url = toCallUrl(page, isPath ? `${graphRoot.href}v1.0${path}` : path);
  if (!url.href.startsWith(graphRoot.href)) throw new TypeError('Not a path or link of Graph.');
  return url;
}

/**
 * Returns the URL to which a redirect returns.
 * @param path a path of this origin; the current URL if omitted
 */
export function toReturnUrl(page: Page, path?: string): URL {
  const { origin, pathname, search, hash } = page.location;
  return toOwnUrl(page, path ?? origin + pathname + search + hash);
}
