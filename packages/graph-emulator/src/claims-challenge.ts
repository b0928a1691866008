/** The forms of a challenge header: those that Graph sends, and malformed ones that a parser must reject. */
export const challengeForms = {
  plain: 'as Graph sends it',
  'several-challenges': 'after two other challenges in the same header',
  'several-lines': 'after another challenge in a separate header line',
  'quoted-commas': 'with commas, quotes and a false “claims” in the description',
  unpadded: 'base64 without padding',
  base64url: 'base64url',
  'other-case': 'scheme and names in upper case',
  empty: 'empty claims',
  'not-base64': 'claims that are not base64',
  'not-json': 'claims that are not JSON',
  'not-an-object': 'claims that are JSON but not an object',
  unterminated: 'claims without a closing quote',
  huge: 'claims of 12 KiB',
  overflowing: 'claims of 64 KiB, more than Node.js accepts',
} as const;

export type ChallengeForm = keyof typeof challengeForms;

/** What a new token must have. */
export type Demand =
  | { readonly kind: 'issued-after'; readonly epochSeconds: number }
  | { readonly kind: 'authentication-context'; readonly name: string };

const reasons: Record<Demand['kind'], string> = {
  'issued-after': 'TokenIssuedBeforeRevocationTimestamp',
  // The text of the real Graph for this case is not known.
  'authentication-context': 'AuthenticationContextRequired',
};

/** The message of Graph's error document and of `error_description`. */
export function describeDemand({ kind }: Demand): string {
  return `Continuous access evaluation resulted in challenge with result: InteractionRequired and code: ${reasons[kind]}`;
}

/** The claims as JSON. Graph writes the space after the comma. */
function claimsOf(demand: Demand): string {
  return demand.kind === 'issued-after'
    ? `{"access_token":{"nbf":{"essential":true, "value":"${demand.epochSeconds}"}}}`
    : `{"access_token":{"acrs":{"essential":true, "value":"${demand.name}"}}}`;
}

const toBase64 = (text: string): string => Buffer.from(text).toString('base64');
function withMember(claims: string, value: string): string {
  return claims.replace(/}$/, `,"id_token":{"note":{"value":"${value}"}}}`);
}

/**
 * The lines of `WWW-Authenticate`.
 * @see https://learn.microsoft.com/entra/identity-platform/claims-challenge
 */
export function challengeHeader(
  demand: Demand,
  form: ChallengeForm,
  about: { readonly authorizationUri: string; readonly clientId: string },
): readonly string[] {
  const json = claimsOf(demand);
  const write = (claims: string, description = describeDemand(demand)): string =>
    `Bearer realm="", authorization_uri="${about.authorizationUri}", client_id="${about.clientId}", error_description="${description}", error="insufficient_claims", claims="${claims}"`;
  const plain = write(toBase64(json));
  switch (form) {
    case 'plain':
      return [plain];
    case 'several-challenges':
      return [
        `Negotiate b2xkIHRva2Vu==, PoP nonce="n-1", error="invalid_token", claims="${toBase64('{"access_token":{"wrong":null}}')}", ${plain}`,
      ];
    case 'several-lines':
      return ['Negotiate', plain];
    case 'quoted-commas':
      return [write(toBase64(json), String.raw`first, second, claims=\"bm90IHRoaXM=\", third \\`)];
    case 'unpadded':
      // A space is added if the text would have no padding that could be removed.
      return [write(toBase64(json.length % 3 === 0 ? `${json} ` : json).replaceAll('=', ''))];
    case 'base64url':
      return [write(Buffer.from(withMember(json, '???>>>~~~ÿÿÿ')).toString('base64url'))];
    case 'other-case':
      return [
        `BEARER REALM="", AUTHORIZATION_URI="${about.authorizationUri}", ERROR="insufficient_claims", CLAIMS="${toBase64(json)}"`,
      ];
    case 'empty':
      return [write('')];
    case 'not-base64':
      return [write('%%% this is no base64 %%%')];
    case 'not-json':
      return [write(toBase64('{"access_token":'))];
    case 'not-an-object':
      return [write(toBase64('["access_token"]'))];
    case 'unterminated':
      return [plain.slice(0, -1)];
    case 'huge':
      return [write(toBase64(withMember(json, 'x'.repeat(9 * 1024))))];
    case 'overflowing':
      return [write(toBase64(withMember(json, 'x'.repeat(48 * 1024))))];
  }
}
