import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callbackAddress, knownAtEntra } from '../../support/callback-address.ts';
import { isWholeRun } from '../../support/scale.ts';
import { readSessionRows } from '../../support/table-rows.ts';
import { signIn } from '../../support/world.ts';
import { report } from '../report.ts';
import { createSeeded } from '../seeded.ts';
import {
  call,
  type Deployment,
  logOut,
  patiently,
  redemptions,
  signedIn,
  startDeployment,
} from './deployment.ts';
import { answers, answersAfter, conflicts, holds, losesAnswer } from './faults.ts';
import { keysOf, rowOf, tableOf } from './rows.ts';

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment();
});

afterAll(() => deployment.close());
afterEach(() => deployment.reset());

const NO_WAIT_MS = 5_000; // Far below the wait for the lease of a dead holder.

async function timed<Result>(action: () => Promise<Result>): Promise<readonly [Result, number]> {
  const startedMs = performance.now();
  return [await action(), performance.now() - startedMs];
}

/** Expects that the session of `browser` renews soon, without waiting for another holder. */
async function expectHealthy(browser: Parameters<typeof call>[0]): Promise<void> {
  const [answer, tookMs] = await timed(() => call(browser, deployment.worker(0)));
  expect(answer.status).toBe(200);
  expect(tookMs).toBeLessThan(NO_WAIT_MS);
}

const ways = [
  ['500', answers(500)],
  ['403', answers(403, { code: 'AuthorizationFailure' })],
  ['silence', holds],
  ['412 without end', conflicts],
] as const;

describe.runIf(isWholeRun)('the write after a renewal', () => {
  it('that fails once or twice is repeated, and the renewal is stored', { tags: ['T2'] }, async () => {
    for (const times of [1, 2]) {
      const browser = await signedIn(deployment, 'ben', { expired: true });
      const before = redemptions(deployment);
      deployment.proxy.inject({ operation: 'replace', row: 'session', times }, answers(503));
      expect((await call(browser)).status).toBe(200);
      expect((await call(browser)).status).toBe(200);
      expect(redemptions(deployment) - before).toBe(1);
    }
  });

  it.each(ways)(
    'that fails permanently affects neither the call nor the session: %s',
    { tags: ['T2', 'T4'] },
    async (_name, act) => {
      const browser = await signedIn(deployment, 'ben', { expired: true });
      const worker = deployment.worker(0);
      const before = redemptions(deployment);
      const fault = deployment.proxy.inject({ operation: 'replace', row: 'session' }, act);
      const answer = await call(browser, worker);
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body)).toMatchObject({ displayName: 'Ben Brown' });
      expect(fault.met()).toBeGreaterThanOrEqual(1);
      expect(worker.logLines.join('\n')).toContain('token-cache-not-stored');
      fault.end();
      // Entra ID keeps older refresh tokens valid, so the unchanged row can renew again.
      await expectHealthy(browser);
      expect(redemptions(deployment) - before).toBe(2);
    },
  );

  it('that fails permanently costs one new sign-in if refresh tokens work only once, and never mixes up users', {
    tags: ['T2'],
  }, async () => {
    const browser = await signedIn(deployment, 'ben', { expired: true });
    deployment.world.entra.switches.strictRefreshTokenRotation = true;
    const fault = deployment.proxy.inject({ operation: 'replace', row: 'session' }, answers(500));
    expect((await call(browser, deployment.worker(0))).status).toBe(200);
    fault.end();
    const answer = await call(browser, deployment.worker(0));
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'interaction_required' });
    expect(answer.setCookies).toEqual([]);
  });
});

