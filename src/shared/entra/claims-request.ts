const MAX_LENGTH = 4096;

/**
 * What a claims challenge asks of an access token: JSON, to be sent with the next request for one. Whatever else is asked
 * for stays here: an API may say how its own tokens have to be, and not what the app's ID token says (`roles`, for one).
 * @param text JSON, decoded
 * @returns undefined when it asks nothing of an access token
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ClaimsParameter
 */
export function readClaimsRequest(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined;
  const accessToken = memberOf(parse(text), 'access_token');
  if (typeof accessToken !== 'object' || accessToken === null || Array.isArray(accessToken)) return undefined;
  return JSON.stringify({ access_token: accessToken });
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
