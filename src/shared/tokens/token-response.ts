import { Buffer } from 'node:buffer';

/** The characters of an access token after `Bearer` (RFC 6750, 2.1). Others could not be sent in a header. */
const b64tokenPattern = /^[A-Za-z0-9\-._~+/]+=*$/;
/** A refresh token (RFC 6749, A.17). */
const visibleTextPattern = /^[\x20-\x7e]+$/;
const base64urlPattern = /^[A-Za-z0-9_-]+={0,2}$/;
/** `uid` and `utid`. MSAL writes both into a header of its next request: `X-AnchorMailbox: Oid:uid@utid`. */
const accountIdPattern = /^[A-Za-z0-9._~-]{1,256}$/;
const secondsPattern = /^\d{1,10}$/;

/**
 * True if the members of this token response are well-formed. Members that Entra ID may omit are optional. The ID token is
 * verified elsewhere.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 */
export function isTokenResponse(body: Readonly<Record<string, unknown>>): boolean {
  const { token_type: type, access_token: accessToken, refresh_token: refreshToken } = body;
  const { scope, client_info: clientInfo, expires_in: expiresIn, ext_expires_in: extExpiresIn } = body;
  return (
    typeof type === 'string' &&
    type.toLowerCase() === 'bearer' &&
    matches(accessToken, b64tokenPattern) &&
    (refreshToken === undefined || matches(refreshToken, visibleTextPattern)) &&
    (scope === undefined || typeof scope === 'string') &&
    (clientInfo === undefined || isClientInfo(clientInfo)) &&
    [expiresIn, extExpiresIn, body['refresh_in']].every((value) => value === undefined || isSeconds(value))
  );
}

function matches(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

/** If a lifetime were not a number, MSAL would store an access token that never expires. */
function isSeconds(value: unknown): boolean {
  return secondsPattern.test(
    typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '',
  );
}

/** `client_info` is Entra ID's extension. It identifies the account in MSAL's cache. */
function isClientInfo(value: unknown): boolean {
  if (!matches(value, base64urlPattern)) return false;
  try {
    const account: unknown = JSON.parse(Buffer.from(value, 'base64url').toString('utf8'));
    if (typeof account !== 'object' || account === null) return false;
    return (
      matches(Reflect.get(account, 'uid'), accountIdPattern) &&
      matches(Reflect.get(account, 'utid'), accountIdPattern)
    );
  } catch {
    return false;
  }
}
