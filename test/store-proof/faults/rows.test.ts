import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HOLDER_WAIT_MS } from '../../../src/shared/tokens/renewal-lease.ts';
import { isWholeRun } from '../../support/scale.ts';
import { signIn } from '../../support/world.ts';
import { report } from '../report.ts';
import { call, type Deployment, redemptions, signedIn, startDeployment } from './deployment.ts';
import { appliesAndHolds } from './faults.ts';
import { changeRow, openRow, rowOf } from './rows.ts';

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment();
});

afterAll(() => deployment.close());
afterEach(() => deployment.reset());

// Text that does not compress well: with it the row has two parts and more.
const PAD_BYTES = 33 * 1024;
const padded = () => {
  deployment.world.entra.intercept.idTokenClaims = (claims) => ({
    ...claims,
    pad: randomBytes(PAD_BYTES).toString('base64url'),
  });
};

const isCookieCleared = (setCookies: readonly string[]) =>
  setCookies.some((line) => /^session=;.*max-age=0/i.test(line));

describe.runIf(isWholeRun)('a row of several parts', () => {
  it('is old or new, never mixed, if its writer is killed during the write', {
    tags: ['T7'],
  }, async () => {
    const { world, proxy } = deployment;
    padded();
    const browser = await signedIn(deployment, 'ben', { expired: true });
    const before = await rowOf(world, browser);
    expect(before['part1']).toBeInstanceOf(Uint8Array);
    const redeemed = redemptions(deployment);

    const write = proxy.inject({ operation: 'replace', row: 'session', times: 1 }, async ({ applyHalf }) => {
      await applyHalf();
      await deployment.worker(0).kill();
    });
    await expect(call(browser, deployment.worker(0))).rejects.toThrow();
    await write.reached;
    const after = await rowOf(world, browser);
    for (const part of ['part0', 'part1']) expect(after[part]).toEqual(before[part]);

    // Other workers wait for the lease of the dead one, then renew with the old refresh token.
    const other = call(browser, deployment.worker(1));
    const looks = proxy.count({ operation: 'read', worker: 'worker-1' });
    await expect
      .poll(() => proxy.count({ operation: 'read', worker: 'worker-1' }) - looks)
      .toBeGreaterThanOrEqual(2);
    deployment.worker(1).pass(HOLDER_WAIT_MS);
    expect((await other).status).toBe(200);
    expect(redemptions(deployment) - redeemed).toBe(2);
    const renewed = await rowOf(world, browser);
    expect(renewed['part1']).not.toEqual(before['part1']);
    expect((await openRow(world, browser)).facts.claims.principal.name).toBe('Ben Brown');
    await deployment.replace(0);

    // Parts of two versions do not open together.
    await changeRow(world, browser, { part1: before['part1'] });
    const mixed = await call(browser, deployment.worker(2));
    expect(mixed.status).toBe(401);
    expect(isCookieCleared(mixed.setCookies)).toBe(true);
    await changeRow(world, browser, { part1: renewed['part1'] });
    expect((await call(browser, deployment.worker(2))).status).toBe(200);
    report({
      part: 'faults',
      requirements: 'T7',
      what: 'the writer of a two-part row is killed with half of the write sent; parts of two versions are mixed by hand',
      result:
        'the old version stays intact and is renewed by another worker; mixed parts are 401 and never decrypted',
    });
  });

  it('exists or does not if its first write gets no response and its writer is killed', {
    tags: ['T7', 'I1'],
  }, async () => {
    padded();
    const insert = deployment.proxy.inject(
      { operation: 'insert', row: 'session', times: 1 },
      appliesAndHolds,
    );
    const browser = deployment.browser();
    const signing = signIn(browser, { user: 'mia' }).catch(() => undefined);
    await insert.reached;
    const [{ worker } = { worker: '' }] = deployment.proxy.passed
      .filter((one) => one.kind === 'insert')
      .slice(-1);
    const at = deployment.workers.findIndex(({ name }) => name === worker);
    await deployment.worker(at).kill();
    await signing;
    expect(browser.cookies().has('session')).toBe(false);
    await deployment.replace(at);
    await signIn(browser, { user: 'mia' });
    expect((await call(browser)).status).toBe(200);
  });
});

describe.runIf(isWholeRun)('a row that this version cannot have written', () => {
  it('is not a session, affects no other user, and is repaired by one sign-in', {
    tags: ['T8'],
  }, async () => {
    const { world } = deployment;
    const [browser, other] = [await signedIn(deployment, 'ben'), await signedIn(deployment, 'mia')];
    const { part0 } = await rowOf(world, browser);
    if (!(part0 instanceof Uint8Array)) throw new TypeError('a part is bytes');
    const flipped = Buffer.from(part0);
    flipped.writeUInt8(flipped.readUInt8(60) ^ 1, 60);
    const changes = [{ part0: flipped }, { keyId: 0 }, { schema: 0 }, { part0: flipped.subarray(0, 100) }];
    for (const [at, change] of changes.entries()) {
      await changeRow(world, browser, change);
      const answer = await call(browser, deployment.worker(at % 3));
      expect(answer.status, JSON.stringify(Object.keys(change))).toBe(401);
      expect(isCookieCleared(answer.setCookies)).toBe(true);
      expect((await call(other, deployment.worker(at % 3))).status).toBe(200);
      await changeRow(world, browser, { part0, keyId: 1, schema: 1 });
    }
    await changeRow(world, browser, { part0: flipped });
    await signIn(browser, { user: 'ben' });
    expect((await call(browser)).status).toBe(200);
  });

  it('but a later version can causes 503 and keeps the cookie until that version runs again', {
    tags: ['K5', 'T8'],
  }, async () => {
    const { world } = deployment;
    const browser = await signedIn(deployment, 'ben');
    for (const change of [{ schema: 2 }, { keyId: 2 }]) {
      await changeRow(world, browser, change);
      for (const worker of deployment.workers) {
        for (const path of ['/api/graph/v1.0/me', '/api/auth/session']) {
          const answer = await call(browser, worker, path);
          expect(answer.status).toBe(503);
          expect(answer.headers['retry-after']).toMatch(/^\d+$/);
          expect(answer.setCookies).toEqual([]);
        }
      }
      expect(await rowOf(world, browser)).toMatchObject(change);
      await changeRow(world, browser, { schema: 1, keyId: 1 });
      expect((await call(browser)).status).toBe(200);
    }
    report({
      part: 'faults',
      requirements: 'T8, K5',
      what: '4 kinds of corrupt rows; rows of a newer schema and under a newer key, on 3 workers',
      result:
        'corrupt: 401, cookie cleared, a new sign-in works; newer: 503 with Retry-After, row and cookie stay',
    });
  });
});
