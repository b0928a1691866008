import { attempt } from './attempt.ts';

/**
 * An address of this origin, absolute. What a page navigates to must never lead elsewhere or run as a script, and the
 * proof that a call is ours must never be sent elsewhere.
 * @throws {TypeError} for every other address
 */
export function toOwnUrl(address: string, origin: string): URL {
  const url = attempt(() => new URL(address, origin));
  // Not `url.origin`: a `blob:` address has the origin of the page that made it.
  if (!url?.href.startsWith(`${origin}/`)) throw new TypeError('Not an address of this origin.');
  return url;
}
