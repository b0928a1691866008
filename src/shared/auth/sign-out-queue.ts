import { BffError } from '../errors.ts';

/**
 * Ends by one `sid` after the other, a few at a time. Entra does not repeat a sign-out that was refused, and anybody can send
 * such requests: genuine ones wait among the others instead of being turned away, within bounds.
 */
export interface SignOutQueue {
  /**
   * Runs `end` when it is its turn. Who asks for a `sid` that waits already shares its turn; one whose turn has begun may
   * have missed a session that was made since, so that gets another.
   * @throws {BffError} rate_limited, and what `end` throws
   */
  run(sid: string, end: () => Promise<void>): Promise<void>;
}

export interface SignOutQueueNeeds {
  readonly monotonicMs: () => number;
  /** Runs something later; it keeps no process alive. */
  readonly later?: (run: () => void, ms: number) => void;
  readonly maxAtATime?: number;
  readonly maxWaiting?: number;
}

/** Each is a query of the table. */
const MAX_AT_A_TIME = 32;
/** Requests, those that share a turn included: as many as a table that answers within 100 ms takes in three seconds. */
const MAX_WAITING = 1_000;
/** Of one `sid`: Entra asks once for each app of a browser, and this service is one of them. */
const MAX_SHARING = 4;
/** The browser has left Entra's page by then; a table that does not answer must not be asked for minutes. */
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
  // A Map gives its keys in the order of their insertion.
  const waiting = new Map<string, Waiting>();
  /** The requests behind `waiting`: each of them holds a connection. */
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

  /** Refuses those that have waited for too long, whether or not any turn ever ends; then waits for the next oldest. */
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

  /** One for all: whoever came first has waited for longest. */
  const setTimer = (ms: number): void => {
    if (isTimerSet) return;
    isTimerSet = true;
    later(() => {
      isTimerSet = false;
      refuseOld();
    }, Math.ceil(ms));
  };

  /** Starts what may start. At most those that run already are passed by. */
  const next = (): void => {
    // Timers come late on a busy worker.
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
    detail: 'Too many sign-outs are under way.',
    retryAfterSeconds: 1,
  });
}
