import { setTimeout as delay } from 'node:timers/promises';
import { demoUsers } from '@entra-bff/directory';
import { jsonReply } from '@entra-bff/emulator-kit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callbackAddress, knownAtEntra } from '../../support/callback-address.ts';
import { isWholeRun } from '../../support/scale.ts';
import { readSessionRows } from '../../support/table-rows.ts';
import type { WireAnswer } from '../../support/user-agent.ts';
import { report } from '../report.ts';
import { call, type Deployment, redemptions, signedIn, startDeployment } from './deployment.ts';
import { openRow, rowOf } from './rows.ts';

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment();
});

afterAll(() => deployment.close());
afterEach(() => deployment.reset());

const tokenRequests = () => deployment.world.entra.count('token');

function expectUnavailable(answer: WireAnswer): void {
  expect(answer.status).toBe(503);
  expect(JSON.parse(answer.body)).toMatchObject({ code: 'sign_in_service_unavailable' });
  expect(answer.headers['retry-after']).toMatch(/^\d+$/);
  expect(answer.setCookies).toEqual([]);
}

describe.runIf(isWholeRun)('a failing token endpoint', () => {
  const outages = ['json-503', 'html-502'] as const;
  it.each(outages)(
    'delays only calls without a valid access token, and signs no user out: %s',
    { tags: ['E1'] },
    async (outage) => {
      const { switches } = deployment.world.entra;
      const valid = await signedIn(deployment, 'alice');
      const expired = await signedIn(deployment, 'ben', { expired: true });
      // Graph has cached the keys of Entra ID, so only the service is affected by the outage.
      expect((await call(valid)).status).toBe(200);
      switches.outage = outage;
      const before = tokenRequests();
      for (const worker of deployment.workers) expect((await call(valid, worker)).status).toBe(200);
      expect(tokenRequests()).toBe(before);
      for (const worker of deployment.workers) expectUnavailable(await call(expired, worker));
      switches.outage = 'none';
      expect((await call(expired)).status).toBe(200);
    },
  );

  it('gets only one probe after five failures in a row, whose success ends the pause', {
    tags: ['E1'],
  }, async () => {
    const { switches } = deployment.world.entra;
    const worker = deployment.worker(0);
    const browser = await signedIn(deployment, 'ben', { expired: true });
    // After this success, the worker has forgotten earlier failures, also of this user.
    expect((await call(await signedIn(deployment, 'ben', { expired: true }), worker)).status).toBe(200);
    switches.outage = 'json-503';
    const before = tokenRequests();
    for (let round = 0; round < 12; round++) expectUnavailable(await call(browser, worker));
    expect(tokenRequests() - before).toBe(5);
    worker.pass(5_000);
    for (let round = 0; round < 3; round++) expectUnavailable(await call(browser, worker));
    expect(tokenRequests() - before).toBe(6);
    switches.outage = 'none';
    worker.pass(5_000);
    expect((await call(browser, worker)).status).toBe(200);
    expect(tokenRequests() - before).toBe(7);
    const other = await signedIn(deployment, 'alice', { expired: true });
    expect((await call(other, worker)).status).toBe(200);
    report({
      part: 'faults',
      requirements: 'E1',
      what: `token endpoint returns 503, or 502 with HTML: valid and expired access tokens on 3 processes; 15 calls on one of them during the outage`,
      result:
        'valid tokens: 200; expired: 503 with Retry-After; 6 token requests, the sixth is a probe; after the outage 200',
    });
  });

  it('that does not respond delays a call by at most 10 s, and the session continues', {
    tags: ['E1'],
  }, async () => {
    const { intercept } = deployment.world.entra;
    const browser = await signedIn(deployment, 'ben', { expired: true });
    intercept.tokenResponse = async (reply) => {
      await delay(30_000, undefined, { ref: false });
      return reply;
    };
    const startedMs = performance.now();
    const answers = await Promise.all(deployment.workers.map((worker) => call(browser, worker)));
    const tookMs = performance.now() - startedMs;
    for (const answer of answers) expectUnavailable(answer);
    expect(tookMs).toBeLessThan(10_000);
    intercept.tokenResponse = undefined;
    expect((await call(browser)).status).toBe(200);
    report({
      part: 'faults',
      requirements: 'E1',
      what: 'token endpoint does not respond for 30 s: calls on 3 processes',
      result: `3 × 503 after ${(tookMs / 1000).toFixed(1)} s; the session stays valid`,
    });
  });
});

