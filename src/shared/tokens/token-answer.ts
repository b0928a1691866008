import { Buffer } from 'node:buffer';

/**
 * RFC 6750, 2.1: the characters allowed after `Bearer`. Any other character could not be sent to an API, or
 * would end the header.
 */
const b64token = /^[A-Za-z0-9\-._~+/]+=*$/;
/** RFC 6749, A.17. */
const visibleText = /^[\x20-\x7e]+$/;
const base64url = /^[A-Za-z0-9_-]+={0,2}$/;
/** MSAL writes both into a header of its next request: `X-AnchorMailbox: Oid:uid@utid`. */
const accountId = /^[A-Za-z0-9._~-]{1,256}$/;
const seconds = /^\d{1,10}$/;

/**
 * Whether the members of this response can be tokens. Members that Entra ID may omit may be absent. The ID
 * token is verified elsewhere.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 */
export function isTokenAnswer(body: Readonly<Record<string, unknown>>): boolean {
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

function matches(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

/** A time that is not a number would make a token that never expires. */
function isSeconds(value: unknown): boolean {
  return seconds.test(typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '');
}

/** Entra ID's own member: it identifies the account in MSAL's cache. */
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
