import { Buffer } from 'node:buffer';
import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from 'jose';
import { equalBytes } from '../crypto/keyed-hash.ts';
import { BffError } from '../errors.ts';
import { type AllowedUsers, isAllowed } from './allowed-users.ts';
import { readVerifiedClaims, type VerifiedClaims } from './principal.ts';
import { hasRepeatedName } from './repeated-names.ts';

/** The authority's keys. `issuer` is Entra ID's extension of a JWKS entry: the issuer for which the key signs. */
export interface SigningKeys {
  resolve(header: JWTHeaderParameters): Promise<{ readonly key: CryptoKey; readonly issuer?: string }>;
}

export interface IdTokenRules extends AllowedUsers {
  readonly clientId: string;
  /** The issuer of a tenant's tokens. */
  readonly issuerOf: (tenantId: string) => string;
  readonly signingKeys: SigningKeys;
  readonly now: () => Date;
}

/** A token that failed a check. Its code is for the log and is never sent. */
export class IdTokenRefused extends Error {
  override readonly name = 'IdTokenRefused';
  readonly code: string;
  /** True if the cause may be temporary, such as a key that is not known yet or a wrong clock. The user stays signed in. */
  readonly isTransient: boolean;
  constructor(code: string, options: { cause?: unknown; isTransient?: boolean } = {}) {
    super(code, { cause: options.cause });
    this.code = code;
    this.isTransient = options.isTransient ?? false;
  }
}

/** Passed in place of a nonce, so that the missing check is visible at the call. */
export const noNonce = Symbol('no nonce');

/** The difference between clocks that Entra ID documents as tolerable. */
export const CLOCK_SKEW_SECONDS = 5 * 60;
/** Entra ID issues ID tokens for one hour. An older token does not belong to this sign-in or renewal. */
const MAX_AGE_SECONDS = 60 * 60;
const MAX_TOKEN_BYTES = 64 * 1024;
const LATEST_SECONDS = 253_402_300_799; // 9999-12-31, the last day that ISO 8601 writes with four digits of a year

/**
 * Verifies an ID token. MSAL does not: `alg: none`, a wrong issuer and an expired token all pass it (measured). jose
 * checks signature, algorithm, audience and times. The rules after it are those that jose leaves open.
 * @param expectedNonce the nonce of the login transaction; `noNonce` for a renewed token, which has none
 * @throws {IdTokenRefused}
 * @throws {BffError} sign_in_service_unavailable if the keys cannot be fetched, which says nothing about the token
 * @see OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725
 */
export async function verifyIdToken(
  idToken: string,
  expectedNonce: string | typeof noNonce,
  rules: IdTokenRules,
): Promise<VerifiedClaims> {
  try {
    return await verify(idToken, expectedNonce, rules);
  } catch (error) {
    if (error instanceof IdTokenRefused || error instanceof BffError) throw error;
    // A token can make the checks throw in other ways, for example by a weak key or by endless nesting.
    const code = error instanceof errors.JOSEError ? error.code.toLowerCase() : 'unreadable';
    throw new IdTokenRefused(code, { cause: error, isTransient: isAboutKeysOrClocks(error) });
  }
}

async function verify(
  idToken: string,
  expectedNonce: string | typeof noNonce,
  rules: IdTokenRules,
): Promise<VerifiedClaims> {
  if (idToken.length > MAX_TOKEN_BYTES) throw new IdTokenRefused('too_large');
  // jose decodes leniently, so padding and white space would give one token many spellings.
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(idToken)) throw new IdTokenRefused('not_compact');
  let keyIssuer: string | undefined;
  const { payload, protectedHeader } = await jwtVerify(
    idToken,
    async (header) => {
      const { key, issuer } = await rules.signingKeys.resolve(header);
      keyIssuer = issuer;
      return key;
    },
    {
      algorithms: ['RS256'],
      audience: rules.clientId,
      currentDate: rules.now(),
      clockTolerance: CLOCK_SKEW_SECONDS,
      // jose adds the tolerance to the age.
      maxTokenAge: MAX_AGE_SECONDS - CLOCK_SKEW_SECONDS,
      requiredClaims: ['iss', 'aud', 'exp', 'iat', 'sub', 'tid', 'oid'],
    },
  );
  checkHeader(protectedHeader);
  checkNames(idToken);
  checkAudience(payload, rules.clientId);
  checkTimes(payload);
  checkNonce(payload, expectedNonce);
  checkVersion(payload);
  checkIssuer(payload, keyIssuer, rules);
  requireText(payload, 'sub');
  requireText(payload, 'oid');
  const claims = readVerifiedClaims(payload);
  if (!isAllowed(claims, rules)) throw new IdTokenRefused('guest_not_allowed');
  return claims;
}

