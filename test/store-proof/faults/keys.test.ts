import { randomBytes } from 'node:crypto';
import { type Directory, demoClient, demoDirectory } from '@entra-bff/directory';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isWholeRun } from '../../support/scale.ts';
import { readSessionRows } from '../../support/table-rows.ts';
import type { UserAgent } from '../../support/user-agent.ts';
import { report } from '../report.ts';
import { call, type Deployment, patiently, signedIn, startDeployment } from './deployment.ts';
import { openRow, rowOf } from './rows.ts';

const key = (id: number) => `${id}:${randomBytes(32).toString('base64url')}`;
const [first, second] = [key(1), key(2)];
const steps = {
  before: first,
  addedLast: `${first},${second}`,
  movedFirst: `${second},${first}`,
  retired: second,
};

const secrets = ['old-secret~only~for~the~emulator', 'new-secret~only~for~the~emulator'];
const directory: Directory = {
  ...demoDirectory,
  registrations: demoDirectory.registrations.map((one) =>
    one.clientId === demoClient.clientId ? { ...one, secrets } : one,
  ),
};

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment({
    directory,
    environment: { SESSION_KEYS: steps.before, ENTRA_CLIENT_SECRET: secrets[0] ?? '' },
  });
});

afterAll(() => deployment.close());
afterEach(() => deployment.reset());

const WORKERS = [0, 1, 2];
const users = ['alice', 'ben', 'mia'] as const;

/** Lets each user call without pause until it is stopped. */
function keepCalling(browsers: readonly UserAgent[]) {
  let stopped = false;
  const seen = new Map<number, number>();
  let slowestMs = 0;
  const done = Promise.all(
    browsers.map(async (browser) => {
      while (!stopped) {
        const startedMs = performance.now();
        const { status } = await call(browser);
        slowestMs = Math.max(slowestMs, performance.now() - startedMs);
        seen.set(status, (seen.get(status) ?? 0) + 1);
      }
    }),
  );
  return {
    seen,
    slowestMs: () => slowestMs,
    async stop() {
      stopped = true;
      await done;
    },
  };
}

/** Restarts one worker at a time. */
async function rollOut(sealingKeys: string): Promise<void> {
  for (const at of WORKERS) await deployment.rollOut(at, { SESSION_KEYS: sealingKeys });
}

const keyIds = async () => new Set((await readSessionRows(deployment.world)).map((row) => row['keyId']));