describe.runIf(isWholeRun)('a response that is lost after a successful write', () => {
  it('of the lease: the holder recognizes its own lease and does not wait', { tags: ['T3'] }, async () => {
    const browser = await signedIn(deployment, 'ben', { expired: true });
    const before = redemptions(deployment);
    const fault = deployment.proxy.inject({ operation: 'merge', leases: true, times: 1 }, losesAnswer);
    await expectHealthy(browser);
    expect(fault.met()).toBe(1);
    expect(redemptions(deployment) - before).toBe(1);
  });

  it('of the new tokens: they are found in the row, and no other worker renews', {
    tags: ['T3'],
  }, async () => {
    const browser = await signedIn(deployment, 'ben', { expired: true });
    deployment.world.entra.switches.strictRefreshTokenRotation = true;
    const before = redemptions(deployment);
    const fault = deployment.proxy.inject({ operation: 'replace', row: 'session', times: 1 }, losesAnswer);
    await expectHealthy(browser);
    expect(fault.met()).toBe(1);
    for (const worker of deployment.workers) expect((await call(browser, worker)).status).toBe(200);
    expect(redemptions(deployment) - before).toBe(1);
  });

  it('of the sign-in: there is one session, and this browser has it', { tags: ['T3'] }, async () => {
    const { world, proxy } = deployment;
    const rows = (await readSessionRows(world)).length;
    const fault = proxy.inject({ operation: 'insert', row: 'session', times: 1 }, losesAnswer);
    const browser = await signedIn(deployment, 'ben');
    expect(fault.met()).toBe(1);
    expect((await readSessionRows(world)).length).toBe(rows + 1);
    expect((await call(browser)).status).toBe(200);
  });

  it('of every write of the sign-in: no session without a browser remains, and the next attempt signs in', {
    tags: ['T3'],
  }, async () => {
    const { world, proxy } = deployment;
    const rows = await readSessionRows(world);
    const fault = proxy.inject({ operation: 'insert', row: 'session' }, losesAnswer);
    const browser = deployment.browser();
    const page = await signIn(browser, { user: 'ben' });
    expect([page.status, browser.cookies().has('session')]).toEqual([503, false]);
    expect(fault.met()).toBeGreaterThanOrEqual(1);
    fault.end();
    expect(await readSessionRows(world)).toEqual(rows);
    await signIn(browser, { user: 'ben' });
    expect((await call(browser)).status).toBe(200);
  });

  it('of the sign-out: it is complete', { tags: ['T3'] }, async () => {
    const browser = await signedIn(deployment, 'ben');
    const kept = browser.clone();
    const fault = deployment.proxy.inject({ operation: 'delete', row: 'session', times: 1 }, losesAnswer);
    const leaving = await logOut(browser);
    expect(leaving.status).toBe(200);
    expect(JSON.parse(leaving.body)).not.toHaveProperty('complete');
    expect(fault.met()).toBe(1);
    expect((await call(kept)).status).toBe(401);
    report({
      part: 'faults',
      requirements: 'T2, T3',
      what: `writes fail once, twice and permanently (${ways.length} ways); responses to lease, tokens, sign-in and sign-out are lost`,
      result: 'every call 200, no second redemption after a lost response, one row per sign-in, no waiting',
    });
  });
});