describe.runIf(isWholeRun)('a token endpoint that answers 429 with Retry-After', () => {
  it('pauses that user, and after a second throttled user the whole worker, but neither valid tokens nor other workers', {
    tags: ['E2'],
  }, async () => {
    const { entra } = deployment.world;
    const [worker, other] = [deployment.worker(0), deployment.worker(1)];
    const throttled = await signedIn(deployment, 'ben', { expired: true });
    const second = await signedIn(deployment, 'mia', { expired: true });
    const valid = await signedIn(deployment, 'alice');
    const elsewhere = await signedIn(deployment, 'gus', { expired: true });
    const signingIn = knownAtEntra(valid);
    const callback = async () => {
      const { pathname, search } = await callbackAddress(signingIn);
      return `${worker.origin}${pathname}${search}&bounced=1`;
    };
    const throttle = async (browser: typeof throttled) => {
      entra.switches.throttledRetryAfterSeconds = 20;
      const before = tokenRequests();
      expectUnavailable(await call(browser, worker));
      entra.switches.throttledRetryAfterSeconds = 0;
      expect(tokenRequests() - before).toBe(1);
    };

    await throttle(throttled);
    const before = tokenRequests();
    for (let round = 0; round < 3; round++) {
      const answer = await call(throttled, worker);
      expectUnavailable(answer);
      expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(20);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(10);
    }
    expect(tokenRequests() - before).toBe(0);
    // A sign-in may be of another user, who is not throttled.
    expect((await signingIn.request(await callback())).status).toBe(303);
    expect(tokenRequests() - before).toBe(1);

    await throttle(second);
    const agreed = tokenRequests();
    for (const browser of [throttled, second, elsewhere]) {
      const answer = await call(browser, worker);
      expectUnavailable(answer);
      expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(20);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(5);
    }
    // A sign-in needs the token endpoint too. Its code is not used, so the same page can be loaded later.
    const landing = await callback();
    expect((await signingIn.request(landing)).status).toBe(503);
    expect((await call(valid, worker)).status).toBe(200);
    expect(tokenRequests() - agreed).toBe(0);
    expect((await call(second, other)).status).toBe(200);
    expect(tokenRequests() - agreed).toBe(1);

    worker.pass(20_000);
    expect((await signingIn.request(landing)).status).toBe(303);
    expect(signingIn.cookies().has('session')).toBe(true);
    expect((await call(throttled, worker)).status).toBe(200);
    expect((await call(elsewhere, worker)).status).toBe(200);
    report({
      part: 'faults',
      requirements: 'E2',
      what: '429 with Retry-After 20 to one user on one of 3 processes, then to a second user',
      result:
        'no further requests for that user, others are served; then none from that worker, sign-ins included; valid tokens are used',
    });
  });
});

describe.runIf(isWholeRun)('a refusal of a renewal', () => {
  const cases = [
    ['invalid_grant', 400, { error: 'invalid_grant', error_codes: [700082] }, 'refresh_token_expired'],
    ['a changed password', 400, { error: 'invalid_grant', error_codes: [50173] }, 'refresh_token_revoked'],
    [
      'a claims challenge',
      400,
      { error: 'interaction_required', error_codes: [50076], claims: '{"access_token":{}}' },
      'two_factor_required',
    ],
    ['missing consent', 400, { error: 'invalid_grant', suberror: 'consent_required' }, 'consent_required'],
    ['HTML', 400, '<html></html>', undefined],
    ['an unknown error', 400, { error: 'something_new' }, undefined],
    ['our own secret', 401, { error: 'invalid_client', error_codes: [7000222] }, undefined],
  ] as const;

  it('requires an interaction only if the user can help, otherwise gets 503, and never changes the row', {
    tags: ['E3'],
  }, async () => {
    const { world } = deployment;
    const browser = await signedIn(deployment, 'ben', { expired: true });
    const cache = (await openRow(world, browser)).msalCache;
    for (const [at, [name, status, body, reason]] of cases.entries()) {
      world.entra.intercept.tokenResponse = () =>
        typeof body === 'string'
          ? { status, headers: { 'content-type': 'text/html' }, body }
          : jsonReply(status, body);
      const answer = await call(browser, deployment.worker(at % 3));
      if (name === 'our own secret') {
        expect([answer.status, answer.headers['retry-after'], answer.setCookies]).toEqual([
          503,
          undefined,
          [],
        ]);
        expect(JSON.parse(answer.body)).toMatchObject({ code: 'registration_invalid' });
      } else if (reason === undefined) expectUnavailable(answer);
      else {
        expect(answer.status, name).toBe(401);
        expect(JSON.parse(answer.body)).toMatchObject({ code: 'interaction_required', reason });
        expect(answer.setCookies).toEqual([]);
      }
      expect((await openRow(world, browser)).msalCache).toBe(cache);
    }
    world.entra.intercept.tokenResponse = undefined;
    // A worker remembers the refusal of its own secret for five seconds.
    deployment.worker(0).pass(5_000);
    expect((await call(browser)).status).toBe(200);
    report({
      part: 'faults',
      requirements: 'E3',
      what: `${cases.length} kinds of refusal by the token endpoint, on 3 processes`,
      result: '401 with a reason if only the user can help, otherwise 503; the stored tokens are unchanged',
    });
  });
});

