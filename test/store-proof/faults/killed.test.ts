import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HOLDER_WAIT_MS } from '../../../src/shared/tokens/renewal-lease.ts';
import { callbackAddress, knownAtEntra } from '../../support/callback-address.ts';
import { isWholeRun } from '../../support/scale.ts';
import { readSessionRows } from '../../support/table-rows.ts';
import type { UserAgent, WireAnswer } from '../../support/user-agent.ts';
import { grantSignIn } from '../../support/world.ts';
import { report } from '../report.ts';
import { call, type Deployment, patiently, redemptions, signedIn, startDeployment } from './deployment.ts';
import type { Act, FaultRule } from './fault-proxy.ts';
import { appliesAndHolds, holds } from './faults.ts';
import { openRow } from './rows.ts';

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment();
});

afterAll(() => deployment.close());

afterEach(async () => {
  deployment.reset();
  for (const [at, worker] of deployment.workers.entries()) if (!worker.isUp()) await deployment.replace(at);
});

/** The longest wait of a call for a dead holder, including its own renewal. */
const LONGEST_CALL_MS = 10_000;
/** Time of a call without any wait, on a busy machine. */
const AT_ONCE_MS = 3_000;

/** A point that is visible from outside: the worker is killed at this request. */
interface Point {
  readonly name: string;
  readonly rule: FaultRule;
  readonly act: Act;
}

const loginPoints: readonly (Point & { readonly newRows: number })[] = [
  { name: 'before the first insert', rule: { operation: 'insert', times: 9 }, act: holds, newRows: 0 },
  {
    name: 'before the insert of the session’s row',
    rule: { operation: 'insert', row: 'session' },
    act: holds,
    newRows: 0,
  },
  {
    name: 'after the insert of the session’s row, before the response',
    rule: { operation: 'insert', row: 'session' },
    act: appliesAndHolds,
    newRows: 1,
  },
];

describe('a worker that is killed during a sign-in, after the code was redeemed', () => {
  const points = isWholeRun ? loginPoints : loginPoints.slice(-1);
  it.each(points)(
    'leaves no half-made session, and the same browser can sign in at once: $name',
    { tags: ['I1'] },
    async ({ name, rule, act, newRows }) => {
      const { world, proxy } = deployment;
      const browser = knownAtEntra(await signedIn(deployment, 'alice'));
      const address = await callbackAddress(browser);
      const rows = (await readSessionRows(world)).length;
      const codes = world.entra.count('token', 'authorization_code');

      const point = proxy.inject({ times: 1, ...rule, worker: 'worker-0' }, act);
      const landing = browser.request(
        `${deployment.worker(0).origin}${address.pathname}${address.search}&bounced=1`,
      );
      landing.catch(() => {});
      await point.reached;
      // An insert that is applied and held back may be applied later, so it is awaited below.
      await deployment.worker(0).kill();
      await expect(landing).rejects.toThrow();
      expect(world.entra.count('token', 'authorization_code')).toBe(codes + 1);
      expect(browser.cookies().has('session')).toBe(false);
      await expect.poll(async () => (await readSessionRows(world)).length, patiently).toBe(rows + newRows);

      // The browser loads the address again. The code has been used, so the sign-in restarts automatically.
      const page = await browser.navigate(`${address.href}&bounced=1`);
      expect(page.status).toBeLessThan(500);
      expect(browser.cookies().has('session')).toBe(true);
      expect((await call(browser, deployment.worker(1))).status).toBe(200);
      report({
        part: 'faults',
        requirements: 'I1',
        what: `SIGKILL during a sign-in, after the code was redeemed, ${name}`,
        result: `no cookie, ${newRows} rows without a cookie; loading the callback again signs in`,
      });
    },
  );
});

const renewalPoints: readonly (Point & { readonly redeems: number; readonly waits: boolean })[] = [
  {
    name: 'after the lease was written',
    rule: { operation: 'merge', leases: true },
    act: appliesAndHolds,
    redeems: 1,
    waits: true,
  },
  {
    name: 'after the redemption, before the write',
    rule: { operation: 'replace', row: 'session' },
    act: holds,
    redeems: 2,
    waits: true,
  },
  {
    name: 'after the write, before the response',
    rule: { operation: 'replace', row: 'session' },
    act: appliesAndHolds,
    redeems: 1,
    waits: false,
  },
];

