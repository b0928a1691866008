import { readVerifiedClaims, type VerifiedClaims } from '../identity/principal.ts';

/** MSAL's record of the account; enough to ask it for tokens without listing what its cache holds (measured). */
export interface MsalAccount {
  readonly homeAccountId: string;
  readonly environment: string;
  readonly tenantId: string;
  readonly username: string;
  readonly localAccountId: string;
}

/** What the server knows of a signed-in browser, beside the tokens. */
export interface SessionFacts {
  /**
   * Random. It stays the same when the user signs in again from this session. Tickets are bound to it, and
   * pages use it to distinguish sessions.
   */
  readonly sessionChainId: string;
  readonly claims: VerifiedClaims;
  /** When Entra said so: roles and groups age. */
  readonly claimsAsOf: Date;
  readonly account: MsalAccount;
  /** What the browser called itself at the last sign-in, in few words: "Edge on Windows". It proves nothing. */
  readonly device?: string;
  readonly signedInAt: Date;
  /** The absolute limit; idle use does not move it. */
  readonly expiresAt: Date;
  /** Scopes that Entra has granted so far, in the spelling they were asked in. */
  readonly grantedScopes: readonly string[];
  /** By feature: whose permissions were declined, by the user or for lack of an administrator's consent. */
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

/** Everything a row seals. */
export interface SessionContent {
  readonly facts: SessionFacts;
  /** MSAL's serialized token cache: exactly one account. */
  readonly msalCache: string;
  /** The lease generation under which the refresh token was obtained: the higher one is the newer token. */
  readonly tokenGeneration: number;
  /** How the last refresh under a lease failed, for those who waited for it. */
  readonly refreshFailure?: RefreshFailure;
}

/** A refresh's failure as its holder leaves it in the row. */
export interface RefreshFailure {
  readonly leaseId: string;
  /** It speaks of these scopes alone: consent may be missing for one API and not for another. */
  readonly scopes: readonly string[];
  /** And of the claims that an API asked for, if one did. */
  readonly challengedWith?: string;
  /** Or of a renewal of what Entra says about the person. */
  readonly ofIdentity?: true;
  /** Why the person is needed; absent when Entra could not be reached. */
  readonly reason?: string;
  readonly claims?: string;
  readonly correlationId?: string;
}

/** The stored spelling of {@link SessionFacts}: plain JSON, instants as ISO text, claims as they were verified. */
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
