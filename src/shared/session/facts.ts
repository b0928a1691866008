import { readVerifiedClaims, type VerifiedClaims } from '../identity/principal.ts';

/** MSAL's record of the account. It is enough to request tokens without listing MSAL's cache (measured). */
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
   * Random. It stays the same when the user signs in again from this session. Tickets are bound to it, and
   * pages use it to distinguish sessions.
   */
  readonly sessionChainId: string;
  readonly claims: VerifiedClaims;
  /** When Entra ID stated these claims. Roles and groups may have changed since. */
  readonly claimsAsOf: Date;
  readonly account: MsalAccount;
  /** The browser that the last sign-in reported, such as "Edge on Windows". It proves nothing. */
  readonly device?: string;
  readonly signedInAt: Date;
  /** The absolute limit. Use does not move it. */
  readonly expiresAt: Date;
  /** Scopes that Entra ID has granted so far, spelled as they were requested. */
  readonly grantedScopes: readonly string[];
  /** By feature: permissions that the user declined, or to which an administrator must consent. */
  readonly consentDenials: Readonly<Record<string, ConsentDenial>>;
}

/** A feature whose permissions were not granted. */
export interface ConsentDenial {
  readonly by: 'user' | 'administrator';
  /** How many times in this session. */
  readonly count: number;
  /** ISO instant until which the service does not ask again by itself. A click may ask at any time. */
  readonly askAgainAt: string;
}

/** Everything that a row seals. */
export interface SessionContent {
  readonly facts: SessionFacts;
  /** MSAL's serialized token cache, with exactly one account. */
  readonly msalCache: string;
  /** The lease generation under which the refresh token was obtained. A higher one means a newer token. */
  readonly tokenGeneration: number;
  /** The failure of the last renewal under a lease, for the workers that waited for it. */
  readonly refreshFailure?: RefreshFailure;
}

/** A failed renewal, as the holder of the lease stores it in the row. */
export interface RefreshFailure {
  readonly leaseId: string;
  /** The failure is about these scopes alone. Consent may be missing for one API and not for another. */
  readonly scopes: readonly string[];
  /** The claims that an API demanded, if one did. */
  readonly challengedWith?: string;
  /** True if the user's claims were renewed, not an access token. */
  readonly ofIdentity?: true;
  /** Why the user is needed; absent if Entra ID could not be reached. */
  readonly reason?: string;
  readonly claims?: string;
  readonly correlationId?: string;
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
