/** The longest claims that are sent to Entra ID. They are a part of a URL. */
const MAX_CLAIMS_LENGTH = 4096;

/**
 * Returns the part of a claims challenge that concerns access tokens: JSON to send with the next token request. Everything
 * else is dropped. An API may demand claims in its access tokens, but not in the app's ID token, for example `roles`.
 * @param text decoded JSON
 * @returns undefined if the challenge demands no claims in access tokens
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ClaimsParameter
 */
export function readClaimsRequest(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_CLAIMS_LENGTH) return undefined;
  const accessToken = memberOf(parse(text), 'access_token');
  if (typeof accessToken !== 'object' || accessToken === null || Array.isArray(accessToken)) return undefined;
  return JSON.stringify({ access_token: accessToken });
}

/** True if the text may be sent to Entra ID at all: a JSON object of a length that fits into a sign-in. */
export function isReadableClaimsRequest(text: string): boolean {
  const value = text.length > MAX_CLAIMS_LENGTH ? undefined : parse(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