function isAboutKeysOrClocks(error: unknown): boolean {
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return true;
  if (error instanceof errors.JWTExpired) return true;
  if (!(error instanceof errors.JWTClaimValidationFailed) || error.reason !== 'check_failed') return false;
  return error.claim === 'nbf' || error.claim === 'iat';
}

/**
 * A logout token or an access token that the same key signed is not an ID token. Entra ID uses no critical extension.
 * jose would accept `typ` in other spellings, and the extension `b64` that it implements (RFC 7797).
 */
function checkHeader({ typ, crit, b64 }: JWTHeaderParameters): void {
  if (typ !== undefined && typ !== 'JWT') throw new IdTokenRefused('token_type');
  if (crit !== undefined || b64 !== undefined) throw new IdTokenRefused('critical_header');
}

function checkNames(idToken: string): void {
  for (const part of idToken.split('.', 2)) {
    const json = Buffer.from(part, 'base64url').toString('utf8');
    if (hasRepeatedName(json)) throw new IdTokenRefused('repeated_name');
  }
}

/** jose accepts further audiences. One of them could replay the token here. */
function checkAudience({ aud }: JWTPayload, clientId: string): void {
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (audiences.length !== 1 || audiences[0] !== clientId) throw new IdTokenRefused('audience');
}

/** jose accepts every number, such as 1e300, although it is not a date. */
function checkTimes({ exp = 0, nbf = 0 }: JWTPayload): void {
  if (exp > LATEST_SECONDS || nbf < 0) throw new IdTokenRefused('time_out_of_range');
}

function checkNonce(payload: JWTPayload, expected: string | typeof noNonce): void {
  if (expected === noNonce) return;
  const nonce: unknown = payload['nonce'];
  if (typeof nonce !== 'string' || !equalBytes(Buffer.from(nonce), Buffer.from(expected))) {
    throw new IdTokenRefused('nonce');
  }
}

/** Tokens of Entra ID's older endpoint name claims by other rules. */
function checkVersion(payload: JWTPayload): void {
  if (payload['ver'] !== '2.0') throw new IdTokenRefused('version');
}

/** The token's issuer is the one of its tenant, and the key is one of that issuer. */
function checkIssuer(
  payload: JWTPayload,
  keyIssuer: string | undefined,
  { allowedTenants, issuerOf }: IdTokenRules,
): void {
  const tenantId = requireText(payload, 'tid');
  if (!allowedTenants.has(tenantId)) throw new IdTokenRefused('tenant_not_allowed');
  const issuer = issuerOf(tenantId);
  if (payload.iss !== issuer) throw new IdTokenRefused('issuer');
  // In Entra ID's common key set, a key for all tenants has a template.
  const issuerOfKey = keyIssuer?.replace('{tenantid}', tenantId);
  if (issuerOfKey !== undefined && issuerOfKey !== issuer) throw new IdTokenRefused('key_issuer');
}

function requireText(payload: JWTPayload, claim: string): string {
  const value: unknown = payload[claim];
  if (typeof value !== 'string' || value.trim() === '' || value.length > 256) {
    throw new IdTokenRefused(`${claim}_invalid`);
  }
  return value;
}

/**
 * The instant for which a token's statements count: normally the instant at which it was received. Entra ID sets `iat`
 * five minutes back, and clocks differ. A token that is older than both explain was not made for this response, and
 * counts from its own `iat`.
 */
export function assertedAt({ issuedAt }: VerifiedClaims, receivedAt: Date): Date {
  return new Date(Math.min(receivedAt.getTime(), issuedAt.getTime() + CLOCK_SKEW_SECONDS * 1000));
}
