import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeRows } from '../support/table-rows.ts';
import type { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

const idleSeconds = 3600;
const absoluteSeconds = 12 * 3600;

let world: World;
let worker: Worker;
/** Seconds by which the workers' clock is ahead of the emulators' real time. */
let ahead = 0;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  grantSignIn(world);
});

afterAll(() => world.close());

const advance = (seconds: number) => {
  world.advance(seconds);
  ahead += seconds;
};

/** Sets the workers' clock back to the emulators' time and signs in. */
async function signedIn(): Promise<UserAgent> {
  advance(-ahead);
  const browser = worker.browser();
  await signIn(browser, { user: 'alice' });
  expect(await isSignedIn(browser)).toBe(true);
  return browser;
}

/** Uses a copy of the cookies, so that a cleared one stays for the next request. */
const isSignedIn = async (browser: UserAgent) =>
  (await browser.clone().scriptJson('/api/auth/session'))['signed_in'];

const use = (browser: UserAgent) => browser.clone().script('GET', '/api/graph/v1.0/me');

describe('a session', () => {
  it('returns both of its limits', async () => {
    const browser = await signedIn();
    const { expires_at, idle_expires_at } = await browser.scriptJson('/api/auth/session');
    const secondsUntil = (instant: unknown) => (Date.parse(String(instant)) - Date.now()) / 1000;
    expect(secondsUntil(expires_at)).toBeCloseTo(absoluteSeconds, -2);
    expect(secondsUntil(idle_expires_at)).toBeCloseTo(idleSeconds, -2);
  });

  it('ends after the idle time, and a saved cookie is useless then', {
    tags: ['SC-3'],
  }, async () => {
    const browser = await signedIn();
    advance(idleSeconds - 60);
    expect(await isSignedIn(browser)).toBe(true);
    advance(61);
    expect(await isSignedIn(browser)).toBe(false);
    const calls = world.graph.count();
    expect((await use(browser)).status).toBe(401);
    expect(world.graph.count()).toBe(calls);
    expect((await browser.clone().script('GET', '/api/admin')).status).toBe(401);
  });

  it('stays ended when it is used again', { tags: ['SC-3'] }, async () => {
    const browser = await signedIn();
    advance(idleSeconds + 1);
    await use(browser);
    await use(browser);
    expect(await isSignedIn(browser)).toBe(false);
  });

  it('is not extended by the session route', { tags: ['SC-3'] }, async () => {
    const browser = await signedIn();
    for (let asked = 0; asked < 3; asked++) {
      advance(idleSeconds / 3 - 1);
      expect(await isSignedIn(browser)).toBe(true);
    }
    advance(4);
    expect(await isSignedIn(browser)).toBe(false);
  });

  it('is extended by use, but not beyond its absolute limit', { tags: ['SC-3'] }, async () => {
    const browser = await signedIn();
    const step = idleSeconds - 60;
    for (let passed = step; passed < absoluteSeconds; passed += step) {
      advance(step);
      expect((await use(browser)).status).toBe(200);
    }
    advance(step);
    expect((await use(browser)).status).toBe(401);
    expect(await isSignedIn(browser)).toBe(false);
  });

  it('records its use at most once in a twelfth of the idle time', async () => {
    const browser = await signedIn();
    const uses = worker.table.recordedUses();
    for (let call = 0; call < 3; call++) await use(browser);
    expect(worker.table.recordedUses()).toBe(uses);
    advance(idleSeconds / 12 + 1);
    for (let call = 0; call < 3; call++) await use(browser);
    expect(worker.table.recordedUses()).toBe(uses + 1);
  });

  it('is not extended by calls that the policy refuses, alone or in a batch', {
    tags: ['SC-3'],
  }, async () => {
    const browser = await signedIn();
    const uses = worker.table.recordedUses();
    advance(idleSeconds / 3);
    const body = JSON.stringify({ requests: [{ id: '1', method: 'GET', url: '/auditLogs/signIns' }] });
    const headers = { 'Content-Type': 'application/json' };
    const refused = [
      await browser.clone().script('GET', '/api/graph/v1.0/auditLogs/signIns'),
      await browser.clone().script('GET', '/api/graph/v1.0/users?$select=passwordProfile'),
      await browser.clone().script('POST', '/api/graph/v1.0/$batch', { body, headers }),
      await browser.clone().script('POST', '/api/graph/v1.0/$batch', { body: '{', headers }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 200, 400]);
    expect(JSON.parse(refused[2]?.body ?? '').responses).toMatchObject([{ status: 403 }]);
    expect(worker.table.recordedUses()).toBe(uses);
    expect((await use(browser)).status).toBe(200);
    expect(worker.table.recordedUses()).toBe(uses + 1);
  });

  it('refuses a call if recording its use shows that it was ended elsewhere', async () => {
    const browser = await signedIn();
    advance(idleSeconds / 2);
    await removeRows(world);
    const calls = world.graph.count();
    const answer = await use(browser);
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'session_required', reason: 'session_ended' });
    expect(world.graph.count()).toBe(calls);
  });

  it('serves a call if its use cannot be recorded', async () => {
    const browser = await signedIn();
    advance(idleSeconds / 2);
    worker.table.failing.add('merge');
    expect((await use(browser)).status).toBe(200);
    worker.table.recover();
  });

  it('is not extended by a sign-in without a prompt', { tags: ['SC-3'] }, async () => {
    const browser = await signedIn();
    const { expires_at: before } = await browser.scriptJson('/api/auth/session');
    advance(120);
    await signIn(browser, { user: 'alice', from: '/api/auth/login?prompt=none' });
    const { expires_at: after } = await browser.scriptJson('/api/auth/session');
    expect(after).toBe(before);
  });
});
