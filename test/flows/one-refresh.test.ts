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
  // MSAL renews what has less than five minutes left: the sign-in's access token is as good as expired.
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

describe('one refresh everywhere', () => {
  it('fifty calls over three workers redeem the refresh token once, at an issuer that rotates strictly', {
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

  it('calls that waited adopt a refusal: nobody asks Entra the same again', async () => {
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
    // A worker that comes when the first has just given up asks once for itself.
    expect(redemptions() - before).toBeLessThanOrEqual(3);
  });

  it('an outage is told to all who waited, signs nobody out and is asked about again by the next call', async () => {
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

  it('consent that is missing for one feature keeps no other call back', async () => {
    const [mail, me] = await Promise.all([
      callOn(workers[0], '/api/graph/v1.0/me/messages'),
      callOn(workers[1]),
    ]);
    expect([mail.status, me.status]).toEqual([401, 200]);
  });

  it('signing out while a refresh is under way wins: nothing is stored again', {
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
