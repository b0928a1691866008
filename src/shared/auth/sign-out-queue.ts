import { BffError } from '../errors.ts';

/**
 * Ends sessions by `sid`, a few at a time. Entra ID does not repeat a refused sign-out, and any site can send
 * such requests. Genuine requests therefore wait in the queue, within bounds, instead of being refused.
 */
export interface SignOutQueue {
  /**
   * Runs `end` when its turn comes. A request for a `sid` that is already waiting shares that turn. A turn that
   * has begun may have missed a session created since, so a later request gets a new turn.
   * @throws {BffError} rate_limited, and anything that `end` throws
   */
  run(sid: string, end: () => Promise<void>): Promise<void>;
}

export interface SignOutQueueNeeds {
  readonly monotonicMs: () => number;
  /** Runs a callback later, without keeping the process alive. */
  readonly later?: (run: () => void, ms: number) => void;
  readonly maxAtATime?: number;
  readonly maxWaiting?: number;
}

/** How many run at a time. Each one is a query to the table. */
const MAX_AT_A_TIME = 32;
/**
 * Maximum number of waiting requests, including those that share a turn. A table that answers within 100 ms
 * serves this many in three seconds.
 */
const MAX_WAITING = 1_000;
/**
 * Maximum for one `sid`. Entra ID sends one request for each app of a browser, and this service is one of them.
 */
const MAX_SHARING = 4;
/**
 * After this time the browser has left Entra ID's page. A table that does not answer must not be queried for
 * minutes.
 */
const MAX_WAIT_MS = 10_000;

interface Waiting {
  readonly result: Promise<void>;
  readonly begin: () => Promise<void>;
  readonly refuse: () => void;
  readonly sinceMs: number;
  sharing: number;
}

export function createSignOutQueue(needs: SignOutQueueNeeds): SignOutQueue {
  const { monotonicMs, later = laterUnref, maxAtATime = MAX_AT_A_TIME, maxWaiting = MAX_WAITING } = needs;
  const running = new Set<string>();
  // A Map iterates its keys in insertion order.
  const waiting = new Map<string, Waiting>();
  /** The number of requests behind `waiting`. Each of them holds a connection. */
  let held = 0;
  let isTimerSet = false;

  const begin = async (sid: string, end: () => Promise<void>): Promise<void> => {
    running.add(sid);
    try {
      await end();
    } finally {
      running.delete(sid);
      next();
    }
  };

  const leave = (sid: string, { sharing }: Waiting): void => {
    waiting.delete(sid);
    held -= sharing;
  };

  /**
   * Refuses the entries that have waited too long, even if no turn ever ends. Then waits for the next oldest
   * entry.
   */
  const refuseOld = (): void => {
    for (const [sid, one] of waiting) {
      const leftMs = MAX_WAIT_MS - (monotonicMs() - one.sinceMs);
      if (leftMs > 0) {
        setTimer(leftMs);
        return;
      }
      leave(sid, one);
      one.refuse();
    }
  };

  /** One timer for all, because the first entry has waited longest. */
  const setTimer = (ms: number): void => {
    if (isTimerSet) return;
    isTimerSet = true;
    later(() => {
      isTimerSet = false;
      refuseOld();
    }, Math.ceil(ms));
  };

  /**
   * Starts waiting entries in order while places are free. It skips only entries whose `sid` is already
   * running.
   */
  const next = (): void => {
    // Timers fire late on a busy worker.
    refuseOld();
    for (const [sid, one] of waiting) {
      if (running.size >= maxAtATime) return;
      if (running.has(sid)) continue;
      leave(sid, one);
      void one.begin();
    }
  };

  const enqueue = (sid: string, end: () => Promise<void>): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiting.set(sid, {
      result: promise,
      begin: () => begin(sid, end).then(resolve, reject),
      refuse: () => reject(tooMany()),
      sinceMs: monotonicMs(),
      sharing: 1,
    });
    setTimer(MAX_WAIT_MS);
    return promise;
  };

  return {
    async run(sid, end) {
      const known = waiting.get(sid);
      if (known === undefined && running.size < maxAtATime && !running.has(sid)) return begin(sid, end);
      if (held >= maxWaiting || (known?.sharing ?? 0) >= MAX_SHARING) throw tooMany();
      held++;
      if (known === undefined) return enqueue(sid, end);
      known.sharing++;
      return known.result;
    },
  };
}

function laterUnref(run: () => void, ms: number): void {
  setTimeout(run, ms).unref();
}

function tooMany(): BffError {
  return new BffError('rate_limited', {
    rules: ['sign-outs'],
    detail: 'Too many sign-outs are in progress.',
    retryAfterSeconds: 1,
  });
}