/** Lets worker 0 renew and kills it at this request. @returns the call's response, if it came before that */
async function killAt(rule: FaultRule, act: Act, browser: UserAgent): Promise<WireAnswer | undefined> {
  let applied: Promise<void> | undefined;
  const point = deployment.proxy.inject({ ...rule, worker: 'worker-0', times: 1 }, (request) => {
    applied = Promise.resolve(act(request));
    return applied;
  });
  const renewing = call(browser, deployment.worker(0)).catch(() => undefined);
  await point.reached;
  await applied;
  await deployment.worker(0).kill();
  return renewing;
}

/** Waits until worker 1 has read the row this number of times from now on. */
async function untilRead(times: number): Promise<void> {
  const reads = () => deployment.proxy.count({ operation: 'read', worker: 'worker-1' });
  const readsBefore = reads();
  await expect.poll(() => reads() - readsBefore, patiently).toBeGreaterThanOrEqual(times);
}

describe.runIf(isWholeRun)('a worker that is killed during a write to Graph', () => {
  const json = { 'content-type': 'application/json', 'content-length': '100' };
  const answers = [
    { name: 'before its response', respond: () => {} },
    {
      name: 'in the middle of its response',
      respond: (_request: unknown, response: ServerResponse) => {
        response.writeHead(201, json).write('{"subject":');
      },
    },
  ];

  it.each(answers)(
    '$name shows the caller no response, and no other worker sends the write again',
    {
      tags: ['I3'],
    },
    async ({ name, respond }) => {
      const { graph } = deployment.world;
      grantSignIn(deployment.world, undefined, ['Calendars.ReadWrite']);
      const browser = await signedIn(deployment, 'alice');
      const writes = () => graph.requests.filter(({ method }) => method === 'POST').length;
      const before = writes();
      graph.respondWith(respond);
      const path = `${deployment.worker(0).origin}/api/graph/v1.0/me/events`;
      const headers = { 'content-type': 'application/json' };
      const writing = browser.script('POST', path, { headers, body: '{"subject":"Once"}' });
      writing.catch(() => {});
      await expect.poll(() => writes() - before, patiently).toBe(1);
      await deployment.worker(0).kill();
      await expect(writing).rejects.toThrow();
      graph.respondWith(undefined);
      expect((await call(browser, deployment.worker(1))).status).toBe(200);
      expect(writes() - before).toBe(1);
      report({
        part: 'faults',
        requirements: 'I3',
        what: `SIGKILL during a write to Graph, ${name}`,
        result: 'the connection to the caller breaks; Graph has received one write; the session stays valid',
      });
    },
  );
});