describe.runIf(isWholeRun)('a series of write conflicts', () => {
  it('of a few 412 does not prevent the write', { tags: ['T4'] }, async () => {
    const browser = await signedIn(deployment, 'ben', { expired: true });
    const before = redemptions(deployment);
    deployment.proxy.inject({ operation: 'merge', leases: true, times: 3 }, conflicts);
    deployment.proxy.inject({ operation: 'replace', row: 'session', times: 3 }, conflicts);
    await expectHealthy(browser);
    await expectHealthy(browser);
    expect(redemptions(deployment) - before).toBe(1);
  });

  it('without end results in 503 after a limited number of attempts', {
    tags: ['T4'],
  }, async () => {
    const browser = await signedIn(deployment, 'ben', { expired: true });
    const fault = deployment.proxy.inject({ operation: 'merge', leases: true }, conflicts);
    const [answer, tookMs] = await timed(() => call(browser, deployment.worker(1)));
    fault.end();
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    expect(tookMs).toBeLessThan(NO_WAIT_MS);
    expect(fault.met()).toBeLessThanOrEqual(20);
    await expectHealthy(browser);
  });

  it('ends at once if the session is deleted meanwhile', { tags: ['T4', 'T5'] }, async () => {
    const { world, proxy } = deployment;
    const browser = await signedIn(deployment, 'ben', { expired: true });
    const kept = browser.clone();
    let deleted: Promise<unknown> | undefined;
    proxy.inject({ operation: 'replace', row: 'session', times: 1 }, async (request) => {
      deleted ??= logOut(browser, deployment.worker(1));
      await deleted;
      await conflicts(request);
    });
    expect((await call(kept, deployment.worker(0))).status).toBe(401);
    expect((await readSessionRows(world)).map((row) => row.rowKey)).not.toContain(keysOf(world, kept).rowKey);
    expect((await call(kept, deployment.worker(2))).status).toBe(401);
  });

  it('at random in 50 calls on three processes affects no call and causes one redemption', {
    tags: ['T4', 'K2'],
  }, async () => {
    const browser = await signedIn(deployment, 'ben', { expired: true });
    const before = redemptions(deployment);
    const random = createSeeded();
    let conflictsMet = 0;
    let inARow = 0;
    deployment.proxy.inject({ operation: ['merge', 'replace'], row: 'session' }, async (request) => {
      // More in a row than the attempts of a writer would be the series without end.
      if (inARow < 3 && random.next() < 0.3) {
        conflictsMet++;
        inARow++;
        return conflicts(request);
      }
      inARow = 0;
      request.reply(await request.apply());
    });
    const answered = await Promise.all(
      Array.from({ length: 50 }, (_, at) => call(browser, deployment.worker(at % 3))),
    );
    const seed = `seed ${random.seed}`;
    expect(
      answered.map(({ status }) => status),
      seed,
    ).toEqual(Array.from({ length: 50 }, () => 200));
    expect(redemptions(deployment) - before, seed).toBe(1);
    report({
      part: 'faults',
      requirements: 'T4',
      what: `412 to leases and writes: three times, always, and in 30 % of cases (${conflictsMet} here) over 50 calls`,
      result: '50 × 200, one redemption; if always, 503 in time; a deleted session stays deleted',
    });
  });
});

describe.runIf(isWholeRun)('races of inserts and deletions', () => {
  it('create one session for twelve concurrent callbacks on three workers, with responses out of order', {
    tags: ['T5'],
  }, async () => {
    const { world, proxy } = deployment;
    const known = knownAtEntra(await signedIn(deployment, 'alice'));
    const address = await callbackAddress(known);
    const rows = (await readSessionRows(world)).length;
    let letGo = () => {};
    const others = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    // The first insert gets the last response.
    const first = proxy.inject({ operation: 'insert', row: 'session', times: 1 }, answersAfter(others));
    const browsers = Array.from({ length: 12 }, () => known.clone());
    const landing = browsers.map((browser, at) =>
      browser.request(`${deployment.worker(at % 3).origin}${address.pathname}${address.search}&bounced=1`),
    );
    let landed = 0;
    for (const one of landing)
      one.then(
        () => landed++,
        () => {},
      );
    await first.reached;
    // Entra ID redeems a code once, so the other eleven cause no insert.
    await expect.poll(() => landed, patiently).toBe(11);
    letGo();
    const answered = await Promise.all(landing);
    expect(answered.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 303));
    expect((await readSessionRows(world)).length).toBe(rows + 1);
    const holders = browsers.filter((browser) => browser.cookies().has('session'));
    expect(holders).toHaveLength(1);
    for (const holder of holders) expect((await call(holder)).status).toBe(200);
  });

  it('never restore a row that is deleted between two steps of a call', {
    tags: ['T5'],
  }, async () => {
    const { world, proxy } = deployment;
    for (const operation of ['merge', 'replace'] as const) {
      const browser = await signedIn(deployment, 'ben', { expired: true });
      const { partitionKey = '', rowKey = '' } = await rowOf(world, browser);
      proxy.inject({ operation, row: 'session', times: 1 }, async ({ apply, reply }) => {
        await tableOf(world).deleteEntity(partitionKey, rowKey);
        reply(await apply());
      });
      expect((await call(browser)).status).toBe(401);
      expect((await call(browser)).status).toBe(401);
      expect((await readSessionRows(world)).map((row) => row.rowKey)).not.toContain(rowKey);
    }
    report({
      part: 'faults',
      requirements: 'T5',
      what: '12 concurrent callbacks of one sign-in, responses out of order; rows deleted between read, lease and write',
      result: 'one session, one cookie; a deleted row is never written again',
    });
  });
});