describe.runIf(isWholeRun)('a renewal with a wrong answer', () => {
  it('is never stored: another user ends the session, fewer scopes require an interaction, a missing identity is 503', {
    tags: ['E5'],
  }, async () => {
    const { world } = deployment;
    const { intercept } = world.entra;

    const anonymous = await signedIn(deployment, 'ben', { expired: true });
    const cache = (await openRow(world, anonymous)).msalCache;
    intercept.tokenResponse = (reply) => {
      const { id_token: _, client_info: __, ...rest } = { ...Object(reply.body) };
      return { ...reply, body: rest };
    };
    expectUnavailable(await call(anonymous, deployment.worker(0)));
    expect((await openRow(world, anonymous)).msalCache).toBe(cache);

    intercept.tokenResponse = (reply) => ({
      ...reply,
      body: { ...Object(reply.body), scope: 'openid profile' },
    });
    const before = redemptions(deployment);
    const fewer = await call(anonymous, deployment.worker(1));
    expect(redemptions(deployment) - before).toBe(1);
    expect(fewer.status).toBe(401);
    expect(JSON.parse(fewer.body)).toMatchObject({
      code: 'interaction_required',
      reason: 'consent_required',
    });
    intercept.tokenResponse = undefined;

    const other = await signedIn(deployment, 'mia', { expired: true });
    const { rowKey } = await rowOf(world, other);
    intercept.idTokenClaims = (claims) => ({
      ...claims,
      oid: demoUsers.alice.id,
      name: demoUsers.alice.name,
    });
    const graphBefore = world.graph.count();
    const swapped = await call(other, deployment.worker(2));
    expect(swapped.status).toBe(401);
    expect(swapped.body).not.toContain(demoUsers.alice.name);
    expect(world.graph.count()).toBe(graphBefore);
    expect((await readSessionRows(world)).map((row) => row.rowKey)).not.toContain(rowKey);
    report({
      part: 'faults',
      requirements: 'E5',
      what: 'renewals return no identity, fewer scopes, or another user',
      result:
        'stored tokens unchanged, 503 and 401; another user: session ended, row deleted, no call to Graph',
    });
  });
});

describe.runIf(isWholeRun)('signing keys', () => {
  it('that cannot be read prevent sign-ins and renewals, but end no session', {
    tags: ['E4'],
  }, async () => {
    const { world } = deployment;
    const valid = await signedIn(deployment, 'alice');
    const expired = await signedIn(deployment, 'ben', { expired: true });
    const cache = (await openRow(world, expired)).msalCache;
    // A worker that has not loaded the keys yet.
    const worker = await deployment.replace(0);
    world.entra.intercept.keys = () => ({ status: 503, headers: {}, body: '' });
    const rows = (await readSessionRows(world)).length;
    const signingIn = knownAtEntra(valid);
    const { pathname, search } = await callbackAddress(signingIn);
    expect((await signingIn.request(`${worker.origin}${pathname}${search}&bounced=1`)).status).toBe(503);
    expect(signingIn.cookies().has('session')).toBe(false);
    expect((await readSessionRows(world)).length).toBe(rows);
    expectUnavailable(await call(expired, worker));
    expect((await openRow(world, expired)).msalCache).toBe(cache);
    expect((await call(valid, worker)).status).toBe(200);

    world.entra.intercept.keys = undefined;
    // Rotated meanwhile. One request loads the new key.
    await world.entra.rotateKeys();
    const keysBefore = world.entra.count('keys');
    expect((await call(expired, worker)).status).toBe(200);
    const fetched = world.entra.requests
      .slice(-50)
      .filter(({ kind, headers }) => kind === 'keys' && headers['user-agent'] !== 'graph-emulator').length;
    expect(world.entra.count('keys')).toBeGreaterThan(keysBefore);
    expect(fetched).toBeGreaterThan(0);
    report({
      part: 'faults',
      requirements: 'E4',
      what: 'signing keys cannot be read by a worker without cached keys; then they are rotated',
      result:
        'no sign-in completes, no renewal is accepted, valid sessions are served; after the rotation the new key is found',
    });
  });
});
