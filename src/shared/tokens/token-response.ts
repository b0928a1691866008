import { Buffer } from 'node:buffer';

/** The characters allowed after `Bearer` (RFC 6750, 2.1). Any other character could not be sent, or would end the header. */
const b64token = /^[A-Za-z0-9\-._~+/]+=*$/;
/** A refresh token (RFC 6749, A.17). */
const visibleText = /^[\x20-\x7e]+$/;
const base64url = /^[A-Za-z0-9_-]+={0,2}$/;
/** `uid` and `utid`. MSAL writes both into a header of its next request: `X-AnchorMailbox: Oid:uid@utid`. */
const accountId = /^[A-Za-z0-9._~-]{1,256}$/;
const seconds = /^\d{1,10}$/;

/**
 * Whether the members of this response have valid forms. The members that Entra ID may omit are optional. The ID token
 * is verified elsewhere.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 */
export function isTokenResponse(body: Readonly<Record<string, unknown>>): boolean {
  const { token_type: type, access_token: accessToken, refresh_token: refreshToken } = body;
  const { scope, client_info: clientInfo, expires_in: expiresIn, ext_expires_in: later } = body;
  return (
    typeof type === 'string' &&
    type.toLowerCase() === 'bearer' &&
    matches(accessToken, b64token) &&
    (refreshToken === undefined || matches(refreshToken, visibleText)) &&
    (scope === undefined || typeof scope === 'string') &&
    (clientInfo === undefined || isClientInfo(clientInfo)) &&
    [expiresIn, later, body['refresh_in']].every((value) => value === undefined || isSeconds(value))
  );
}

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

/** A token with a time that is not a number would never expire. */
function isSeconds(value: unknown): boolean {
  return seconds.test(typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '');
}

/** A member that only Entra ID sends. It identifies the account in MSAL's cache. */
function isClientInfo(value: unknown): boolean {
  if (!matches(value, base64url)) return false;
  try {
    const account: unknown = JSON.parse(Buffer.from(value, 'base64url').toString('utf8'));
    if (typeof account !== 'object' || account === null) return false;
    return (
      matches(Reflect.get(account, 'uid'), accountId) && matches(Reflect.get(account, 'utid'), accountId)
    );
  } catch {
    return false;
  }
}
