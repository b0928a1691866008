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

/**
 * Returns the address of a call exactly as it was written. `URL` alone would resolve dot segments, turn `\`
 * into `/`, drop line breaks and cut at `#`. A mistake in an id would then become another call. Spaces, quotes
 * and letters are percent-encoded.
 * @throws {TypeError} if `URL` would change the address, or if it has another origin
 */
export function toCallUrl(address: string, origin: string): URL {
  if (/[\p{Cc}\p{Cs}\\#]/u.test(address) || /^([^?]*\/)?(\.|%2e){1,2}([/?]|$)/i.test(address)) {
    throw new TypeError('The address has a dot segment or a character that must be percent-encoded.');
  }
  // `URL` removes spaces at both ends.
  return toOwnUrl(address.replaceAll(' ', '%20'), origin);
}
