import { readVerifiedClaims, type VerifiedClaims } from '../identity/principal.ts';

/** MSAL's record of the account. With it, tokens are requested without a search in MSAL's cache (measured). */
export interface MsalAccount {
  readonly homeAccountId: string;
  readonly environment: string;
  readonly tenantId: string;
  readonly username: string;
  readonly localAccountId: string;
}

/** What the server knows about a signed-in browser, apart from the tokens. */
export interface SessionFacts {
  /**
   * A random id that stays the same when the same user signs in again from this session. Interaction tickets are bound to
   * it, and pages send it as the session tag.
   */
  readonly sessionChainId: string;
  readonly claims: VerifiedClaims;
  /** When Entra ID stated these claims. Roles and groups may have changed since. */
  readonly claimsAsOf: Date;
  readonly account: MsalAccount;
  /** The browser's label at the last sign-in, such as "Edge on Windows". A client can send any User-Agent. */
  readonly device?: string;
  readonly signedInAt: Date;
  /** The absolute limit, which use of the session does not extend. */
  readonly expiresAt: Date;
  /** The scopes that Entra ID has granted so far, in the spelling in which they were requested. */
  readonly grantedScopes: readonly string[];
  /** The last denial of each feature's permissions, by the feature's name. */
  readonly consentDenials: Readonly<Record<string, ConsentDenial>>;
}

/** Entra ID did not grant a feature's permissions. */
export interface ConsentDenial {
  /** The user declined, or an administrator has to consent. */
  readonly by: 'user' | 'administrator';
  /** How many denials in a row had the same `by`. */
  readonly count: number;
  /** ISO instant until which the service does not ask again by itself. If the user clicks, it asks at any time. */
  readonly askAgainAt: string;
}

/** The part of a session that is sealed in its row. */
export interface SessionContent {
  readonly facts: SessionFacts;
  /** MSAL's serialized token cache, with exactly one account. */
  readonly msalCache: string;
  /** The lease generation with which the refresh token was obtained. A higher number means a newer refresh token. */
  readonly tokenGeneration: number;
  /** The failure of the last renewal, for the workers that waited for its lease. */
  readonly refreshFailure?: RefreshFailure;
}

/** A failed renewal, as the holder of the lease stores it in the row. */
export interface RefreshFailure {
  readonly leaseId: string;
  /** The failure concerns only these scopes. Consent may be missing for one API and not for another. */
  readonly scopes: readonly string[];
  /** The API's claims challenge that the renewal should have satisfied. */
  readonly challengedWith?: string;
  /** True if the renewal was for the user's claims and not for an access token. */
  readonly ofIdentity?: true;
  /** Why the user is needed (an `InteractionReason`). Absent if the user cannot help, such as when Entra ID is down. */
  readonly reason?: string;
  /** The claims challenge with which Entra ID refused the renewal. */
  readonly claims?: string;
  readonly correlationId?: string;
  /** The AADSTS number of the refusal. */
  readonly entraErrorCode?: number;
  /** Set instead of `reason` if only an administrator of this app can help (a `RegistrationFault`). */
  readonly fault?: string;
}

/** {@link SessionFacts} as JSON: instants as ISO text, claims as in the verified token. */
export interface StoredFacts {
  readonly sessionChainId: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly claimsAsOf: string;
  readonly account: MsalAccount;
  readonly device?: string;
  readonly signedInAt: string;
  readonly expiresAt: string;
  readonly grantedScopes: readonly string[];
  readonly consentDenials: Readonly<Record<string, ConsentDenial>>;
}

export function toStoredFacts(facts: SessionFacts): StoredFacts {
  return {
    ...facts,
    claims: facts.claims.all,
    claimsAsOf: facts.claimsAsOf.toISOString(),
    signedInAt: facts.signedInAt.toISOString(),
    expiresAt: facts.expiresAt.toISOString(),
  };
}

export function fromStoredFacts(stored: StoredFacts): SessionFacts {
  return {
    ...stored,
    claims: readVerifiedClaims(stored.claims),
    claimsAsOf: new Date(stored.claimsAsOf),
    signedInAt: new Date(stored.signedInAt),
    expiresAt: new Date(stored.expiresAt),
  };
}
