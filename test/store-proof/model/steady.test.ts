import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HttpFailure, type SendHttp } from '../../../src/shared/network/http-request.ts';
import { readMsalCache } from '../../../src/shared/tokens/msal-cache.ts';
import { createMemoryTable } from '../../support/memory-table.ts';
import { report } from '../report.ts';
import { type Activity, type Answer, type Browser, perform } from './activity.ts';
import { createClock } from './clock.ts';
import { backToManyThreads, comeToRest, runOnOneThread, setDate } from './one-thread.ts';
import { call, guardedCall, signInAt, twoWorkers } from './settings.ts';
import { createSimulatedIssuer } from './simulated-issuer.ts';
import { alice, startMs } from './users.ts';
import { createRepeatableRandom, createWorker, loadMsal, type Worker } from './worker.ts';

/** What happens to the requests to the token endpoint. */
interface Weather {
  /** After how many milliseconds Entra ID responds. Undefined: never. */
  readonly respondsAfterMs: number | undefined;
  /** The first worker that renews is killed by that. */
  readonly killsRenewingWorker?: boolean;
}

/** One call, and the time it waited. */
interface Call {
  readonly minute: number;
  readonly answer: Answer;
  readonly waitedMs: number;
  /** Its token had a minute left, and its claims were within their bound. */
  readonly needsNothing: boolean;
}

const MINUTE_MS = 60_000;
const SIGNED_IN_MINUTES = 20;
const ROLE_MAX_AGE_MS = 5 * MINUTE_MS;

beforeAll(async () => {
  await loadMsal();
  runOnOneThread();
});
afterAll(backToManyThreads);

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', onUnhandled);
  return () => process.off('unhandledRejection', onUnhandled);
});

/** Two workers, one session and a simulated hour in which it makes a call a minute, in turn on each living worker. */
async function liveAnHour(weather: Weather, callOn: (worker: string) => Activity) {
  const clock = createClock(startMs, 1);
  const issuer = createSimulatedIssuer('entra-like', clock.nowMs);
  const table = createMemoryTable();
  const browsers = new Map<string, Browser>();
  const dead = new Set<string>();
  const logged: string[] = [];
  let isCalm = true;
  const now = () => new Date(clock.nowMs());
  const log = (_level: string, { event }: { readonly event: string }) => void logged.push(event);

  const sendHttpOf =
    (worker: string): SendHttp =>
    async (request) => {
      const { respondsAfterMs = Number.POSITIVE_INFINITY, killsRenewingWorker = false } = weather;
      if (isCalm) return issuer.answer(request, worker, '');
      if (killsRenewingWorker && dead.size === 0) dead.add(worker);
      await clock.wait(worker, Math.min(respondsAfterMs, request.deadlineMs));
      if (respondsAfterMs >= request.deadlineMs) throw new HttpFailure('timeout');
      return issuer.answer(request, worker, '');
    };
  const workers = new Map<string, Worker>();
  for (const name of ['w1', 'w2']) {
    const { idleSeconds, absoluteSeconds } = twoWorkers;
    workers.set(
      name,
      createWorker({
        table,
        sendHttp: sendHttpOf(name),
        now,
        monotonicMs: clock.nowMs,
        wait: (durationMs) => clock.wait(name, durationMs),
        random: createRepeatableRandom(name, () => {}),
        idleSeconds,
        absoluteSeconds,
        cacheSeconds: 5,
        log,
      }),
    );
  }

  /** Moves to the next timer of a living worker until then. @returns false if there was none */
  const passUntil = async (untilMs: number): Promise<boolean> => {
    const [next] = clock
      .timers()
      .filter(({ worker, dueMs }) => !dead.has(worker) && dueMs <= untilMs)
      .toSorted((left, right) => left.dueMs - right.dueMs);
    clock.moveTo(Math.max(clock.nowMs(), next?.dueMs ?? untilMs));
    setDate(clock.nowMs());
    if (next !== undefined) clock.end(next);
    await comeToRest();
    return next !== undefined;
  };
  const moveTo = async (untilMs: number) => {
    while (await passUntil(untilMs));
  };
  const act = async (activity: Activity): Promise<Pick<Call, 'answer' | 'waitedMs'>> => {
    const worker = workers.get(activity.worker);
    if (worker === undefined) throw new Error(`there is no worker ${activity.worker}`);
    const { absoluteSeconds } = twoWorkers;
    const beganAtMs = clock.nowMs();
    const answers: Answer[] = [];
    setDate(beganAtMs);
    void perform(activity, { worker, issuer, browsers, now, absoluteSeconds, log }).then((answer) =>
      answers.push(answer),
    );
    await comeToRest();
    while (answers.length === 0 && clock.nowMs() < beganAtMs + MINUTE_MS) {
      await passUntil(beganAtMs + MINUTE_MS);
    }
    const [answer] = answers;
    if (answer === undefined) throw new Error(`${activity.does} has no answer after a minute`);
    return { answer, waitedMs: clock.nowMs() - beganAtMs };
  };
  const needsNothing = async (name: string, isGuarded: boolean): Promise<boolean> => {
    const read = await workers.get(name)?.store.read(browsers.get('laptop')?.cookieValue ?? '');
    if (read?.kind !== 'live') throw new Error('the session has ended');
    const { msalCache, facts } = read.session;
    const expiries = [...msalCache.matchAll(/"expires_on":"(\d+)"/g)].map(([, seconds]) => Number(seconds));
    const hasToken = Math.max(...expiries) * 1000 - clock.nowMs() >= MINUTE_MS;
    return hasToken && (!isGuarded || clock.nowMs() - facts.claimsAsOf.getTime() <= ROLE_MAX_AGE_MS);
  };

  const signedIn = await act(signInAt('w1', 'laptop', alice));
  if (signedIn.answer.kind !== 'signed-in') throw new Error(signedIn.answer.kind);
  const expiresAtMs = browsers.get('laptop')?.expiresAtMs;
  // The claims of a guarded call are used up after five minutes, so its hour begins at once.
  const isGuarded = 'guarded' in callOn('w1');
  await moveTo(startMs + (isGuarded ? 0 : SIGNED_IN_MINUTES * MINUTE_MS));
  isCalm = false;

  const beganAtMs = clock.nowMs();
  const calls: Call[] = [];
  for (let minute = 1; minute <= 60; minute++) {
    await moveTo(beganAtMs + minute * MINUTE_MS);
    const living = ['w1', 'w2'].filter((name) => !dead.has(name));
    const name = living[minute % living.length] ?? '';
    const good = await needsNothing(name, isGuarded);
    calls.push({ minute, ...(await act(callOn(name))), needsNothing: good });
  }
  await moveTo(clock.nowMs() + MINUTE_MS);
  const read = await workers
    .get(dead.has('w2') ? 'w1' : 'w2')
    ?.store.read(browsers.get('laptop')?.cookieValue ?? '');
  const redemptions = issuer.issues.filter(({ redeemed }) => redeemed !== undefined);
  return { calls, redemptions, dead, logged, read, expiresAtMs };
}

