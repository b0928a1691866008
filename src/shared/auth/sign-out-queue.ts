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
  readonly maxAtATime?: number;
  readonly maxWaiting?: number;
}

/** Each is a query of the table. */
const MAX_AT_A_TIME = 32;
/** As many as a table that answers within 100 ms takes in three seconds. */
const MAX_WAITING = 1_000;
/** Of one `sid`: Entra asks once for each app of a browser. */
const MAX_SHARING = 100;
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
  const { monotonicMs, maxAtATime = MAX_AT_A_TIME, maxWaiting = MAX_WAITING } = needs;
  const running = new Set<string>();
  // A Map gives its keys in the order of their insertion.
  const waiting = new Map<string, Waiting>();

  const begin = async (sid: string, end: () => Promise<void>): Promise<void> => {
    running.add(sid);
    try {
      await end();
    } finally {
      running.delete(sid);
      next();
    }
  };

  /** Starts what may start. At most those that run already are passed by. */
  const next = (): void => {
    for (const [sid, one] of waiting) {
      if (running.size >= maxAtATime) return;
      if (running.has(sid)) continue;
      waiting.delete(sid);
      if (monotonicMs() - one.sinceMs > MAX_WAIT_MS) one.refuse();
      else void one.begin();
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
    return promise;
  };

  return {
    async run(sid, end) {
      const known = waiting.get(sid);
      if (known !== undefined) {
        if (known.sharing >= MAX_SHARING) throw tooMany();
        known.sharing++;
        return known.result;
      }
      if (running.size < maxAtATime && !running.has(sid)) return begin(sid, end);
      if (waiting.size >= maxWaiting) throw tooMany();
      return enqueue(sid, end);
    },
  };
}

function tooMany(): BffError {
  return new BffError('rate_limited', {
    rules: ['sign-outs'],
    detail: 'Too many sign-outs are under way.',
    retryAfterSeconds: 1,
  });
}
