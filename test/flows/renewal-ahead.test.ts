import { setTimeout as delay } from 'node:timers/promises';
import { defaultEntraSwitches } from '@entra-bff/entra-emulator';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isWholeRun } from '../support/scale.ts';
import type { UserAgent } from '../support/user-agent.ts';
import { signIn, startWorld, userId, type Worker, type World } from '../support/world.ts';
import { openSession } from '../support/world-store.ts';

let world: World;
let worker: Worker;
let other: Worker;
let browser: UserAgent;

const alice = userId('alice');
const admin = { userId: alice, role: 'Admin' };
const hour = 3600;
/** Entra ID takes this long. A call that does not wait for it takes much less, even on a busy machine. */
const SLOW_MS = isWholeRun ? 3_000 : 1_000;
/** The longest delay before a renewal, and its table operations. */
const patiently = { timeout: SLOW_MS + 7_000, interval: 50 };

beforeAll(async () => {
  world = await startWorld();
  const environment = { SESSION_IDLE_SECONDS: '43200' };
  worker = await world.startWorker({ environment });
  other = await world.startWorker({ environment });
  // Graph then has the keys of Entra ID, so only the service notices that it is slow.
  browser = worker.browser();
  await signIn(browser, { user: 'alice' });
  expect((await browser.script('GET', graph)).status).toBe(200);
});

afterAll(() => world.close());

beforeEach(async () => {
  Object.assign(world.entra.switches, defaultEntraSwitches());
  world.entra.intercept.tokenResponse = undefined;
  world.entra.roles.grant(admin);
  browser = worker.browser();
});

const redemptions = () => world.entra.count('token', 'refresh_token');
const pass = (seconds: number) => {
  world.advance(seconds);
  world.pass(seconds);
};

async function signedIn(lifetimeSeconds = 12 * hour): Promise<void> {
  world.entra.switches.accessTokenLifetimeSeconds = lifetimeSeconds;
  await signIn(browser, { user: 'alice' });
  world.entra.switches.accessTokenLifetimeSeconds = 12 * hour;
}

/** Makes the call on both workers, several times at once. @returns the time of the slowest */
async function callEverywhere(path: string): Promise<number> {
  const startedMs = performance.now();
  const calls = Array.from({ length: 6 }, (_, at) =>
    browser.clone((at % 2 === 0 ? worker : other).origin).script('GET', path),
  );
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(6).fill(200));
  return performance.now() - startedMs;
}
const graph = '/api/graph/v1.0/me';

/** The calls do not wait for Entra ID, and there is one renewal for all of them. */
async function expectRenewalBehind(path: string): Promise<void> {
  const before = redemptions();
  world.entra.switches.slowMs = SLOW_MS;
  expect(await callEverywhere(path)).toBeLessThan(SLOW_MS - 200);
  await expect.poll(() => redemptions() - before, patiently).toBe(1);
  const stored = async () => (await openSession(world, browser)).tokenGeneration;
  const generation = await stored();
  await expect.poll(stored, patiently).toBeGreaterThan(generation);
  world.entra.switches.slowMs = 0;
  pass(6);
  await callEverywhere(path);
  await delay(1_500);
  expect(redemptions() - before).toBe(1);
}

describe('behind the calls of two workers, with a slow Entra ID', () => {
  it('a token in its last five minutes is renewed once, which extends no session', {
    tags: ['TC-6', 'K2'],
  }, async () => {
    await signedIn(240);
    const before = await openSession(world, browser);
    await expectRenewalBehind(graph);
    const after = await openSession(world, browser);
    expect(after.msalCache).not.toBe(before.msalCache);
    expect(after.lastUsedAt).toEqual(before.lastUsedAt);
    expect(after.facts.expiresAt).toEqual(before.facts.expiresAt);
  });

  it.runIf(isWholeRun)(
    'a token whose refresh_in is over is renewed once, although it is valid for hours',
    async () => {
      world.entra.intercept.tokenResponse = (reply) => ({
        ...reply,
        body: { ...Object(reply.body), refresh_in: 600 },
      });
      await signedIn();
      const before = redemptions();
      pass(590);
      await callEverywhere(graph);
      await delay(1_500);
      expect(redemptions() - before).toBe(0);
      pass(11);
      await expectRenewalBehind(graph);
    },
  );

  it.runIf(isWholeRun)(
    'claims are renewed once from 80 % of ROLE_MAX_AGE_SECONDS on',
    { tags: ['RG-3'] },
    async () => {
      await signedIn();
      pass(241);
      await expectRenewalBehind('/api/admin');
    },
  );

  it.runIf(isWholeRun)(
    'claims are renewed once from 80 % of SESSION_REVALIDATE_SECONDS on',
    { tags: ['RG-3'] },
    async () => {
      await signedIn();
      pass(0.8 * hour + 1);
      await expectRenewalBehind(graph);
    },
  );
});

