import { Buffer } from 'node:buffer';
import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from 'jose';
import { equalBytes } from '../crypto/keyed-hash.ts';
import { BffError } from '../errors.ts';
import { type AllowedUsers, isAllowed } from './allowed-users.ts';
import { readVerifiedClaims, type VerifiedClaims } from './principal.ts';
import { hasRepeatedName } from './repeated-names.ts';

/** Finds the key for a token. `issuer`, Entra ID's extension of a JWKS entry, is the issuer for which the key signs. */
export interface SigningKeys {
  resolve(header: JWTHeaderParameters): Promise<{ readonly key: CryptoKey; readonly issuer?: string }>;
}

export interface IdTokenRules extends AllowedUsers {
  readonly clientId: string;
  /** Returns the issuer of a tenant's tokens. */
  readonly issuerOf: (tenantId: string) => string;
  readonly signingKeys: SigningKeys;
  readonly now: () => Date;
}

/** Thrown if an ID token fails a check. `code` is for the log and is never sent. */
export class IdTokenRefused extends Error {
  override readonly name = 'IdTokenRefused';
  readonly code: string;
  /** True if the cause may be temporary, such as an unknown key or a wrong clock. In that case the user stays signed in. */
  readonly isTransient: boolean;
  constructor(code: string, options: { cause?: unknown; isTransient?: boolean } = {}) {
    super(code, { cause: options.cause });
    this.code = code;
    this.isTransient = options.isTransient ?? false;
  }
}

/** Passed in place of a nonce, so that the missing check is visible at the call. */
export const noNonce = Symbol('no nonce');

/** The tolerated difference between clocks, as Entra ID documents it. */
export const CLOCK_SKEW_SECONDS = 5 * 60;
/** Entra ID issues ID tokens for one hour. An older token does not belong to this sign-in or renewal. */
const MAX_AGE_SECONDS = 60 * 60;
const MAX_TOKEN_BYTES = 64 * 1024;
const MAX_TIME_SECONDS = 253_402_300_799; // the end of 9999, the last year that ISO 8601 writes with four digits

/**
 * Verifies an ID token. MSAL does not: `alg: none`, a wrong issuer and an expired token all pass it (measured). jose
 * checks signature, algorithm, audience and times. The other checks are those that jose leaves to its caller.
 * @param expectedNonce the nonce of the login transaction; `noNonce` for a renewed token, which has none
 * @throws {IdTokenRefused}
 * @throws {BffError} sign_in_service_unavailable if the signing keys cannot be fetched. The token may be valid.
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
    // A token can make the checks throw other errors, for example if its JSON is nested too deeply.
    const code = error instanceof errors.JOSEError ? error.code.toLowerCase() : 'unreadable';
    throw new IdTokenRefused(code, { cause: error, isTransient: mayBeTransient(error) });
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

function mayBeTransient(error: unknown): boolean {
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return true;
  if (error instanceof errors.JWTExpired) return true;
  if (!(error instanceof errors.JWTClaimValidationFailed) || error.reason !== 'check_failed') return false;
  return error.claim === 'nbf' || error.claim === 'iat';
}

/**
 * Refuses tokens of another type (`logout+jwt`, `at+jwt`), which the same keys may sign, and critical extensions, which
 * Entra ID does not use. jose's check of `typ` would accept other spellings, and jose accepts the extension `b64` (RFC
 * 7797).
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

/** jose accepts a token with further audiences. Any of these could replay the token here. */
function checkAudience({ aud }: JWTPayload, clientId: string): void {
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (audiences.length !== 1 || audiences[0] !== clientId) throw new IdTokenRefused('audience');
}

/** jose accepts any number as a time, even 1e300. */
function checkTimes({ exp = 0, nbf = 0 }: JWTPayload): void {
  if (exp > MAX_TIME_SECONDS || nbf < 0) throw new IdTokenRefused('time_out_of_range');
}

function checkNonce(payload: JWTPayload, expected: string | typeof noNonce): void {
  if (expected === noNonce) return;
  const nonce: unknown = payload['nonce'];
  if (typeof nonce !== 'string' || !equalBytes(Buffer.from(nonce), Buffer.from(expected))) {
    throw new IdTokenRefused('nonce');
  }
}

/** Tokens of Entra ID's v1.0 endpoint have other claims. */
function checkVersion(payload: JWTPayload): void {
  if (payload['ver'] !== '2.0') throw new IdTokenRefused('version');
}

/** Requires that the token was issued by its tenant's issuer, and that the key signs for that issuer. */
function checkIssuer(
  payload: JWTPayload,
  keyIssuer: string | undefined,
  { allowedTenants, issuerOf }: IdTokenRules,
): void {
  const tenantId = requireText(payload, 'tid');
  if (!allowedTenants.has(tenantId)) throw new IdTokenRefused('tenant_not_allowed');
  const issuer = issuerOf(tenantId);
  if (payload.iss !== issuer) throw new IdTokenRefused('issuer');
  // In the key set of `organizations`, a key that signs for every tenant has `{tenantid}` in its issuer.
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
 * Returns the instant as of which a token's claims hold: normally when it was received. Entra ID sets `iat` five minutes
 * back, and clocks differ. If the token is older than {@link CLOCK_SKEW_SECONDS}, it was not issued for this response, and
 * its claims hold as of `iat` plus these seconds.
 */
export function assertedAt({ issuedAt }: VerifiedClaims, receivedAt: Date): Date {
  return new Date(Math.min(receivedAt.getTime(), issuedAt.getTime() + CLOCK_SKEW_SECONDS * 1000));
}
