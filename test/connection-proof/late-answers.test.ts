import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { stat } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Borrower, createHttpSender, type SendHttp } from '../../src/shared/network/http-request.ts';
import { sendToApi } from '../../src/shared/proxy/send.ts';
import { isWholeRun } from '../support/scale.ts';
import { report } from './report.ts';

/**
 * Counts what happens to unrequested answers in each circumstance. `npm run prove:connections` makes 200 runs of each,
 * `npm run test:all` 20.
 * A run is repeated if its second answer was written too late for the bound to apply.
 */
const RUNS_OF_EACH = Number(process.env['RUNS_OF_EACH'] ?? (isWholeRun ? 20 : 1));
const BOUND_MS = 90;
const CONNECTIONS = 10;
/** Number of concurrent runs. Each has its own connections. */
const SENDERS = 5;
/** The longer one is a complete silence, so a timer that is due meanwhile must not be trusted. */
const BLOCKED_MS = [150, 350] as const;

interface Late {
  readonly form: string;
  readonly segments: string;
  readonly id: string;
  readonly nagle: string;
}

const forms = ['200', '204', '204 with a length', '205', '304', '304 with a length'];
const lates: readonly Late[] = forms.flatMap((form) =>
  ['1', '3'].flatMap((segments) =>
    ['yes', 'no'].flatMap((id) => ['yes', 'no'].map((nagle) => ({ form, segments, id, nagle }))),
  ),
);
const loops = ['free', 'blocked in a timer', 'blocked in a poll', 'blocked in a check'] as const;
type Loop = (typeof loops)[number];

let upstream: Worker;
let origin: string;
const lateMsOf = new Map<string, number>();

beforeAll(async () => {
  upstream = new Worker(new URL('./late-upstream.ts', import.meta.url));
  const [listening]: { port: number }[] = await once(upstream, 'message');
  origin = `http://127.0.0.1:${listening?.port}`;
  upstream.on('message', ({ run, lateMs }: { run: string; lateMs: number }) => lateMsOf.set(run, lateMs));
});
afterAll(async () => {
  await upstream.terminate();
});

interface Outcome {
  readonly late: Late;
  readonly isOnTime: boolean;
  readonly got: 'own' | 'of another' | 'refused';
}

interface Pair {
  /** The first user's call, whose answer is followed by another one. */
  readonly first: () => Promise<void>;
  /** The second user's call. */
  readonly second: (waitMs: number) => Promise<Outcome>;
}

/** Prepares two users. The connection of the first is then open, so that all first calls start at the same time. */
async function preparePair(
  sendHttp: SendHttp,
  late: Late,
  borrowers: readonly [Borrower, Borrower],
): Promise<Pair> {
  const run = randomUUID();
  const query = new URLSearchParams({ ...late, run });
  const send = (path: string, borrower: Borrower) => {
    const id = randomUUID();
    const request = {
      method: 'GET',
      origin,
      path,
      headers: { 'client-request-id': id },
      borrower,
      deadlineMs: 20_000,
      maxResponseBytes: 1024,
      correlation: { name: 'client-request-id', value: id, whenMissing: 'unsure' as const },
    };
    return sendToApi(
      sendHttp,
      request,
      { isProbe: false },
      () => performance.now(),
      () => undefined,
    );
  };
  await send(`/second?${query}&waitMs=0`, borrowers[0]);
  return {
    async first() {
      await send(`/first?${query}&lateMs=${randomInt(3, 61)}`, borrowers[0]);
    },
    async second(waitMs) {
      const got = await send(`/second?${query}&waitMs=${waitMs}`, borrowers[1]).then(
        ({ body }) => (body.toString() === JSON.stringify({ of: run }) ? 'own' : 'of another'),
        () => 'refused' as const,
      );
      await expect.poll(() => lateMsOf.has(run), { interval: 5 }).toBe(true);
      const isOnTime = (lateMsOf.get(run) ?? Number.POSITIVE_INFINITY) <= BOUND_MS;
      lateMsOf.delete(run);
      return { late, isOnTime, got };
    },
  };
}

