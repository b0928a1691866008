import { Buffer } from 'node:buffer';
import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from 'jose';
import { equalBytes } from '../crypto/keyed-hash.ts';
import { BffError } from '../errors.ts';
import { readVerifiedClaims, type VerifiedClaims } from './principal.ts';

/** The keys of the authority. `issuer` is Entra's own extension of a JWKS entry: which issuer the key speaks for. */
export interface SigningKeys {
  resolve(header: JWTHeaderParameters): Promise<{ readonly key: CryptoKey; readonly issuer?: string }>;
}

/** The users that the settings admit. */
export interface AllowedUsers {
  /** The tenants whose people may sign in. */
  readonly allowedTenants: ReadonlySet<string>;
  /** Whether people may sign in whom an allowed tenant has invited. */
  readonly allowsGuests: boolean;
}

export interface IdTokenRules extends AllowedUsers {
  readonly clientId: string;
  /** The issuer that speaks for a tenant. */
  readonly issuerOf: (tenantId: string) => string;
  readonly signingKeys: SigningKeys;
  readonly now: () => Date;
}

/** Why a token was refused: for the log, never for the answer. */
export class IdTokenRefused extends Error {
  override readonly name = 'IdTokenRefused';
  readonly code: string;
  /** The fault may be ours and pass: a key that we do not know yet, a clock that is wrong. No reason to sign out. */
  readonly mayPass: boolean;
  constructor(code: string, options: { cause?: unknown; mayPass?: boolean } = {}) {
    super(code, { cause: options.cause });
    this.code = code;
    this.mayPass = options.mayPass ?? false;
  }
}

/** Entra's documented tolerance between clocks. */
export const CLOCK_SKEW_SECONDS = 5 * 60;
const MAX_AGE_SECONDS = 60 * 60; // a token handed out at sign-in or refresh is minutes old at the most
const MAX_TOKEN_BYTES = 64 * 1024;

/**
 * Verifies an ID token: MSAL does not (measured: `alg: none`, a wrong issuer and an expired token all pass it).
 * The signature, algorithm, audience and times are jose's; the rules that follow are those it leaves open.
 * @param expectedNonce the login transaction's; a renewed token carries none, pass `noNonce`
 * @throws {IdTokenRefused}
 * @see OpenID Connect Core 1.0, 3.1.3.7; RFC 8725
 */
export async function verifyIdToken(
  idToken: string,
  expectedNonce: string | typeof noNonce,
  rules: IdTokenRules,
): Promise<VerifiedClaims> {
  try {
    return await verify(idToken, expectedNonce, rules);
  } catch (error) {
    if (error instanceof IdTokenRefused) throw error;
    // Keys that cannot be fetched say nothing about the token: that error passes as it is.
    if (error instanceof BffError) throw error;
    // Whatever else a token makes the checks throw (a weak key, nesting without end), it was not verified.
    const code = error instanceof errors.JOSEError ? error.code.toLowerCase() : 'unreadable';
    throw new IdTokenRefused(code, { cause: error, mayPass: isAboutKeysOrClocks(error) });
  }
}

async function verify(
  idToken: string,
  expectedNonce: string | typeof noNonce,
  rules: IdTokenRules,
): Promise<VerifiedClaims> {
  if (idToken.length > MAX_TOKEN_BYTES) throw new IdTokenRefused('too_large');
  // jose decodes leniently: padding and white space would make many texts of one token.
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(idToken)) throw new IdTokenRefused('not_compact');
  let keyIssuer: string | undefined;
  const { payload } = await jwtVerify(
    idToken,
    async (header) => {
      const { key, issuer } = await rules.signingKeys.resolve(header);
      keyIssuer = issuer;
      return key;
    },
    {
      algorithms: ['RS256'],
      audience: rules.clientId,
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: rules.now(),
      requiredClaims: ['iss', 'aud', 'exp', 'iat', 'sub', 'tid', 'oid'],
    },
  );
  refuseRepeatedNames(idToken);
  refuseOtherHeaders(idToken);
  checkAudience(payload, rules.clientId);
  checkTimes(payload, rules.now());
  checkNonce(payload, expectedNonce);
  checkVersion(payload);
  const tenantId = requireText(payload, 'tid');
  if (!isAllowedTenant(tenantId, rules)) throw new IdTokenRefused('tenant_not_allowed');
  const issuer = rules.issuerOf(tenantId);
  if (payload.iss !== issuer) throw new IdTokenRefused('issuer');
  if (keyIssuer !== undefined && !speaksFor(keyIssuer, issuer, tenantId))
    throw new IdTokenRefused('key_issuer');
  requireText(payload, 'sub');
  requireText(payload, 'oid');
  const claims = readVerifiedClaims(payload);
  if (!isAllowed(claims, rules)) throw new IdTokenRefused('guest_not_allowed');
  return claims;
}

const isAllowedTenant = (tenantId: string, { allowedTenants }: AllowedUsers) => allowedTenants.has(tenantId);

