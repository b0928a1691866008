import type { RandomBytes } from '../crypto/seal.ts';
import type { Authority } from '../entra/authority.ts';
import type { IdTokenRules } from '../identity/verify-id-token.ts';
import type { SessionStore } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import { type AcquireAccessToken, createAcquireAccessToken } from './access-token.ts';
import type { CircuitBreakers } from './circuit-breaker.ts';
import { userKey } from './keys.ts';
import type { CreateMsalClient } from './msal.ts';
import { createRedeem } from './redemption.ts';
import { createRedemptionPace } from './redemption-pace.ts';
import { createRefusalCheck } from './refusal-check.ts';
import { createRefusals, type Refusals } from './refusals.ts';
import {
  createRenewIdentity,
  createRenewIdentityAhead,
  type RenewIdentity,
  type RenewIdentityAhead,
} from './renew-identity.ts';
import { createRenew } from './renewal.ts';
import { createRenewalAhead } from './renewal-ahead.ts';
import { createRenewalLease } from './renewal-lease.ts';
import { createStoredTokens } from './stored-tokens.ts';

/** Access tokens and renewals for signed-in users, and the refusals that this worker remembers. */
export interface Renewals {
  readonly acquireAccessToken: AcquireAccessToken;
  readonly renewIdentity: RenewIdentity;
  readonly renewIdentityAhead: RenewIdentityAhead;
  readonly refusals: Refusals;
}

export interface RenewalsDependencies {
  readonly authority: Pick<Authority, 'environments'>;
  readonly createMsalClient: CreateMsalClient;
  readonly store: SessionStore;
  readonly idTokenRules: IdTokenRules;
  readonly breakers: CircuitBreakers;
  /** Requested at every sign-in. */
  readonly signInScopes: readonly string[];
  readonly random: RandomBytes;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly wait: (durationMs: number) => Promise<void>;
  /** For renewals that no call waits for. */
  readonly workerLog: Log;
}

export function createRenewals(dependencies: RenewalsDependencies): Renewals {
  const { authority, store, idTokenRules, breakers, signInScopes, now, monotonicMs, wait } = dependencies;
  const { clientId } = idTokenRules;
  const storedTokens = createStoredTokens({ clientId, environments: authority.environments, now });
  const pace = createRedemptionPace({ monotonicMs, wait });
  const refusals = createRefusals({ monotonicMs, now, pace });
  const renew = createRenew({
    storedTokens,
    refusalCheck: createRefusalCheck({ refusals, store, monotonicMs }),
    pace,
    pausedSeconds: (session) => breakers.forUser(userKey(session)).pausedSeconds(),
    lease: createRenewalLease({ ...dependencies, storedTokens }),
    redeem: createRedeem(dependencies),
    monotonicMs,
  });
  const ahead = createRenewalAhead({ ...dependencies, renew, log: dependencies.workerLog });
  return {
    acquireAccessToken: createAcquireAccessToken({
      storedTokens,
      renew,
      ahead,
      refusals,
      now,
      setBytes: store.setRelatedBytes,
    }),
    renewIdentity: createRenewIdentity({ ...dependencies, renew }),
    renewIdentityAhead: createRenewIdentityAhead(ahead, signInScopes),
    refusals,
  };
}
