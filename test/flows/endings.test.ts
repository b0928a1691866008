import { setTimeout as delay } from 'node:timers/promises';
import { demoUsers } from '@entra-bff/directory';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let other: Worker;
let lastSid = '';

beforeAll(async () => {
  world = await startWorld();
  // With the settings that a new deployment has.
  worker = await world.startWorker();
  other = await world.startWorker();
  grantSignIn(world);
  world.entra.intercept.idTokenClaims = (claims) => {
    lastSid = String(claims['sid']);
    return claims;
  };
});

afterAll(() => world.close());
afterEach(() => other.table.recover());

async function signedIn(user: string): Promise<UserAgent> {
  const browser = worker.browser();
  await signIn(browser, { user });
  return browser;
}

const callAt = async (browser: UserAgent) =>
  (await browser.clone(other.origin).script('GET', '/api/graph/v1.0/me')).status;

/** Calls the other worker without a pause until it refuses. Returns when the last served call began. */
async function lastServed(browser: UserAgent): Promise<number> {
  let lastMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const beganAtMs = performance.now();
    const status = await callAt(browser);
    if (status !== 200) {
      expect(status).toBe(401);
      return lastMs;
    }
    lastMs = beganAtMs;
    await delay(20);
  }
}

/** Ends a session on one worker while the other one serves it, and returns how long the other one did. */
async function servedAfter(browser: UserAgent, end: () => Promise<{ readonly status: number }>) {
  expect(await callAt(browser)).toBe(200);
  const served = lastServed(browser);
  expect((await end()).status).toBe(200);
  const endedAtMs = performance.now();
  return (await served) - endedAtMs;
}

describe('an ended session', () => {
  it('is refused by every worker within two seconds, however it ended', {
    tags: ['SC-4', 'AD-2', 'LO-3', 'LO-5'],
  }, async () => {
    const framed = await signedIn('mia');
    const sid = lastSid;
    const leaving = await signedIn('mia');
    const [alice, phone, ben] = [await signedIn('alice'), await signedIn('alice'), await signedIn('ben')];
    const fromEntra = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-dest': 'iframe',
      'sec-fetch-mode': 'navigate',
    };
    const servedMs = await Promise.all([
      servedAfter(leaving, () => leaving.clone().script('POST', '/api/auth/logout')),
      servedAfter(phone, () => alice.script('DELETE', '/api/auth/sessions')),
      servedAfter(ben, () => alice.script('DELETE', `/api/admin/users/${demoUsers.ben.id}/sessions`)),
      servedAfter(framed, () =>
        worker.browser().request(`/api/auth/front-channel-logout?sid=${sid}`, { headers: fromEntra }),
      ),
    ]);
    for (const ms of servedMs) expect(ms).toBeLessThan(2_000);
    expect(await callAt(alice)).toBe(200);
  });

  it('is not served for longer by a worker that cannot read the table', {
    tags: ['SC-4', 'L2'],
  }, async () => {
    const ben = await signedIn('ben');
    expect(await callAt(ben)).toBe(200);
    other.table.failing.add('read');
    expect((await ben.clone().script('POST', '/api/auth/logout')).status).toBe(200);
    world.pass(1);
    expect(await callAt(ben)).toBe(503);
    other.table.recover();
    expect(await callAt(ben)).toBe(401);
  });
});