/** Also checked for every session that is read, because settings change while sessions live. */
export function isAllowed({ principal, isGuest }: VerifiedClaims, people: AllowedUsers): boolean {
  return isAllowedTenant(principal.tenantId, people) && (people.allowsGuests || !isGuest);
}

/**
 * When Entra said what a token says: when it came. Entra dates its tokens five minutes back, and clocks differ; a token that
 * is older than both explain was not made for this answer, and counts from its own date.
 */
export function assertedAt({ issuedAt }: VerifiedClaims, receivedAt: Date): Date {
  return new Date(Math.min(receivedAt.getTime(), issuedAt.getTime() + CLOCK_SKEW_SECONDS * 1000));
}

function isAboutKeysOrClocks(error: unknown): boolean {
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return true;
  if (error instanceof errors.JWTExpired) return true;
  const { JWTClaimValidationFailed } = errors;
  return (
    error instanceof JWTClaimValidationFailed && error.claim === 'nbf' && error.reason === 'check_failed'
  );
}

/** A named opt-out, so that a missing nonce check is visible where it is asked for. */
export const noNonce = Symbol('no nonce');

/** Entra's common key set marks a key for all tenants with a template. */
function speaksFor(keyIssuer: string, issuer: string, tenantId: string): boolean {
  return keyIssuer === issuer || keyIssuer.replace('{tenantid}', tenantId) === issuer;
}

/** A token for us and for somebody else is a token that somebody else may replay. */
function checkAudience(payload: JWTPayload, clientId: string): void {
  const audiences = Array.isArray(payload.aud) ? payload.aud : [payload.aud];
  if (audiences.length !== 1 || audiences[0] !== clientId) throw new IdTokenRefused('audience');
}

/** jose compares `exp` and `nbf` but takes any number, 1e300 included, and does not look at `iat` (measured). */
function checkTimes(payload: JWTPayload, now: Date): void {
  const nowSeconds = now.getTime() / 1000;
  const issuedAt = requireTime(payload, 'iat');
  requireTime(payload, 'exp');
  if (payload.nbf !== undefined) requireTime(payload, 'nbf');
  if (issuedAt > nowSeconds + CLOCK_SKEW_SECONDS)
    throw new IdTokenRefused('iat_in_future', { mayPass: true });
  if (issuedAt < nowSeconds - MAX_AGE_SECONDS) throw new IdTokenRefused('iat_too_old', { mayPass: true });
}

const LATEST_SECONDS = 253_402_300_799; // 9999-12-31, the last second a Date prints with four digits

function requireTime(payload: JWTPayload, claim: 'iat' | 'exp' | 'nbf'): number {
  const value: unknown = payload[claim];
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0 || value > LATEST_SECONDS) {
    throw new IdTokenRefused(`${claim}_invalid`);
  }
  return value;
}

function checkNonce(payload: JWTPayload, expected: string | typeof noNonce): void {
  if (expected === noNonce) return;
  const nonce: unknown = payload['nonce'];
  if (typeof nonce !== 'string' || !equalBytes(Buffer.from(nonce), Buffer.from(expected))) {
    throw new IdTokenRefused('nonce');
  }
}

/** A token of Entra ID's older endpoint names its claims by other rules. */
function checkVersion(payload: JWTPayload): void {
  if (payload['ver'] !== '2.0') throw new IdTokenRefused('version');
}

/**
 * A logout token or an access token signed by the same key is no ID token. Entra uses no critical extension,
 * and jose knows one (`b64`, RFC 7797).
 */
function refuseOtherHeaders(idToken: string): void {
  const { typ, crit, b64 } = JSON.parse(decodePart(idToken, 0)) as Record<string, unknown>;
  if (typ !== undefined && typ !== 'JWT') throw new IdTokenRefused('token_type');
  if (crit !== undefined || b64 !== undefined) throw new IdTokenRefused('critical_header');
}

/**
 * JSON with a name twice means two things to two readers (RFC 7519, 4). `JSON.parse` keeps the last silently,
 * so the names in the text are counted against those in the result.
 */
function refuseRepeatedNames(idToken: string): void {
  for (const part of [0, 1]) {
    const text = decodePart(idToken, part);
    if (countNames(text) !== countParsedNames(JSON.parse(text))) throw new IdTokenRefused('repeated_name');
  }
}

/** How many names stand in the text: strings that a colon follows. */
function countNames(json: string): number {
  let count = 0;
  for (const [, colon] of json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon !== undefined) count++;
  return count;
}

function countParsedNames(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + countParsedNames(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, item) => sum + 1 + countParsedNames(item), 0);
}

function decodePart(idToken: string, part: number): string {
  return Buffer.from(idToken.split('.')[part] ?? '', 'base64url').toString('utf8');
}

function requireText(payload: JWTPayload, claim: string): string {
  const value: unknown = payload[claim];
  if (typeof value !== 'string' || value.trim() === '' || value.length > 256) {
    throw new IdTokenRefused(`${claim}_invalid`);
  }
  return value;
}
