/** Sessions in use at the same time, and the calls that their pages make. */
export interface Load {
  readonly sessions: number;
  readonly workers: number;
  /** Whether a front end sends all calls of a session to the same worker. */
  readonly affinity: boolean;
  /** The start of each call of one session, in seconds, within `seconds`. */
  readonly callsOf: (random: () => number) => readonly number[];
  readonly seconds: number;
}

export interface CacheRates {
  readonly callsPerSecond: number;
  /** Reads of the table, by the lifetime of a copy in seconds. */
  readonly readsPerSecond: ReadonlyMap<number, number>;
}

/** As in `memory.ts`: the most recently used sessions stay. */
const MAX_ENTRIES = 5_000;

/** Simulates the session caches of all workers under this load. The first half fills them and is not counted. */
export function simulateCaches(load: Load, cacheSeconds: readonly number[]): CacheRates {
  const random = createRandom(1);
  const calls = Array.from({ length: load.sessions }, (_, session) =>
    load.callsOf(random).map((atSeconds) => ({ session, atSeconds })),
  )
    .flat()
    .sort((left, right) => left.atSeconds - right.atSeconds);
  const routed = calls.map(({ session, atSeconds }) => ({
    session,
    atSeconds,
    worker: load.affinity ? session % load.workers : Math.floor(random() * load.workers),
  }));
  const countFrom = load.seconds / 2;
  const perSecond = (count: number) => count / (load.seconds - countFrom);
  return {
    callsPerSecond: perSecond(routed.filter(({ atSeconds }) => atSeconds >= countFrom).length),
    readsPerSecond: new Map(
      cacheSeconds.map((lifetime) => [
        lifetime,
        perSecond(countReads(load.workers, routed, lifetime, countFrom)),
      ]),
    ),
  };
}

interface RoutedCall {
  readonly session: number;
  readonly worker: number;
  readonly atSeconds: number;
}

function countReads(
  workers: number,
  calls: readonly RoutedCall[],
  lifetimeSeconds: number,
  countFrom: number,
): number {
  const caches = Array.from({ length: workers }, () => new Map<number, number>());
  let reads = 0;
  for (const { session, worker, atSeconds } of calls) {
    const cache = caches[worker] ?? new Map<number, number>();
    const readAt = cache.get(session);
    const isFresh = readAt !== undefined && atSeconds - readAt < lifetimeSeconds;
    if (!isFresh && atSeconds >= countFrom) reads++;
    cache.delete(session);
    cache.set(session, isFresh ? readAt : atSeconds);
    const [oldest] = cache.keys();
    if (cache.size > MAX_ENTRIES && oldest !== undefined) cache.delete(oldest);
  }
  return reads;
}

/** Mulberry32: the same numbers in every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
