import { defaultEntraSwitches } from '@entra-bff/entra-emulator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UserAgent } from '../support/user-agent.ts';
import { signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let workers: readonly [Worker, Worker, Worker];
let browser: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  workers = [await world.startWorker(), await world.startWorker(), await world.startWorker()];
});

afterAll(() => world.close());

beforeEach(async () => {
  Object.assign(world.entra.switches, defaultEntraSwitches());
  // MSAL renews an access token with less than five minutes left, so this one counts as expired.
  world.entra.switches.accessTokenLifetimeSeconds = 20;
  browser = workers[0].browser();
  await signIn(browser, { user: 'ben' });
  world.entra.switches.accessTokenLifetimeSeconds = 3600;
});

afterEach(() => {
  for (const { table } of workers) table.before = undefined;
});

const redemptions = () => world.entra.count('token', 'refresh_token');

function callOn(worker: Worker, path = '/api/graph/v1.0/me') {
  return browser.clone(worker.origin).script('GET', path);
}

function callEverywhere(count: number, path?: string) {
  return Promise.all(Array.from({ length: count }, (_, at) => callOn(workers[at % 3] ?? workers[0], path)));
}

describe('concurrent calls that need a renewal', () => {
  it('redeem the refresh token once on three workers if every refresh token works only once', {
    tags: ['TC-6'],
  }, async () => {
    world.entra.switches.strictRefreshTokenRotation = true;
    const before = redemptions();
    const answers = await callEverywhere(50);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(redemptions() - before).toBe(1);
    expect((await callOn(workers[2])).status).toBe(200);
    expect(redemptions() - before).toBe(1);
  });

  it('share a refusal without a token request of their own', async () => {
    world.entra.switches.refreshTokensExpired = true;
    world.entra.switches.slowMs = 300;
    const before = redemptions();
    const answers = await callEverywhere(30);
    for (const { status, body } of answers) {
      expect(status).toBe(401);
      expect(JSON.parse(body)).toMatchObject({
        code: 'interaction_required',
        reason: 'refresh_token_expired',
      });
    }
    // A worker that starts after the first has failed makes one token request.
    expect(redemptions() - before).toBeLessThanOrEqual(3);
  });

  it('share a failure of Entra ID, keep the session, and the next call tries again', async () => {
    world.entra.switches.outage = 'json-503';
    world.entra.switches.slowMs = 300;
    const before = redemptions();
    const answers = await callEverywhere(30);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(redemptions() - before).toBeLessThanOrEqual(3);
    world.entra.switches.outage = 'none';
    world.entra.switches.slowMs = 0;
    expect((await callOn(workers[1])).status).toBe(200);
  });

  it('are not delayed by a call that lacks consent', async () => {
    const [mail, me] = await Promise.all([
      callOn(workers[0], '/api/graph/v1.0/me/messages'),
      callOn(workers[1]),
    ]);
    expect([mail.status, me.status]).toEqual([401, 200]);
  });

  it('lose against a sign-out during the renewal, which stores nothing', {
    tags: ['LO-5'],
  }, async () => {
    world.entra.switches.slowMs = 300;
    const before = redemptions();
    const call = callOn(workers[0]);
    await expect.poll(() => redemptions() - before).toBe(1);
    const leaving = await browser
      .clone()
      .script('POST', '/api/auth/logout', { headers: { 'content-length': '0' } });
    expect(leaving.status).toBe(200);
    expect((await call).status).toBe(401);
    world.entra.switches.slowMs = 0;
    expect((await callOn(workers[1])).status).toBe(401);
  });
});
