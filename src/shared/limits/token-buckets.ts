/** What one bucket allows. Each call takes a token, and a call that finds too few is refused. */
export interface Budget {
  /** The tokens of a full bucket: how many calls may come at once. */
  readonly burst: number;
  /** How many tokens a bucket gets per second, until it is full. */
  readonly perSecond: number;
}

/** Token buckets by key. A key that has no bucket has a full one. */
export interface TokenBuckets {
  /**
   * Takes tokens from the bucket of this key.
   * @param key always used with the same budget
   * @param longestWaitMs Default: 0, the tokens must be there now.
   */
  take(key: string, budget: Budget, tokens: number, longestWaitMs?: number): TakenTokens | RefusedTokens;
  /** The number of buckets in memory. */
  readonly size: number;
}

export interface TakenTokens {
  readonly kind: 'taken';
  /** After this time the bucket has the tokens. 0: it had them already. */
  readonly waitMs: number;
}

/** The bucket keeps its tokens. */
export interface RefusedTokens {
  readonly kind: 'refused';
  /** After this time the bucket has enough tokens, if no other call takes them. */
  readonly retryAfterMs: number;
  /** How many refusals of this bucket are to be recorded now. 0: they are recorded later, with others. */
  readonly refusalsToRecord: number;
}

export interface TokenBucketsOptions {
  /** Beyond this number, the bucket that was unused for longest is dropped. Its key has a full bucket again. */
  readonly maxBuckets: number;
  readonly monotonicMs: () => number;
}

interface Bucket {
  readonly budget: Budget;
  /** Negative while calls wait for their tokens. */
  tokens: number;
  countedAtMs: number;
  /** Refusals since the last record. */
  refusals: number;
  nextRecordMs: number;
}

/** The refusals of one bucket are recorded at most once in this time. */
const RECORD_EVERY_MS = 60_000;

export function createTokenBuckets({ maxBuckets, monotonicMs }: TokenBucketsOptions): TokenBuckets {
  // A Map iterates its keys in insertion order. Each look-up inserts its bucket again, so the first one was unused for
  // longest.
  const buckets = new Map<string, Bucket>();

  const find = (key: string, budget: Budget, nowMs: number): Bucket => {
    const found = buckets.get(key);
    if (found === undefined) makeRoom(nowMs);
    else buckets.delete(key);
    const bucket = found ?? {
      budget,
      tokens: budget.burst,
      countedAtMs: nowMs,
      refusals: 0,
      nextRecordMs: 0,
    };
    buckets.set(key, bucket);
    bucket.tokens = tokensAt(nowMs, bucket);
    bucket.countedAtMs = nowMs;
    return bucket;
  };

  const makeRoom = (nowMs: number): void => {
    for (const [first, unused] of buckets) {
      if (buckets.size < maxBuckets && !isForgettable(unused, nowMs)) return;
      buckets.delete(first);
    }
  };

  return {
    take(key, budget, tokens, longestWaitMs = 0) {
      const nowMs = monotonicMs();
      const bucket = find(key, budget, nowMs);
      const missing = Math.max(0, tokens - bucket.tokens);
      const waitMs = (missing / budget.perSecond) * 1000;
      if (waitMs > longestWaitMs) {
        return {
          kind: 'refused',
          retryAfterMs: waitMs - longestWaitMs,
          refusalsToRecord: countRefusal(bucket, nowMs),
        };
      }
      bucket.tokens -= tokens;
      return { kind: 'taken', waitMs };
    },
    get size() {
      return buckets.size;
    },
  };
}

function tokensAt(nowMs: number, { budget, tokens, countedAtMs }: Bucket): number {
  return Math.min(budget.burst, tokens + ((nowMs - countedAtMs) / 1000) * budget.perSecond);
}

/** True if a new bucket would behave the same. */
function isForgettable(bucket: Bucket, nowMs: number): boolean {
  return nowMs >= bucket.nextRecordMs && tokensAt(nowMs, bucket) === bucket.budget.burst;
}

function countRefusal(bucket: Bucket, nowMs: number): number {
  bucket.refusals++;
  if (nowMs < bucket.nextRecordMs) return 0;
  const { refusals } = bucket;
  bucket.refusals = 0;
  bucket.nextRecordMs = nowMs + RECORD_EVERY_MS;
  return refusals;
}
