import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultGraphSwitches, type Respond } from '@entra-bff/graph-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { withSentIds } from '../support/batch-answer.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

const rule = (path: string) => ({ methods: ['GET', 'POST'], path, scopes: ['User.Read'] });
const policy = {
  features: {
    profile: { title: 'Profile', signIn: true, rules: [rule('/v1.0/me')] },
    photo: { title: 'Photo', rules: [rule('/v1.0/me/photo/$value')] },
  },
};
const profile = '/api/graph/v1.0/me';
const photo = '/api/graph/v1.0/me/photo/$value';
const folder = mkdtempSync(join(tmpdir(), 'policy-'));

let world: World;
let worker: Worker;
let alice: UserAgent;
let others: readonly UserAgent[];

beforeAll(async () => {
  world = await startWorld();
  grantSignIn(world);
  const policyFile = join(folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(policy));
  worker = await world.startWorker({ environment: { GRAPH_POLICY_FILE: policyFile } });
  const signedIn = async (user: string) => {
    const browser = worker.browser();
    await signIn(browser, { user });
    return browser;
  };
  alice = await signedIn('alice');
  others = [await signedIn('ben'), await signedIn('mia')];
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});
afterEach(async () => {
  Object.assign(world.graph.switches, defaultGraphSwitches());
  world.graph.respondWith(undefined);
  // Ends every pause, and closes the breakers.
  world.pass(60);
  for (const path of [profile, photo]) await alice.script('GET', path);
  world.graph.requests.length = 0;
});

const everyone = () => [alice, ...others];
const callAll = (path: string) => Promise.all(everyone().map((browser) => browser.script('GET', path)));
const statusesOf = (answers: readonly WireAnswer[]) => answers.map(({ status }) => status);
const codesOf = (answers: readonly WireAnswer[]) => answers.map(({ headers }) => headers['bff-problem']);
/** The events and rules of the problems that the log has. */
const problemsInLog = () =>
  worker.logLines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .flatMap(({ event, rules }) => (event === 'refused' || event === 'failed' ? [[event, rules]] : []));
const respondWith = (respond: Respond) => world.graph.respondWith(respond);

describe('an outage of Graph', () => {
  it('passes the first errors on, holds further calls back, and ends within the announced pause', {
    tags: ['G1', 'PX-18'],
  }, async () => {
    world.graph.switches.unavailable = true;
    expect(codesOf(await callAll(profile))).toEqual([undefined, undefined, undefined]);
    const asked = world.graph.count();
    worker.logLines.length = 0;
    let pause = 0;
    for (const { status, headers, body } of await callAll(profile)) {
      expect([status, headers['bff-problem']]).toEqual([503, 'upstream_unavailable']);
      expect(JSON.parse(body)).toMatchObject({ error: { code: 'upstream_unavailable' } });
      pause = Number(headers['retry-after']);
      expect(pause).toBeGreaterThanOrEqual(4);
      expect(pause).toBeLessThanOrEqual(5);
    }
    expect(world.graph.count()).toBe(asked);
    // One counted line of the worker stands for them.
    expect(problemsInLog()).toEqual([]);
    world.graph.switches.unavailable = false;
    world.pass(pause);
    expect(statusesOf(await callAll(profile))).toContain(200);
    expect(statusesOf(await callAll(profile))).toEqual([200, 200, 200]);
  });

  it('in one feature affects neither calls of others nor their parts of a batch', {
    tags: ['G1', 'PX-18'],
  }, async () => {
    respondWith(({ target }, response) => {
      response.writeHead(target.includes('photo') ? 503 : 200, { 'content-type': 'application/json' });
      response.end('{}');
    });
    await callAll(photo);
    expect(codesOf(await callAll(photo))).toEqual(Array(3).fill('upstream_unavailable'));
    expect(statusesOf(await callAll(profile))).toEqual([200, 200, 200]);

    respondWith(({ body }, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(withSentIds(body, '{"responses":[{"id":"1","status":200,"body":{}}]}'));
    });
    const requests = [
      { id: 'photo', method: 'GET', url: '/me/photo/$value' },
      { id: 'me', method: 'GET', url: '/me' },
    ];
    const body = JSON.stringify({ requests });
    const answer = await alice.script('POST', '/api/graph/v1.0/$batch', {
      body,
      headers: { 'content-type': 'application/json', 'content-length': String(body.length) },
    });
    expect(JSON.parse(answer.body).responses).toMatchObject([
      { id: 'photo', status: 503, headers: { 'bff-problem': 'upstream_unavailable' } },
      { id: 'me', status: 200 },
    ]);
    expect(answer.headers['bff-answered-parts']).toBe('0');
  });

  it('for one user, by throttling, does not affect other users', { tags: ['G1'] }, async () => {
    world.graph.switches.throttledCalls = 1;
    expect((await alice.script('GET', profile)).headers['bff-problem']).toBeUndefined();
    worker.logLines.length = 0;
    const held = await alice.script('GET', profile);
    await alice.script('GET', profile);
    expect(problemsInLog()).toEqual([['refused', 'throttled-by-api']]);
    expect([held.status, held.headers['bff-problem'], held.headers['retry-after']]).toEqual([
      429,
      'rate_limited',
      '10',
    ]);
    for (const browser of others) expect((await browser.script('GET', profile)).status).toBe(200);
    expect((await alice.script('GET', photo)).status).toBe(200);
    world.pass(10);
    expect((await alice.script('GET', profile)).status).toBe(200);
  });
});

describe('an outage of the table', () => {
  it('holds back calls for a pause, but no call that ends sessions', { tags: ['T1', 'L1'] }, async () => {
    const elsewhere = worker.browser();
    await signIn(elsewhere, { user: 'alice' });
    // No session is in memory any more.
    world.pass(6);
    worker.table.failAll();
    expect(statusesOf(await callAll(profile))).toEqual([503, 503, 503]);
    worker.table.recover();
    const reads = worker.table.counts.read;
    expect(codesOf(await callAll(profile))).toEqual(Array(3).fill('storage_unavailable'));
    expect(worker.table.counts.read).toBe(reads);
    const ended = await alice.script('DELETE', '/api/auth/sessions');
    expect([ended.status, JSON.parse(ended.body)]).toEqual([200, { ended: 1 }]);
    expect((await elsewhere.script('GET', profile)).status).toBe(401);
    // The call that ended sessions has shown that the table works.
    expect(statusesOf(await callAll(profile))).toEqual([200, 200, 200]);
  });
});
