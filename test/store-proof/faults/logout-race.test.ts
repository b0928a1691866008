import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isWholeRun } from '../../support/scale.ts';
import { readRows } from '../../support/table-rows.ts';
import { report } from '../report.ts';
import { createSeeded } from '../seeded.ts';
import { call, type Deployment, logOut, redemptions, signedIn, startDeployment } from './deployment.ts';
import { answers, answersAfter } from './faults.ts';
import { keysOf } from './rows.ts';

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment();
});

afterAll(() => deployment.close());
afterEach(() => deployment.reset());

const races = 50;
const CALLS = 6;
const MAX_DELAY_MS = 60;
const MAX_STORAGE_DELAY_MS = 15;

describe.runIf(isWholeRun)('a sign-out', () => {
  it(`wins ${races} races with calls, renewals and use on three processes: no 200 afterwards, and no row`, {
    tags: ['L1'],
    timeout: 240_000,
  }, async () => {
    const { world, proxy } = deployment;
    const random = createSeeded();
    const seed = `seed ${random.seed}`;
    const counts = { served: 0, refused: 0, renewed: 0 };
    for (let race = 0; race < races; race++) {
      const browser = await signedIn(deployment, 'ben', { expired: random.next() < 0.7 });
      const kept = browser.clone();
      const { partitionKey, rowKey } = keysOf(world, browser);
      const before = redemptions(deployment);
      // Every storage operation takes a different time.
      const slow = proxy.inject({}, async ({ apply, reply }) => {
        const answer = await apply();
        await delay(random.below(MAX_STORAGE_DELAY_MS));
        reply(answer);
      });
      const calls = Array.from({ length: CALLS }, async () => {
        await delay(random.below(MAX_DELAY_MS));
        const path = random.next() < 0.7 ? '/api/graph/v1.0/me' : '/api/auth/session';
        return { path, answer: await call(kept, deployment.worker(random.below(3)), path) };
      });
      await delay(random.below(MAX_DELAY_MS));
      const leaving = await logOut(browser, deployment.worker(random.below(3)));
      expect(leaving.status, seed).toBe(200);
      const late = await Promise.all(deployment.workers.map((worker) => call(kept, worker)));
      expect(
        late.map(({ status }) => status),
        `${seed}, race ${race}`,
      ).toEqual([401, 401, 401]);
      for (const { path, answer } of await Promise.all(calls)) {
        expect([200, 401], `${seed}, race ${race}: ${answer.body}`).toContain(answer.status);
        const isServed =
          answer.status === 200 && (path.includes('graph') || answer.body.includes('"signed_in":true'));
        if (isServed) counts.served++;
        else counts.refused++;
      }
      slow.end();
      const left = (await readRows(world)).filter(
        (row) => row.partitionKey === partitionKey && row.rowKey === rowKey,
      );
      expect(left, `${seed}, race ${race}`).toEqual([]);
      counts.renewed += redemptions(deployment) - before;
    }
    // The races must not all have the same outcome.
    expect(counts.served, seed).toBeGreaterThan(0);
    expect(counts.refused, seed).toBeGreaterThan(0);
    report({
      part: 'faults',
      requirements: 'L1',
      what: `${races} sign-outs during ${races * CALLS} calls and ${counts.renewed} renewals, on 3 processes`,
      result: `${counts.served} calls served before, ${counts.refused} refused after; 0 of ${races * 3} later calls served, 0 rows left`,
    });
  });

  it('on two workers at once, or with a late response, ends the session for good', {
    tags: ['L1', 'L3'],
  }, async () => {
    const { proxy } = deployment;
    const browser = await signedIn(deployment, 'ben');
    const [kept, twin] = [browser.clone(), browser.clone()];
    let letGo = () => {};
    const late = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const held = proxy.inject({ operation: 'delete', row: 'session', times: 1 }, answersAfter(late));
    const first = logOut(browser, deployment.worker(0));
    await held.reached;
    expect((await logOut(twin, deployment.worker(1))).status).toBe(200);
    expect((await call(kept, deployment.worker(2))).status).toBe(401);
    letGo();
    expect((await first).status).toBe(200);
    expect((await call(kept, deployment.worker(0))).status).toBe(401);
  });

  it('while storage is down takes effect on this worker at once, and elsewhere at the next visit of the browser', {
    tags: ['L2'],
  }, async () => {
    const browser = await signedIn(deployment, 'ben');
    const kept = browser.clone();
    const outage = deployment.proxy.inject({}, answers(503));
    const leaving = await logOut(browser, deployment.worker(0));
    expect(JSON.parse(leaving.body)).toMatchObject({ complete: false });
    expect([...browser.cookies().keys()]).toEqual(['logout-pending']);
    outage.end();
    // This worker could not delete the row.
    expect((await browser.script('GET', `${deployment.worker(1).origin}/api/auth/session`)).status).toBe(200);
    expect([...browser.cookies().keys()]).toEqual([]);
    for (const worker of deployment.workers) expect((await call(kept, worker)).status).toBe(401);
    report({
      part: 'faults',
      requirements: 'L2',
      what: 'sign-out while storage returns 503 to every request',
      result: 'cookie cleared, response "not complete", completed at the next visit on any worker',
    });
  });
});

describe.runIf(isWholeRun)('a sign-out with sessions cached for one second', () => {
  it('takes effect at once on its worker, and on others when their cached session expires', {
    tags: ['L1'],
  }, async () => {
    const seconds = 1;
    const copying = await startDeployment({ environment: { SESSION_CACHE_SECONDS: String(seconds) } });
    try {
      const browser = await signedIn(copying, 'ben');
      const kept = browser.clone();
      for (const worker of copying.workers) expect((await call(kept, worker)).status).toBe(200);
      expect((await logOut(browser, copying.worker(0))).status).toBe(200);
      expect((await call(kept, copying.worker(0))).status).toBe(401);
      for (const worker of copying.workers.slice(1)) {
        worker.pass(seconds * 1000);
        expect((await call(kept, worker)).status).toBe(401);
      }
      report({
        part: 'faults',
        requirements: 'L1',
        what: `sign-out on one of 3 processes that cache the session for ${seconds} s`,
        result: `401 at once on that process, and on the others after ${seconds} s on their clocks`,
      });
    } finally {
      await copying.close();
    }
  });
});