describe('a renewal behind a call', () => {
  it('that Entra ID refuses leaves claims valid until their bound, and then the call is refused', {
    tags: ['RG-3', 'RG-5'],
  }, async () => {
    await signedIn();
    world.entra.blockedUsers.add(alice);
    try {
      pass(241);
      const before = redemptions();
      expect((await browser.script('GET', '/api/admin')).status).toBe(200);
      await expect.poll(() => redemptions() - before, patiently).toBe(1);
      pass(60);
      const refused = await browser.script('GET', '/api/admin');
      expect(refused.status).toBe(401);
      expect(JSON.parse(refused.body)).toMatchObject({ reason: 'account_disabled' });
    } finally {
      world.entra.blockedUsers.clear();
    }
  });

  it('that Entra ID refuses makes the next call wait, and be refused, in the last five minutes of its token', async () => {
    await signedIn(240);
    world.entra.switches.refreshTokensRevoked = true;
    const before = redemptions();
    expect((await browser.script('GET', graph)).status).toBe(200);
    await expect.poll(() => redemptions() - before, patiently).toBe(1);
    const refused = async () => (await browser.script('GET', graph)).status;
    await expect.poll(refused, patiently).toBe(401);
  });

  it('stores nothing if the user signs out meanwhile', { tags: ['LO-5'] }, async () => {
    await signedIn(240);
    world.entra.switches.slowMs = 1_000;
    const before = redemptions();
    const signedOut = browser.clone();
    expect((await browser.script('GET', graph)).status).toBe(200);
    await expect.poll(() => redemptions() - before, patiently).toBe(1);
    expect((await browser.script('POST', '/api/auth/logout')).status).toBe(200);
    await delay(1_500);
    for (const { origin } of [worker, other]) {
      expect((await signedOut.clone(origin).script('GET', graph)).status).toBe(401);
    }
  });

  it.runIf(isWholeRun)('is not sent during the pause that Entra ID asks for', { tags: ['E2'] }, async () => {
    await signedIn(240);
    world.entra.switches.throttledRetryAfterSeconds = 30;
    const before = redemptions();
    expect((await browser.script('GET', graph)).status).toBe(200);
    await expect.poll(() => redemptions() - before, patiently).toBe(1);
    await delay(200);
    world.entra.switches.throttledRetryAfterSeconds = 0;
    // The pause of such renewals after a failure is over.
    pass(12);
    expect((await browser.script('GET', graph)).status).toBe(200);
    await delay(1_500);
    expect(redemptions() - before).toBe(1);
    pass(40);
    expect((await browser.script('GET', graph)).status).toBe(200);
    await expect.poll(() => redemptions() - before, patiently).toBe(2);
  });

  it.runIf(isWholeRun)('that fails delays no call, and the worker goes on', { tags: ['E1'] }, async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    await signedIn(240);
    world.entra.switches.outage = 'json-503';
    worker.table.failing.add('replace');
    for (let round = 0; round < 3; round++) {
      expect(await callEverywhere(graph)).toBeLessThan(SLOW_MS);
      await delay(1_200);
      pass(12);
    }
    worker.table.recover();
    world.entra.switches.outage = 'none';
    pass(60);
    const before = redemptions();
    await callEverywhere(graph);
    await expect.poll(() => redemptions() - before, patiently).toBe(1);
    process.off('unhandledRejection', onUnhandled);
    expect(unhandled).toEqual([]);
  });
});
