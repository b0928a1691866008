import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isWholeRun } from '../../support/scale.ts';
import { readSessionRows } from '../../support/table-rows.ts';
import { report } from '../report.ts';
import { call, type Deployment, logOut, redemptions, signedIn, startDeployment } from './deployment.ts';
import type { Act } from './fault-proxy.ts';
import { answers, holds } from './faults.ts';
import { deleteTable } from './rows.ts';

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment();
});

afterAll(() => deployment.close());
afterEach(() => deployment.reset());

const READ_BUDGET_MS = 2_000;
const SLACK_MS = 1_500; // Tolerance for a busy machine.

const failures: readonly (readonly [name: string, act: Act])[] = [
  ['500', answers(500)],
  ['503', answers(503)],
  ['503 with Retry-After', answers(503, { retryAfterSeconds: 1 })],
  ['429', answers(429)],
  ['429 with Retry-After', answers(429, { retryAfterSeconds: 30 })],
  ['403', answers(403, { code: 'AuthorizationFailure' })],
  [
    'a 404 of something in between',
    ({ reply }) => reply({ status: 404, headers: {}, body: Buffer.alloc(0) }),
  ],
  ['a cut connection', ({ cut }) => cut()],
  ['silence', holds],
];

describe.runIf(isWholeRun)('a read of storage that fails', () => {
  it('once or twice is repeated, and the call succeeds', { tags: ['T1'] }, async () => {
    const browser = await signedIn(deployment, 'ben');
    for (const times of [1, 2]) {
      for (const act of [answers(500), answers(503)]) {
        const fault = deployment.proxy.inject({ operation: 'read', times }, act);
        expect((await call(browser)).status).toBe(200);
        expect(fault.met()).toBe(times);
        fault.end();
      }
    }
  });

  it(`permanently results in 503 with Retry-After, and the same cookie works afterwards (${failures.length} kinds of failure)`, {
    tags: ['T1', 'T6'],
  }, async () => {
    const { proxy, world } = deployment;
    const browser = await signedIn(deployment, 'ben');
    const cookie = browser.cookies().get('session');
    const before = { graph: world.graph.count(), redeemed: redemptions(deployment) };
    let slowestMs = 0;
    // One kind of failure per worker at a time.
    await Promise.all(
      deployment.workers.map(async (worker, at) => {
        for (const [name, act] of failures.filter((_, index) => index % deployment.workers.length === at)) {
          const fault = proxy.inject({ operation: 'read', worker: worker.name }, act);
          for (const path of ['/api/graph/v1.0/me', '/api/auth/session']) {
            const startedMs = performance.now();
            const answer = await browser.script('GET', `${worker.origin}${path}`);
            slowestMs = Math.max(slowestMs, performance.now() - startedMs);
            expect(answer.status, `${name} ${path}`).toBe(503);
            expect(JSON.parse(answer.body)).toMatchObject({ code: 'storage_unavailable' });
            expect(answer.headers['retry-after']).toMatch(/^\d+$/);
            expect(answer.setCookies).toEqual([]);
          }
          expect(fault.met()).toBeGreaterThanOrEqual(2);
          fault.end();
          expect((await call(browser, worker)).status, `after ${name}`).toBe(200);
        }
      }),
    );
    expect(slowestMs).toBeLessThan(READ_BUDGET_MS + SLACK_MS);
    expect(browser.cookies().get('session')).toBe(cookie);
    expect(world.graph.count() - before.graph).toBe(failures.length);
    expect(redemptions(deployment)).toBe(before.redeemed);
    report({
      part: 'faults',
      requirements: 'T1, T6',
      what: `reads fail in ${failures.length} ways, on 2 routes each`,
      result: `${failures.length * 2} × 503 with Retry-After, slowest ${Math.round(slowestMs)} ms; the same cookie works afterwards`,
    });
  });
});

describe.runIf(isWholeRun)('a storage account that refuses access', () => {
  it('prevents sign-ins, and a sign-out is reported as incomplete and completed at the next visit', {
    tags: ['T6', 'L2'],
  }, async () => {
    const { proxy, world } = deployment;
    const browser = await signedIn(deployment, 'ben');
    const kept = browser.clone();
    const rows = (await readSessionRows(world)).length;
    const refusal = proxy.inject({}, answers(403, { code: 'AuthorizationFailure' }));

    await expect(signedIn(deployment, 'alice')).rejects.toThrow('not signed in: 503');
    expect((await call(browser, undefined, '/api/admin')).status).toBe(503);
    expect((await call(browser, undefined, '/api/health/ready')).status).toBe(503);

    const leaving = await logOut(browser);
    expect(leaving.status).toBe(200);
    expect(JSON.parse(leaving.body)).toMatchObject({ complete: false });
    expect(browser.cookies().has('session')).toBe(false);
    expect(browser.cookies().has('logout-pending')).toBe(true);

    refusal.end();
    expect((await readSessionRows(world)).length).toBe(rows);
    expect((await call(kept)).status).toBe(200);
    // As documented: until the next visit of this browser, or until the idle limit.
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: false });
    expect(browser.cookies().has('logout-pending')).toBe(false);
    expect((await readSessionRows(world)).length).toBe(rows - 1);
    expect((await call(kept)).status).toBe(401);
    report({
      part: 'faults',
      requirements: 'T6, L2',
      what: 'storage returns 403 to every request: sign-in, call, sign-out',
      result:
        'no sign-in completes; the sign-out clears the cookie, reports that it is incomplete, and completes at the next visit',
    });
  });
});

describe.runIf(isWholeRun)('a deleted table', () => {
  it('has no sessions, keeps cookies, and is created again by the next sign-in', {
    tags: ['T6'],
  }, async () => {
    const browser = await signedIn(deployment, 'ben');
    await deleteTable(deployment.world);
    const answer = await call(browser);
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'session_required' });
    expect(answer.setCookies).toEqual([]);

    // As the service answers for a while after a deletion.
    const deleting = deployment.proxy.inject(
      { operation: 'table' },
      answers(409, { code: 'TableBeingDeleted' }),
    );
    await expect(signedIn(deployment, 'ben')).rejects.toThrow('not signed in: 503');
    expect(deleting.met()).toBeGreaterThanOrEqual(1);
    deleting.end();
    expect((await call(await signedIn(deployment, 'ben'))).status).toBe(200);
  });
});
