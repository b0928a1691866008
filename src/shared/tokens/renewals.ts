import type { RandomBytes } from '../crypto/seal.ts';
import type { IdTokenRules } from '../identity/verify-id-token.ts';
import type { SessionStore } from '../session/store.ts';
import { type AcquireToken, createAcquireToken } from './access-token.ts';
import type { TokenBreakers } from './circuit-breaker.ts';
import type { CreateMsalClient } from './msal.ts';
import { createSilentAttempt } from './msal-silent.ts';
import { userOf } from './per-user.ts';
import { createRedemptionPace } from './redemption-pace.ts';
import { createRefusals, type Refusals } from './refusals.ts';
import { createRememberedRefresh } from './remembered-refresh.ts';
import { createRefreshQueue, type RefreshInTurn } from './renewal.ts';
import { createLeasedRefresh } from './renewal-lease.ts';

/** Everything on a worker that redeems refresh tokens, with what it remembers about them. */
export interface Renewals {
  readonly acquireToken: AcquireToken;
  readonly refreshInTurn: RefreshInTurn;
  readonly refusals: Refusals;
}

export interface RenewalsNeeds {
  readonly createMsalClient: CreateMsalClient;
  readonly store: SessionStore;
  readonly idTokenRules: IdTokenRules;
  readonly breakers: TokenBreakers;
  readonly random: RandomBytes;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly wait: (durationMs: number) => Promise<void>;
}

/**
 * From the inside out: one attempt, under the lease in the row, unless it was refused recently, one at a time.
 */
export function createRenewals(needs: RenewalsNeeds): Renewals {
  const { store, breakers, now, monotonicMs, wait } = needs;
  const attempt = createSilentAttempt(needs);
  const pace = createRedemptionPace({ monotonicMs, wait });
  const refusals = createRefusals({ monotonicMs, now, pace });
  const leased = createLeasedRefresh({
    ...needs,
    attempt,
    pausedSeconds: (session) => breakers.ofUser(userOf(session)).pausedSeconds(),
    pace,
  });
  const refresh = createRememberedRefresh({ refresh: leased, refusals, pace, store, monotonicMs });
  const refreshInTurn = createRefreshQueue({ attempt, refresh, monotonicMs });
  const acquireToken = createAcquireToken({
    attempt,
    refresh: refreshInTurn,
    refusals,
    now,
    weigh: store.weigh,
  });
  return { acquireToken, refreshInTurn, refusals };
}