describe.runIf(isWholeRun)('sealing keys that are rotated in two steps, one worker at a time', () => {
  it('sign no user out under load, and rows are resealed when they are written', {
    tags: ['K3', 'SC-7', 'TC-4'],
  }, async () => {
    const { world } = deployment;
    // Every call renews and therefore writes: Graph accepts the token, but it has less than a minute left.
    world.entra.switches.accessTokenLifetimeSeconds = 59;
    const browsers = await Promise.all(users.map((user) => signedIn(deployment, user)));
    const idle = await signedIn(deployment, 'ben');
    const load = keepCalling(browsers);

    await rollOut(steps.addedLast);
    // No row is written that a worker of the previous step could not read.
    expect(await keyIds()).toEqual(new Set([1]));
    await rollOut(steps.movedFirst);
    for (const browser of browsers) {
      await expect.poll(async () => (await rowOf(world, browser))['keyId'], patiently).toBe(2);
    }
    expect((await rowOf(world, idle))['keyId']).toBe(1);
    // And back, as if the release had to be undone.
    await rollOut(steps.addedLast);
    await rollOut(steps.movedFirst);
    await load.stop();
    expect([...load.seen.keys()]).toEqual([200]);
    // No call waited for the lease of a replaced worker.
    expect(load.slowestMs()).toBeLessThan(10_000);
    const calls = load.seen.get(200) ?? 0;
    expect(calls).toBeGreaterThan(users.length * 10);
    for (const browser of browsers) {
      await call(browser);
      expect((await openRow(world, browser, steps.retired)).facts.claims.principal.name).toBeTruthy();
    }

    // Retired on one worker. Sessions that were written since open there too.
    await deployment.rollOut(0, { SESSION_KEYS: steps.retired });
    for (const browser of browsers) expect((await call(browser, deployment.worker(0))).status).toBe(200);
    await deployment.rollOut(0, { SESSION_KEYS: steps.movedFirst });
    report({
      part: 'keys',
      requirements: 'K3, SC-7, TC-4',
      what: `sealing keys rotated in two steps on 3 processes, one at a time, back and forth, while ${users.length} users call without pause`,
      result: `${calls} calls, all 200: no user is signed out; rows are sealed with the new key when they are written`,
    });
  });

  it('in the wrong order cause 503 and keep the cookie, but sign no user out', {
    tags: ['K3'],
  }, async () => {
    const browser = await signedIn(deployment, 'ben');
    expect((await rowOf(deployment.world, browser))['keyId']).toBe(2);
    await deployment.replace(0, { SESSION_KEYS: steps.before });
    const early = await call(browser, deployment.worker(0));
    expect(early.status).toBe(503);
    expect(early.headers['retry-after']).toMatch(/^\d+$/);
    expect(early.setCookies).toEqual([]);
    await deployment.replace(0, { SESSION_KEYS: steps.addedLast });
    expect((await call(browser, deployment.worker(0))).status).toBe(200);
  });

  it('end a session that is sealed with a retired key, whose cookie is cleared', {
    tags: ['K3', 'SC-7'],
  }, async () => {
    const { world } = deployment;
    let browser = await signedIn(deployment, 'ben');
    while ((await rowOf(world, browser))['keyId'] !== 1) browser = await signedIn(deployment, 'ben');
    await deployment.replace(1, { SESSION_KEYS: steps.retired });
    const answer = await call(browser, deployment.worker(1));
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'session_required' });
    expect(answer.setCookies.some((line) => /^session=;.*max-age=0/i.test(line))).toBe(true);
    // The row stays, so that undoing the release restores sessions whose cookie still exists.
    expect((await call(browser, deployment.worker(0))).status).toBe(200);
    report({
      part: 'keys',
      requirements: 'K3, SC-7',
      what: 'a key is used before all workers have it; a key is removed while rows are sealed with it',
      result:
        'too early: 503, cookie stays, 200 once the worker has the key; removed: 401, cookie cleared, row stays',
    });
  });
});

describe.runIf(isWholeRun)('a client secret that is rotated', () => {
  it('causes 503 on a worker with the old secret, and signs no user out', {
    tags: ['K4'],
  }, async () => {
    const roll = { SESSION_KEYS: steps.movedFirst, ENTRA_CLIENT_SECRET: secrets[1] ?? '' };
    await deployment.replace(0, { ...roll, ENTRA_CLIENT_SECRET: secrets[0] ?? '' });
    await deployment.replace(1, roll);
    await deployment.replace(2, roll);
    // Both secrets are valid.
    for (const at of WORKERS) {
      const browser = await signedIn(deployment, 'ben', { expired: true });
      expect((await call(browser, deployment.worker(at))).status).toBe(200);
    }
    const browser = await signedIn(deployment, 'ben', { expired: true });
    const valid = await signedIn(deployment, 'ben');
    const removed = secrets.shift();
    try {
      const refused = await call(browser, deployment.worker(0));
      expect(refused.status).toBe(503);
      expect(JSON.parse(refused.body)).toMatchObject({ code: 'registration_invalid' });
      expect(refused.setCookies).toEqual([]);
      expect((await call(valid, deployment.worker(0))).status).toBe(200);
      expect((await call(browser, deployment.worker(1))).status).toBe(200);
    } finally {
      if (removed !== undefined) secrets.unshift(removed);
    }
    report({
      part: 'keys',
      requirements: 'K4',
      what: 'client secret rotated on 3 processes; the old one is deleted while one worker still uses it',
      result:
        'both work in the overlap; then 503 on that worker, 200 on the others, and no user is signed out',
    });
  });
});
