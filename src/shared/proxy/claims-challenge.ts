import { Buffer } from 'node:buffer';
import { isReadableClaimsRequest, readClaimsRequest } from '../entra/claims-request.ts';

/** One challenge of a `WWW-Authenticate` header: names in lower case, values unquoted. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_HEADER_LENGTH = 16 * 1024;

const whitespace = /[ \t]*/y;
const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const token68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
const quotedString = /"(?:[^"\\]|\\.)*"/y;

/**
 * Parses the challenges of a header. Undefined if the header does not follow the grammar. Splitting at commas would break
 * quoted commas, and splitting at `=` would break the padding of base64.
 * @see RFC 9110, 11.2, 11.3 and 5.6.1
 */
export function parseChallenges(header: string): readonly Challenge[] | undefined {
  if (header.length > MAX_HEADER_LENGTH) return undefined;
  let at = 0;
  const read = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const [text] = pattern.exec(header) ?? [];
    if (text !== undefined) at += text.length;
    return text;
  };
  const atComma = () => header[at] === ',';
  const atItemEnd = () => at >= header.length || atComma();

  /** Reads `name = value`. If a new challenge begins here, returns undefined and does not move. */
  const readParameter = (): readonly [name: string, value: string] | 'malformed' | undefined => {
    const before = at;
    const name = read(token);
    read(whitespace);
    if (name === undefined || header[at] !== '=') {
      at = before;
      return undefined;
    }
    at++;
    read(whitespace);
    const quoted = read(quotedString);
    const value = quoted === undefined ? read(token) : unquote(quoted);
    read(whitespace);
    return value === undefined || !atItemEnd() ? 'malformed' : [name.toLowerCase(), value];
  };

  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (;;) {
    read(whitespace);
    while (atComma()) {
      at++;
      read(whitespace);
    }
    if (at >= header.length) return challenges;
    const current = challenges.at(-1);
    const parameter = current === undefined ? undefined : readParameter();
    if (parameter === 'malformed') return undefined;
    if (current !== undefined && parameter !== undefined) {
      if (current.parameters.has(parameter[0])) return undefined;
      current.parameters.set(...parameter);
      continue;
    }
    const scheme = read(token);
    if (scheme === undefined) return undefined;
    const challenge = { scheme: scheme.toLowerCase(), parameters: new Map<string, string>() };
    challenges.push(challenge);
    if (read(whitespace) === '' && !atItemEnd()) return undefined;
    if (atItemEnd() || read(token68) !== undefined) continue;
    const first = readParameter();
    if (first === undefined || first === 'malformed') return undefined;
    challenge.parameters.set(...first);
  }
}

/**
 * What an API demands before it accepts a token of this user again. `unreadable`: the demanded claims are too long for
 * a sign-in or not a JSON object, or the header is malformed. Only a new sign-in without the claims can help.
 */
export type ClaimsChallenge =
  | { readonly kind: 'claims'; readonly claims: string }
  | { readonly kind: 'unreadable' };

/**
 * Reads a claims challenge, with the claims as decoded JSON. MSAL would treat base64 as an empty request and return the
 * refused token again (measured). Claims that the API demands in ID tokens are left out, because ID tokens concern this
 * service and its guards, not the API.
 * @see https://learn.microsoft.com/entra/identity-platform/claims-challenge
 */
export function readClaimsChallenge(header: string | undefined): ClaimsChallenge | undefined {
  const challenges = header === undefined ? [] : parseChallenges(header);
  if (challenges === undefined) {
    return header?.includes('insufficient_claims') ? { kind: 'unreadable' } : undefined;
  }
  let unreadable: ClaimsChallenge | undefined;
  for (const { scheme, parameters } of challenges) {
    const encoded = parameters.get('claims');
    if (scheme !== 'bearer' || parameters.get('error') !== 'insufficient_claims' || encoded === undefined) {
      continue;
    }
    const text = decode(encoded);
    if (text === undefined || !isReadableClaimsRequest(text)) {
      unreadable = { kind: 'unreadable' };
      continue;
    }
    const claims = readClaimsRequest(text);
    if (claims !== undefined) return { kind: 'claims', claims };
  }
  return unreadable;
}

function decode(base64: string): string | undefined {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(base64)) return undefined;
  return Buffer.from(base64, 'base64').toString('utf8');
}

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1');
}
