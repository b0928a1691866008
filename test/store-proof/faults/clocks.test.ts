import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { knownAtEntra } from '../../support/callback-address.ts';
import { isWholeRun } from '../../support/scale.ts';
import { readSessionRows } from '../../support/table-rows.ts';
import type { UserAgent } from '../../support/user-agent.ts';
import { report } from '../report.ts';
import { call, type Deployment, patiently, redemptions, signedIn, startDeployment } from './deployment.ts';

let deployment: Deployment;
let known: UserAgent;

beforeAll(async () => {
  deployment = await startDeployment();
  known = knownAtEntra(await signedIn(deployment, 'ben'));
});

afterAll(() => deployment.close());
afterEach(() => deployment.reset());

const MINUTE_MS = 60_000;

/** Begins a sign-in on a worker whose clock is wrong. The callback, on the same worker, is left to the result. */
async function beginSignInOn(at: number): Promise<() => Promise<UserAgent>> {
  const browser = known.clone();
  const { origin } = deployment.worker(at);
  const started = await browser.request(`${origin}/api/auth/login`);
  const answered = await browser.request(started.headers.location ?? '');
  const address = new URL(answered.headers.location ?? '');
  return async () => {
    await browser.request(`${origin}${address.pathname}${address.search}&bounced=1`);
    return browser;
  };
}

/** Signs in with all requests on a worker whose clock is wrong. */
const signInOn = async (at: number): Promise<UserAgent> => (await beginSignInOn(at))();

describe.runIf(isWholeRun)('wrong clocks of workers', () => {
  it('by four minutes in both directions affect no sign-in, session or renewal', {
    tags: ['K1'],
  }, async () => {
    const [ahead, behind, right] = [0, 1, 2];
    deployment.worker(ahead).setClock(4 * MINUTE_MS);
    deployment.worker(behind).setClock(-4 * MINUTE_MS);
    for (const at of [ahead, behind, right]) {
      const browser = await signInOn(at);
      const before = redemptions(deployment);
      for (const worker of deployment.workers) expect((await call(browser, worker)).status).toBe(200);
      expect(redemptions(deployment)).toBe(before);
    }
    // Renewals there, also with leases of the other worker. Access tokens are renewed five minutes before they
    // expire, which is the tolerance for the clocks of two workers.
    deployment.worker(ahead).setClock(2 * MINUTE_MS);
    deployment.worker(behind).setClock(-2 * MINUTE_MS);
    const browser = await signedIn(deployment, 'ben', { expired: true });
    const before = redemptions(deployment);
    const answered = await Promise.all(
      Array.from({ length: 30 }, (_, at) => call(browser, deployment.worker(at % 3))),
    );
    expect(answered.map(({ status }) => status)).toEqual(Array.from({ length: 30 }, () => 200));
    expect(redemptions(deployment) - before).toBe(1);
  });

  it.each([
    ['behind', 'ahead', -1],
    ['ahead', 'behind', 1],
  ])(
    'by nine minutes change no order: ending all sessions on a worker %s ends the earlier sign-ins of one %s, and no later ones',
    {
      tags: ['K1', 'L1'],
    },
    async (endingClock, signInClock, direction) => {
      const [ending, signingIn, right] = [0, 1, 2];
      const mine = await signInOn(right);
      deployment.worker(ending).setClock(direction * 4.5 * MINUTE_MS);
      deployment.worker(signingIn).setClock(direction * -4.5 * MINUTE_MS);
      // Each worker learns the table's clock from its responses.
      for (const worker of deployment.workers) expect((await call(mine, worker)).status).toBe(200);
      const finishEarlier = await beginSignInOn(signingIn);
      const ended = await mine.script('DELETE', `${deployment.worker(ending).origin}/api/auth/sessions`);
      expect(ended.status).toBe(200);
      expect((await finishEarlier()).cookies().has('session')).toBe(false);
      // Dates have whole seconds, so a sign-in that begins within about two seconds may also end.
      await expect
        .poll(async () => (await signInOn(signingIn)).cookies().has('session'), {
          timeout: 10_000,
          interval: 200,
        })
        .toBe(true);
      report({
        part: 'faults',
        requirements: 'K1, L1',
        what: `clocks of two workers differ by 9 minutes: all sessions end on the one ${endingClock}, sign-ins on the one ${signInClock}`,
        result: 'an earlier sign-in makes no session; a later one does, after two seconds at most',
      });
    },
  );

  it('beyond the tolerance of Entra ID prevent sign-ins on that worker only, and store nothing', {
    tags: ['K1'],
  }, async () => {
    const rows = (await readSessionRows(deployment.world)).length;
    for (const minutes of [-6, 70]) {
      deployment.worker(0).setClock(minutes * MINUTE_MS);
      expect((await signInOn(0)).cookies().has('session'), `${minutes} minutes`).toBe(false);
    }
    expect((await readSessionRows(deployment.world)).length).toBe(rows);
    expect((await signInOn(1)).cookies().has('session')).toBe(true);
  });

  it('that jump back end no session and extend no limit', {
    tags: ['K1'],
  }, async () => {
    const browser = await signInOn(1);
    const worker = deployment.worker(1);
    worker.setClock(-60 * MINUTE_MS);
    expect((await call(browser, worker)).status).toBe(200);
    worker.setClock(0);
    expect((await call(browser, worker)).status).toBe(200);
    // Both limits are measured from stored instants.
    worker.setClock(12 * 60 * MINUTE_MS + MINUTE_MS);
    const ended = await call(browser, worker);
    expect(ended.status).toBe(401);
    worker.setClock(0);
    expect((await call(browser, worker)).status).toBe(200);
  });

  it('that jump during the wait for a lease do not affect it, because it uses elapsed time only', {
    tags: ['K1', 'I2'],
  }, async () => {
    const { proxy } = deployment;
    const browser = await signedIn(deployment, 'ben', { expired: true });
    const before = redemptions(deployment);
    let letGo = () => {};
    const later = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    // A slow holder that is still alive.
    const slow = proxy.inject(
      { operation: 'replace', row: 'session', times: 1 },
      async ({ apply, reply }) => {
        await later;
        reply(await apply());
      },
    );
    const holder = call(browser, deployment.worker(0));
    await slow.reached;
    const looks = () => proxy.count({ operation: 'read', worker: 'worker-1' });
    const looksBefore = looks();
    const watcher = call(browser, deployment.worker(1));
    await expect.poll(() => looks() - looksBefore, patiently).toBeGreaterThanOrEqual(2);
    deployment.worker(1).setClock(10 * MINUTE_MS);
    const looksAfterJump = looks();
    await expect.poll(() => looks() - looksAfterJump, patiently).toBeGreaterThanOrEqual(3);
    expect(redemptions(deployment) - before).toBe(1);
    deployment.worker(1).setClock(0);
    letGo();
    expect([(await holder).status, (await watcher).status]).toEqual([200, 200]);
    expect(redemptions(deployment) - before).toBe(1);
    report({
      part: 'faults',
      requirements: 'K1',
      what: 'clocks 4 minutes ahead and behind (2 renewals), 6 minutes behind, 70 minutes ahead; jumps of an hour, and of 10 minutes during a lease',
      result:
        'up to 5 minutes every call is served; beyond that no sign-in completes; sessions survive jumps; a lease is not shortened',
    });
  });
});