const bad: readonly (readonly [string, Weather])[] = [
  ['responds after 3 s', { respondsAfterMs: 3_000 }],
  ['never responds', { respondsAfterMs: undefined }],
  [
    'responds after 3 s, and the first renewing worker is killed',
    { respondsAfterMs: 3_000, killsRenewingWorker: true },
  ],
  [
    'never responds, and the first renewing worker is killed',
    { respondsAfterMs: undefined, killsRenewingWorker: true },
  ],
];
const kinds = [
  ['plain', call],
  ['guarded', guardedCall],
] as const;

describe('an hour with a call a minute', () => {
  it.each(
    bad.flatMap(([name, weather]) => kinds.map(([kind, callOn]) => [name, kind, weather, callOn] as const)),
  )(
    'and a token endpoint that %s: no %s call with a good token and recent claims waits',
    { tags: ['K1', 'I2', 'E1'] },
    async (name, kind, weather, callOn) => {
      const { calls, dead, logged } = await liveAnHour(weather, callOn);
      const needless = calls.filter(({ needsNothing }) => needsNothing);
      expect(needless.length).toBeGreaterThanOrEqual(
        kind === 'guarded' && weather.respondsAfterMs === undefined ? 4 : 38,
      );
      for (const { answer, minute } of needless) expect([minute, answer.kind]).toEqual([minute, 'token']);
      const waits = needless.map(({ waitedMs }) => waitedMs);
      expect(Math.max(...waits)).toBe(0);
      expect(dead.size).toBe(weather.killsRenewingWorker ? 1 : 0);
      expect(logged).not.toContain('renewal-ahead-failed');
      expect(unhandled).toEqual([]);
      report({
        part: 'model',
        requirements: 'E1, I2',
        what: `an hour with a ${kind} call a minute on 2 workers; the token endpoint ${name}`,
        result: `${needless.length} calls had a good token and recent claims; none of them waited`,
      });
    },
  );

  it.each(kinds)(
    'and a token endpoint that responds after 3 s: every %s call succeeds at once',
    async (kind, callOn) => {
      const { calls, redemptions, read, expiresAtMs } = await liveAnHour({ respondsAfterMs: 3_000 }, callOn);
      expect(calls.filter(({ answer, waitedMs }) => answer.kind !== 'token' || waitedMs > 0)).toEqual([]);
      // One for the token, or one every four minutes for the claims.
      if (kind === 'plain') expect(redemptions).toHaveLength(1);
      else expect(redemptions.length).toBeLessThanOrEqual(15);
      expect(new Set(redemptions.map(({ redeemed }) => redeemed)).size).toBe(redemptions.length);
      if (read?.kind !== 'live') throw new Error('the session has ended');
      // A renewal extends nothing.
      expect(read.session.facts.expiresAt.getTime()).toBe(expiresAtMs);
      expect(readMsalCache(read.session.msalCache).homeAccountIds).toHaveLength(1);
    },
  );
});
