import { setTimeout as delay } from 'node:timers/promises';
import type { Seeded } from '../../test/store-proof/seeded.ts';
import type { Actions } from './actions.ts';
import type { Ledger } from './ledger.ts';
import type { CallKind } from './rules.ts';
import type { Visitor } from './visitor.ts';

/** The visitors by what they do. */
export interface Crowd {
  /** Make most of the calls, sign out and sign in. */
  readonly ordinary: readonly Visitor[];
  /** Make calls so rarely that each worker reads their session from the table. */
  readonly cold: readonly Visitor[];
  /** Get access tokens that have expired. */
  readonly expired: readonly Visitor[];
}

export interface Load {
  /** Repeats calls on `lanes` connections, as fast as they are answered. @returns calls per second */
  measureLimit(lanes: number, warmUpSeconds: number, seconds: number): Promise<number>;
  /** Begins calls at this rate, whether earlier ones are answered or not. */
  start(callsPerSecond: number): void;
  /** Begins no further calls, and waits for the answers of those in progress. */
  stop(): Promise<void>;
  readonly arrivals: { planned: number; started: number };
}

export interface LoadDependencies {
  readonly actions: Actions;
  readonly ledger: Ledger;
  readonly crowd: Crowd;
  readonly workers: number;
  readonly random: Seeded;
}

/** Of a hundred ordinary calls. The others are reads. */
const [WRITES, SESSIONS] = [12, 12];
/** The rate of each other kind of call, and its rate while its first success after a fault is awaited. */
const [PER_SECOND, AWAITED_PER_SECOND] = [3, 10];
const TICK_MS = 5;
/** A service that does not answer must not fill the memory of the load. */
const MAX_IN_PROGRESS = 2_000;
const MAX_AWAY = 20;
/** After this time without a call, a worker reads the user's session from the table again. */
const COLD_MS = 2_000;

export function createLoad({ actions, ledger, crowd, workers, random }: LoadDependencies): Load {
  const { ordinary, cold, expired } = crowd;
  const arrivals = { planned: 0, started: 0 };
  const inProgress = new Set<Promise<void>>();
  const away: Visitor[] = [];
  const coldAtMs = new Map<string, number>();
  let [coldTurn, expiredTurn] = [0, 0];
  let isRunning = false;
  let pacers: Promise<void>[] = [];

  const signedIn = (visitors: readonly Visitor[]): Visitor | undefined => {
    // Very few are away at any time.
    for (let attempt = 0; attempt < 20; attempt++) {
      const visitor = visitors[random.below(visitors.length)];
      if (visitor?.state === 'signed-in') return visitor;
    }
    return undefined;
  };
  const ordinaryCall = async (): Promise<void> => {
    const visitor = signedIn(ordinary);
    if (visitor === undefined) return delay(TICK_MS);
    const worker = random.below(workers);
    const share = random.below(100);
    if (share < WRITES) return actions.write(visitor, worker);
    if (share < WRITES + SESSIONS) return actions.session(visitor, worker);
    return actions.read(visitor, 'read', worker);
  };
  const coldCall = async (): Promise<void> => {
    const worker = coldTurn++ % workers;
    const nowMs = performance.now();
    const rested = cold.find(
      ({ user }) => nowMs - (coldAtMs.get(`${worker} ${user.id}`) ?? -COLD_MS) >= COLD_MS,
    );
    if (rested === undefined) return;
    coldAtMs.set(`${worker} ${rested.user.id}`, nowMs);
    return actions.read(rested, 'cold', worker);
  };
  const renewalCall = async (): Promise<void> => {
    const visitor = expired[expiredTurn++ % expired.length];
    if (visitor !== undefined) return actions.read(visitor, 'renewal', random.below(workers));
  };
  /** A user signs out and in again. If the sign-in fails, it is tried again later. */
  const signInCall = async (): Promise<void> => {
    const visitor = away.length >= MAX_AWAY ? away.shift() : (signedIn(ordinary) ?? away.shift());
    if (visitor === undefined) return;
    if (visitor.state === 'signed-in') {
      await actions.signOut(visitor);
      // A sign-out that was refused leaves the session, so the user stays signed in.
      if (visitor.browser.cookies().has('session')) {
        visitor.state = 'signed-in';
        return;
      }
    }
    await actions.signIn(visitor);
    if (visitor.state === 'away') away.push(visitor);
  };

  const begin = (action: () => Promise<void>) => {
    const running: Promise<void> = action().finally(() => inProgress.delete(running));
    inProgress.add(running);
  };
  /** Begins actions evenly. After a late tick, it begins those that are due. */
  const pace = async (perSecond: () => number, action: () => Promise<void>, countsAsArrival = false) => {
    let [dueCount, lastMs] = [0, performance.now()];
    while (isRunning) {
      await delay(TICK_MS);
      const nowMs = performance.now();
      dueCount += ((nowMs - lastMs) / 1000) * perSecond();
      lastMs = nowMs;
      for (; dueCount >= 1; dueCount--) {
        if (countsAsArrival) arrivals.planned++;
        if (inProgress.size >= MAX_IN_PROGRESS) continue;
        if (countsAsArrival) arrivals.started++;
        begin(action);
      }
    }
  };
  const rateOf = (kind: CallKind) => () => (ledger.isAwaited(kind) ? AWAITED_PER_SECOND : PER_SECOND);
  const startPacers = () => [
    pace(rateOf('cold'), coldCall),
    pace(rateOf('renewal'), renewalCall),
    pace(rateOf('sign-in'), signInCall),
    pace(() => 1, actions.checkEnded),
  ];
  const stop = async () => {
    isRunning = false;
    await Promise.all(pacers);
    await Promise.all(inProgress);
  };

  return {
    arrivals,
    async measureLimit(lanes, warmUpSeconds, seconds) {
      isRunning = true;
      pacers = startPacers();
      let answered = 0;
      const lane = async () => {
        while (isRunning) {
          await ordinaryCall();
          answered++;
        }
      };
      const running = Array.from({ length: lanes }, lane);
      await delay(warmUpSeconds * 1000);
      const [before, startedMs] = [answered, performance.now()];
      await delay(seconds * 1000);
      const perSecond = (answered - before) / ((performance.now() - startedMs) / 1000);
      await Promise.all([stop(), ...running]);
      return perSecond;
    },
    start(callsPerSecond) {
      isRunning = true;
      pacers = [...startPacers(), pace(() => callsPerSecond, ordinaryCall, true)];
    },
    stop,
  };
}