describe('a worker that is killed during a renewal', () => {
  const points = isWholeRun ? renewalPoints : renewalPoints.slice(1, 2);
  it.each(points)(
    'ends no session, and another worker renews after at most 9 s: $name',
    { tags: ['I2'] },
    async ({ name, rule, act, redeems, waits }) => {
      const browser = await signedIn(deployment, 'ben', { expired: true });
      const before = redemptions(deployment);
      expect(await killAt(rule, act, browser)).toBeUndefined();
      const others = [call(browser, deployment.worker(1)), call(browser, deployment.worker(1))];
      if (waits) {
        await untilRead(4);
        expect(redemptions(deployment) - before).toBe(redeems - 1);
        deployment.worker(1).pass(HOLDER_WAIT_MS);
      }
      expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200]);
      expect(redemptions(deployment) - before).toBe(redeems);
      expect((await call(browser, deployment.worker(2))).status).toBe(200);
      expect(redemptions(deployment) - before).toBe(redeems);
      report({
        part: 'faults',
        requirements: 'I2',
        what: `SIGKILL during a renewal, ${name}`,
        result: `the session stays valid; other workers ${waits ? 'renew after 9 s' : 'use the written tokens at once'}; redemptions in total: ${redeems}`,
      });
    },
  );

  it.runIf(isWholeRun)(
    'delays no call with a valid access token, and 9 s later another worker renews behind a call',
    {
      tags: ['I2'],
    },
    async () => {
      // In its last five minutes, so it should be renewed.
      const browser = await signedIn(deployment, 'ben', { lifetimeSeconds: 200 });
      const before = redemptions(deployment);
      const answer = await killAt({ operation: 'merge', leases: true }, appliesAndHolds, browser);
      expect(answer?.status).toBe(200);
      const startedMs = performance.now();
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, at) => call(browser, deployment.worker(1 + (at % 2)))),
      );
      const tookMs = performance.now() - startedMs;
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
      expect(tookMs).toBeLessThan(AT_ONCE_MS);
      expect(redemptions(deployment) - before).toBe(0);
      // Until both have looked at the lease behind their first calls.
      await delay(1_500);
      expect(redemptions(deployment) - before).toBe(0);
      for (const at of [1, 2]) deployment.worker(at).pass(HOLDER_WAIT_MS);
      for (const at of [1, 2]) expect((await call(browser, deployment.worker(at))).status).toBe(200);
      await expect.poll(() => redemptions(deployment) - before, patiently).toBe(1);
      await delay(1_500);
      expect(redemptions(deployment) - before).toBe(1);
      report({
        part: 'faults',
        requirements: 'I2',
        what: 'a killed holder, 10 calls on 2 workers with a valid access token, in real time',
        result: `10 × 200 after ${(tookMs / 1000).toFixed(1)} s without a redemption; 9 s later another worker renews once, behind a call`,
      });
    },
  );

  it.runIf(isWholeRun)(
    'after the redemption costs one new sign-in if refresh tokens work only once, and never mixes up users',
    {
      tags: ['I2', 'T2'],
    },
    async () => {
      const browser = await signedIn(deployment, 'ben', { expired: true });
      deployment.world.entra.switches.strictRefreshTokenRotation = true;
      expect(await killAt({ operation: 'replace', row: 'session' }, holds, browser)).toBeUndefined();
      const other = call(browser, deployment.worker(1));
      await untilRead(2);
      deployment.worker(1).pass(HOLDER_WAIT_MS);
      const answer = await other;
      expect(answer.status).toBe(401);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'interaction_required' });
    },
  );

  it.runIf(isWholeRun)(
    'delays 10 calls without a valid token on two workers by less than 10 s',
    { tags: ['I2'] },
    async () => {
      const browser = await signedIn(deployment, 'ben', { expired: true });
      const before = redemptions(deployment);
      await killAt({ operation: 'merge', leases: true }, appliesAndHolds, browser);
      const startedMs = performance.now();
      const answered = await Promise.all(
        Array.from({ length: 10 }, (_, at) => call(browser, deployment.worker(1 + (at % 2)))),
      );
      const tookMs = performance.now() - startedMs;
      expect(answered.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
      expect(redemptions(deployment) - before).toBe(1);
      expect(tookMs).toBeGreaterThanOrEqual(HOLDER_WAIT_MS);
      expect(tookMs).toBeLessThan(LONGEST_CALL_MS);
      report({
        part: 'faults',
        requirements: 'I2',
        what: 'a killed holder, 10 calls on 2 workers with an expired access token, in real time',
        result: `10 × 200 after ${(tookMs / 1000).toFixed(1)} s, one redemption`,
      });
    },
  );
});

describe.runIf(isWholeRun)('a worker that is slow to store renewed tokens', () => {
  it.each([
    ['like Entra ID', false],
    ['strictly', true],
  ])(
    'is overtaken after 9 s, with refresh tokens that rotate %s',
    { tags: ['I2', 'K2'] },
    async (how, isStrict) => {
      const { world, proxy } = deployment;
      const browser = await signedIn(deployment, 'ben', { expired: true });
      world.entra.switches.strictRefreshTokenRotation = isStrict;
      const before = redemptions(deployment);
      let letGo = () => {};
      const later = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const write = proxy.inject(
        { operation: 'replace', row: 'session', worker: 'worker-0', times: 1 },
        async ({ apply, reply }) => {
          await later;
          reply(await apply());
        },
      );
      const holder = call(browser, deployment.worker(0));
      await write.reached;
      const other = call(browser, deployment.worker(1));
      await untilRead(2);
      deployment.worker(1).pass(HOLDER_WAIT_MS);
      const overtaking = await other;
      letGo();
      const [slow, next] = [await holder, await call(browser, deployment.worker(2))];
      expect(redemptions(deployment) - before).toBe(2);
      const statuses = [overtaking.status, slow.status, next.status];
      if (isStrict) {
        // The issuer treats the second redemption as theft and revokes all refresh tokens of the sign-in. The access
        // token that the slow worker stores is valid until it expires.
        expect(statuses).toEqual([401, 200, 200]);
        expect(JSON.parse(overtaking.body)).toMatchObject({ code: 'interaction_required' });
      } else {
        expect(statuses).toEqual([200, 200, 200]);
        // The refresh token of the later holder is in the row.
        expect((await openRow(world, browser)).tokenGeneration).toBe(2);
      }
      report({
        part: 'faults',
        requirements: 'I2, K2',
        what: `a holder takes more than 9 s to store its tokens; the issuer rotates refresh tokens ${how}`,
        result: `2 redemptions; the overtaking worker returns ${statuses[0]}, the holder ${statuses[1]}, a third worker ${statuses[2]}`,
      });
    },
  );
});