function block(): void {
  const endMs = performance.now() + (BLOCKED_MS[randomInt(0, 2)] ?? 0);
  while (performance.now() < endMs);
}

/** Calls back in one phase of the event loop after blocking the loop there. */
function blockIn(loop: Exclude<Loop, 'free'>, callBack: () => void): void {
  const run = () => {
    block();
    callBack();
  };
  if (loop === 'blocked in a timer') setTimeout(run, randomInt(0, 60));
  else if (loop === 'blocked in a check') setTimeout(() => setImmediate(run), randomInt(0, 60));
  else setTimeout(() => stat('/', run), randomInt(0, 60));
}

/** When the second users call, after the first users have their answers. */
function startAt(loop: Exclude<Loop, 'free'>, starts: readonly (() => void)[]): void {
  // From a timer that is due while the loop is blocked, from the block itself, or from the check after it.
  const after: (() => void)[] = [];
  for (const [at, start] of starts.entries()) {
    if (at % 3 === 0) setTimeout(start, randomInt(100, 400));
    else after.push(at % 3 === 1 ? start : () => setImmediate(start));
  }
  blockIn(loop, () => {
    for (const start of after) start();
  });
}

async function round(
  senders: readonly SendHttp[],
  loop: Loop,
  isInFlight: boolean,
  next: () => Late | undefined,
  borrowersOf: () => readonly [Borrower, Borrower],
): Promise<Outcome[]> {
  const preparing: Promise<Pair>[] = [];
  for (const sender of senders) {
    for (let at = 0; at < CONNECTIONS; at++) {
      const late = next();
      if (late !== undefined) preparing.push(preparePair(sender, late, borrowersOf()));
    }
  }
  const pairs = await Promise.all(preparing);
  const outcomes = pairs.map(({ second }) => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    return { promise, start: () => resolve(second(isInFlight ? 120 : 0)) };
  });
  await Promise.all(
    pairs.map(async ({ first }, at) => {
      await first();
      const start = outcomes[at]?.start;
      if (loop === 'free' && start) setTimeout(start, randomInt(0, isInFlight ? 3 : 400));
    }),
  );
  if (loop !== 'free')
    startAt(
      loop,
      outcomes.map(({ start }) => start),
    );
  return Promise.all(outcomes.map(({ promise }) => promise));
}

const sessionOf = (name: string): Borrower => ({ kind: 'session', name });
const strangers = () => [sessionOf(randomUUID()), sessionOf(randomUUID())] as const;

async function count(
  loop: Loop,
  isInFlight: boolean,
  borrowersOf: () => readonly [Borrower, Borrower] = strangers,
) {
  const senders = Array.from({ length: SENDERS }, () => createHttpSender());
  const left = lates.flatMap((late) => Array.from({ length: RUNS_OF_EACH }, () => late));
  const counted = { own: 0, 'of another': 0, refused: 0, again: 0 };
  while (left.length > 0) {
    const got = await round(senders, loop, isInFlight, () => left.pop(), borrowersOf);
    for (const { late, isOnTime, got: what } of got) {
      if (isOnTime) counted[what]++;
      else {
        counted.again++;
        left.unshift(late);
      }
    }
  }
  return counted;
}

describe('a late answer to one user', () => {
  for (const loop of isWholeRun ? loops : loops.slice(0, 2)) {
    for (const isInFlight of [false, true]) {
      it(`is never returned to another user whose call is ${isInFlight ? 'in flight' : 'made afterwards'}, with the event loop ${loop}`, {
        tags: ['PX-17'],
        timeout: 30 * 60_000,
      }, async () => {
        const { again, ...counted } = await count(loop, isInFlight);
        report({
          loop,
          isInFlight,
          again,
          ofAnother: counted['of another'],
          runs: counted.own,
          circumstances: lates.length,
        });
        expect(counted).toEqual({ own: lates.length * RUNS_OF_EACH, 'of another': 0, refused: 0 });
      });
    }
  }

  it('is returned to another user if both count as the same session, so the runs above can fail', async () => {
    const one = sessionOf('one');
    const counted = await count('free', true, () => [one, one]);
    expect(counted['of another']).toBeGreaterThan(0);
  });
});
