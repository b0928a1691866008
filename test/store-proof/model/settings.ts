import type { Activity } from './activity.ts';
import type { Setting } from './setting.ts';
import type { ModelUser } from './users.ts';

/** Two workers, and no session limit that a run can reach. */
export const twoWorkers: Setting = {
  workers: ['w1', 'w2'],
  issuer: 'strict',
  activities: [],
  // Use is recorded at most every two hours, so never in these settings.
  idleSeconds: 24 * 60 * 60,
  absoluteSeconds: 12 * 60 * 60,
  cacheSeconds: 0,
  coarseMs: 1_000,
  freeTicks: 0,
  faults: { kinds: [], atMost: 0 },
};

/** After this time, the access tokens of a sign-in have expired. */
export const untilExpiredSeconds = 61 * 60;

/** After this time, they are in their last five minutes: due for renewal, but valid for a call. */
export const untilLastMinutesSeconds = 57 * 60;

export const call = (worker: string, more: { browser?: string; after?: number } = {}): Activity => ({
  worker,
  browser: 'laptop',
  does: 'call',
  ...more,
});

/** Claims must not be older than five minutes. */
export const guardedCall = (worker: string, more: { after?: number } = {}): Activity => ({
  worker,
  browser: 'laptop',
  does: 'call',
  guarded: true,
  ...more,
});

export const sweep = (worker: string): Activity => ({ worker, browser: 'laptop', does: 'sweep' });
export const logout = (worker: string): Activity => ({ worker, browser: 'laptop', does: 'logout' });
export const decline = (worker: string): Activity => ({ worker, browser: 'laptop', does: 'decline' });
export const signInAt = (worker: string, browser: string, user: ModelUser): Activity => ({
  worker,
  browser,
  does: 'sign-in',
  user,
});
export const endAll = (worker: string): Activity => ({ worker, browser: 'laptop', does: 'end-all' });
export const endOne = (worker: string): Activity => ({ worker, browser: 'laptop', does: 'end-one' });
export const endBySid = (worker: string): Activity => ({ worker, browser: 'laptop', does: 'end-by-sid' });
