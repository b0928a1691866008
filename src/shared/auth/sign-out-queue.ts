import { BffError } from '../errors.ts';

/**
 * Limits how many front-channel logouts run at the same time, because any site can send such requests. Entra ID does not
 * repeat a refused request. Requests beyond the limit therefore wait, within bounds, instead of being refused immediately.
 */
export interface SignOutQueue {
  /**
   * Runs `end` when its turn comes. If a request for the same `sid` is already waiting, both share one turn. If a
   * turn for the `sid` is already running, the request gets a new turn: the running one may miss a session that was just
   * created.
   * @throws {BffError} rate_limited, and anything that `end` throws
   */
  run(sid: string, end: () => Promise<void>): Promise<void>;
}

export interface SignOutQueueOptions {
  readonly monotonicMs: () => number;
  /** Runs a callback later, without keeping the process alive. */
  readonly later?: (run: () => void, ms: number) => void;
  /** Default: 32. */
  readonly maxRunning?: number;
  /** Default: 1,000. */
  readonly maxWaiting?: number;
}

/** How many turns run at the same time. Each of them queries the table. */
const MAX_RUNNING = 32;
/**
 * Maximum number of waiting requests, including those that share a turn. A table that responds within 100 ms
 * serves this many in three seconds.
 */
const MAX_WAITING = 1_000;
/** Maximum number of requests that share a turn. Entra ID sends this app one request per browser that signs out. */
const MAX_SHARING = 4;
/**
 * Maximum waiting time. After it, the browser has left Entra ID's sign-out page. If the table does not respond, the
 * backlog would otherwise query it for minutes.
 */
const MAX_WAIT_MS = 10_000;

/** Requests for one `sid` that wait for the same turn. */
interface Turn {
  readonly result: Promise<void>;
  readonly start: () => void;
  readonly refuse: () => void;
  readonly queuedAtMs: number;
  requests: number;
}

export function createSignOutQueue({
  maxRunning = MAX_RUNNING,
  maxWaiting = MAX_WAITING,
  ...clock
}: SignOutQueueOptions): SignOutQueue {
  const running = new Set<string>();
  const waiting = createWaitingTurns(clock);

  /** Starts waiting turns in order, up to the limit. Skips a turn whose `sid` is already running. */
  const startNext = (): void => {
    // Also done here, because the timer may be late on a busy worker.
    waiting.refuseOverdue();
    for (const [sid, turn] of waiting.entries()) {
      if (running.size >= maxRunning) return;
      if (running.has(sid)) continue;
      waiting.remove(sid, turn);
      turn.start();
    }
  };

  const runNow = async (sid: string, end: () => Promise<void>): Promise<void> => {
    running.add(sid);
    try {
      await end();
    } finally {
      running.delete(sid);
      startNext();
    }
  };

  return {
    async run(sid, end) {
      const turn = waiting.find(sid);
      if (turn === undefined && running.size < maxRunning && !running.has(sid)) return runNow(sid, end);
      if (waiting.requests >= maxWaiting || (turn?.requests ?? 0) >= MAX_SHARING) throw tooManySignOuts();
      return turn === undefined ? waiting.add(sid, () => runNow(sid, end)) : waiting.join(turn);
    },
  };
}

interface WaitingTurns {
  /** The number of waiting requests, including those that share a turn. */
  readonly requests: number;
  find(sid: string): Turn | undefined;
  /** In the order in which they were added. */
  entries(): Iterable<[string, Turn]>;
  add(sid: string, run: () => Promise<void>): Promise<void>;
  join(turn: Turn): Promise<void>;
  remove(sid: string, turn: Turn): void;
  /** Refuses the turns that have waited too long. */
  refuseOverdue(): void;
}

function createWaitingTurns({
  monotonicMs,
  later = laterUnref,
}: Pick<SignOutQueueOptions, 'monotonicMs' | 'later'>): WaitingTurns {
  const turns = new Map<string, Turn>();
  let requests = 0;
  let isTimerSet = false;

  const remove = (sid: string, turn: Turn): void => {
    turns.delete(sid);
    requests -= turn.requests;
  };

  /** One timer is enough, because turns are in the order in which they were queued. */
  const setTimer = (ms: number): void => {
    if (isTimerSet) return;
    isTimerSet = true;
    later(() => {
      isTimerSet = false;
      refuseOverdue();
    }, Math.ceil(ms));
  };

  function refuseOverdue(): void {
    for (const [sid, turn] of turns) {
      const remainingMs = MAX_WAIT_MS - (monotonicMs() - turn.queuedAtMs);
      if (remainingMs > 0) {
        setTimer(remainingMs);
        return;
      }
      remove(sid, turn);
      turn.refuse();
    }
  }

  return {
    get requests() {
      return requests;
    },
    find: (sid) => turns.get(sid),
    entries: () => turns.entries(),
    add(sid, run) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      turns.set(sid, {
        result: promise,
        start: () => void run().then(resolve, reject),
        refuse: () => reject(tooManySignOuts()),
        queuedAtMs: monotonicMs(),
        requests: 1,
      });
      requests++;
      setTimer(MAX_WAIT_MS);
      return promise;
    },
    join(turn) {
      turn.requests++;
      requests++;
      return turn.result;
    },
    remove,
    refuseOverdue,
  };
}

function laterUnref(run: () => void, ms: number): void {
  setTimeout(run, ms).unref();
}

function tooManySignOuts(): BffError {
  return new BffError('rate_limited', {
    rules: ['sign-outs'],
    detail: 'Too many sign-outs are in progress.',
    retryAfterSeconds: 1,
  });
}
