import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoClient } from '@entra-bff/directory';
import { jsonReply } from '@entra-bff/emulator-kit';
import { defaultEntraSwitches } from '@entra-bff/entra-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isWholeRun } from '../support/scale.ts';
import { removeRows } from '../support/table-rows.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, userId, type Worker, type World } from '../support/world.ts';

/** Path and permission of each feature. Users have consented to the first only. */
const features = {
  profile: ['/me', 'User.Read'],
  mail: ['/me/messages', 'Mail.Read'],
  calendar: ['/me/events', 'Calendars.Read'],
  contacts: ['/me/contacts', 'Contacts.Read'],
  files: ['/me/drive', 'Files.Read'],
  people: ['/me/people', 'People.Read'],
} as const;
const optional = Object.values(features).slice(1);
const policy = {
  features: Object.fromEntries(
    Object.entries(features).map(([name, [path, scope]]) => [
      name,
      {
        title: name,
        ...(name === 'profile' ? { signIn: true } : {}),
        rules: [{ methods: ['GET'], path: `/v1.0${path}`, scopes: [scope] }],
      },
    ]),
  ),
};

const folder = mkdtempSync(join(tmpdir(), 'policy-'));
let world: World;
let worker: Worker;
let other: Worker;

beforeAll(async () => {
  world = await startWorld();
  const environment = { GRAPH_POLICY_FILE: join(folder, 'policy.json'), ROLE_MAX_AGE_SECONDS: '300' };
  writeFileSync(environment.GRAPH_POLICY_FILE, JSON.stringify(policy));
  worker = await world.startWorker({ environment, extension: 'guardedRoutes' });
  other = await world.startWorker({ environment });
  grantSignIn(world);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});

afterEach(() => {
  Object.assign(world.entra.switches, defaultEntraSwitches());
  world.entra.intercept.tokenResponse = undefined;
  world.entra.consents.withdraw(optional.map(([, scope]) => scope));
  // Long enough for all remembered refusals to expire.
  world.pass(3600);
});

async function signedIn(user: string, at = worker): Promise<UserAgent> {
  const browser = at.browser();
  await signIn(browser, { user });
  return browser;
}

const call = (browser: UserAgent, path: string) => browser.script('GET', `/api/graph/v1.0${path}`);

function batch(browser: UserAgent, paths: readonly string[]): Promise<WireAnswer> {
  const body = JSON.stringify({
    requests: paths.map((url, at) => ({ id: String(at), method: 'GET', url })),
  });
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  return browser.script('POST', '/api/graph/v1.0/$batch', { body, headers });
}

const partsOf = ({ body }: WireAnswer): { status: number; body: { reason?: string } }[] =>
  JSON.parse(body).responses;
const redemptions = () => world.entra.count('token', 'refresh_token');
const tableOperations = () => Object.values(worker.table.counts).reduce((sum, count) => sum + count, 0);
/** Counts the pauses of five seconds that have passed, because a slow machine may take that long. */
const pausesSince =
  (startedMs = performance.now()) =>
  () =>
    Math.floor((performance.now() - startedMs) / 5_000);
const reasonOf = ({ body }: WireAnswer): unknown => JSON.parse(body).reason;
const consent = (...scopes: readonly string[]) =>
  world.entra.consents.grant({
    tenantId: demoClient.tenantId,
    clientId: demoClient.clientId,
    scopes: [...scopes],
  });

/** All 31 combinations of the permissions without consent. */
const sets = Array.from({ length: 2 ** optional.length - 1 }, (_, at) =>
  optional.filter((_path, bit) => ((at + 1) >> bit) & 1).map(([path]) => path),
);

describe('a permission that was never granted', () => {
  it('causes one token request for many calls, which all get the same answer', async () => {
    const ben = await signedIn('ben');
    const [before, operations, pauses] = [redemptions(), tableOperations(), pausesSince()];
    for (let time = 0; time < 20; time++) {
      const answer = await call(ben, '/me/messages');
      expect([answer.status, reasonOf(answer)]).toEqual([401, 'consent_required']);
      expect(JSON.parse(answer.body)).toMatchObject({
        code: 'interaction_required',
        feature: 'mail',
        scopes: ['Mail.Read'],
        login_url: expect.stringContaining('ticket='),
        correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
    }
    expect(redemptions() - before).toBeLessThanOrEqual(1 + pauses());
    // Lease, read and failure once. Then one read per call, because consent may have been granted elsewhere.
    expect(tableOperations() - operations).toBeLessThanOrEqual(3 * (1 + pauses()) + 19);
    // Other sessions of this user get the same answer.
    const elsewhere = await signedIn('ben');
    expect(reasonOf(await call(elsewhere, '/me/messages'))).toBe('consent_required');
    expect(redemptions() - before).toBeLessThanOrEqual(1 + pauses());
  });

  it('costs neither a redemption nor a write for concurrent calls after the first', async () => {
    const ben = await signedIn('ben');
    await call(ben, '/me/messages');
    const [before, writes] = [redemptions(), worker.table.writes()];
    const answers = await Promise.all(Array.from({ length: 30 }, () => call(ben.clone(), '/me/messages')));
    expect(new Set(answers.map(reasonOf))).toEqual(new Set(['consent_required']));
    expect(redemptions() - before).toBe(0);
    expect(worker.table.writes() - writes).toBe(0);
  });

  it.runIf(isWholeRun).each([
    ['small sets first', sets],
    ['large sets first', sets.toReversed()],
  ])('causes no further token requests in combination with others (%s)', async (_order, inOrder) => {
    const ben = await signedIn('ben');
    const [before, pauses] = [redemptions(), pausesSince()];
    for (const paths of inOrder) {
      const parts = partsOf(await batch(ben, paths));
      expect(parts.map(({ status, body }) => [status, body.reason])).toEqual(
        paths.map(() => [401, 'consent_required']),
      );
    }
    // Entra ID does not say which permission is missing, so a refused set is requested again one by one.
    expect(redemptions() - before).toBeLessThanOrEqual((optional.length + 3) * (1 + pauses()));
  });

  it('does not block other permissions, even if they were requested together with it', async () => {
    const ben = await signedIn('ben');
    consent('Mail.Read');
    expect(partsOf(await batch(ben, ['/me/messages', '/me/events'])).map(({ status }) => status)).toEqual([
      200, 401,
    ]);
    expect((await call(ben, '/me/messages')).status).toBe(200);
    expect((await call(ben, '/me')).status).toBe(200);
    expect((await call(ben, '/me/events')).status).toBe(401);
  });

  it.runIf(isWholeRun)(
    'costs one token request for all, and at most four further ones, in a batch of any size',
    async () => {
      const ben = await signedIn('ben');
      const [before, pauses] = [redemptions(), pausesSince()];
      const paths = optional.map(([path]) => path);
      for (let time = 0; time < 3; time++) {
        const parts = partsOf(await batch(ben, [...paths, '/me']));
        expect(parts.map(({ status }) => status)).toEqual([...paths.map(() => 401), 200]);
      }
      expect(redemptions() - before).toBeLessThanOrEqual(5 * (1 + pauses()));
    },
  );

  it('refuses a whole batch only if the session was ended meanwhile', async () => {
    const ben = await signedIn('ben');
    await removeRows(world);
    const answer = await batch(ben, ['/me', '/me/messages']);
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([401, 'session_required']);
  });

  it('is requested again after a growing pause', async () => {
    const ben = await signedIn('ben');
    const before = redemptions();
    const asks = async (passed: number) => {
      world.pass(passed);
      const asked = redemptions();
      expect((await call(ben, '/me/messages')).status).toBe(401);
      return redemptions() - asked;
    };
    expect([await asks(0), await asks(1), await asks(5)]).toEqual([1, 0, 1]);
    expect([await asks(5), await asks(6)]).toEqual([0, 1]);
    expect([await asks(12), await asks(9)]).toEqual([0, 1]);
    expect(redemptions() - before).toBe(4);
    world.pass(41);
    consent('Mail.Read');
    expect((await call(ben, '/me/messages')).status).toBe(200);
  });
});

describe('consent that is granted through another worker', () => {
  it('in a sign-in takes effect at once', async () => {
    const ben = await signedIn('ben');
    const refused = await call(ben, '/me/messages');
    const elsewhere = ben.clone(other.origin);
    const { login_url: loginUrl } = JSON.parse(refused.body);
    await signIn(elsewhere, { user: 'ben', from: String(loginUrl) });
    expect((await call(elsewhere.clone(worker.origin), '/me/messages')).status).toBe(200);
    // Also later, when the access token of that sign-in has expired.
    world.entra.switches.accessTokenLifetimeSeconds = 3600;
    world.advance(3400);
    expect((await call(elsewhere.clone(worker.origin), '/me/messages')).status).toBe(200);
  });

  it('and stored in the row takes effect at once, although this worker has cached the session', async () => {
    const ben = await signedIn('ben');
    expect((await call(ben, '/me/messages')).status).toBe(401);
    consent('Mail.Read');
    expect((await call(ben.clone(other.origin), '/me/messages')).status).toBe(200);
    const before = redemptions();
    expect((await call(ben, '/me/messages')).status).toBe(200);
    expect(redemptions() - before).toBe(0);
  });

  it('in another session of the user clears the refusals that this worker remembers', async () => {
    const [ben, second] = [await signedIn('ben'), await signedIn('ben', other)];
    const refused = await call(ben, '/me/messages');
    const { login_url: loginUrl } = JSON.parse((await call(second, '/me/messages')).body);
    expect(refused.status).toBe(401);
    await signIn(second, { user: 'ben', from: String(loginUrl) });
    expect((await call(second.clone(worker.origin), '/me/messages')).status).toBe(200);
    expect((await call(ben, '/me/messages')).status).toBe(200);
  });

  it('is not noticed while the table fails, which delays no call', async () => {
    const ben = await signedIn('ben');
    await call(ben, '/me/messages');
    worker.table.failAll();
    try {
      expect(reasonOf(await call(ben, '/me/messages'))).toBe('consent_required');
    } finally {
      worker.table.recover();
    }
  });
});

describe('a user who is throttled by Entra ID', () => {
  it('does not affect the sign-ins and calls of other users', async () => {
    const [alice, mia, ben] = [await signedIn('alice'), await signedIn('mia'), await signedIn('ben')];
    world.entra.intercept.tokenResponse = (reply, context) =>
      context?.user.id === userId('ben')
        ? { ...jsonReply(429, { error: 'temporarily_unavailable' }), headers: { 'retry-after': '20' } }
        : reply;
    const throttled = () => call(ben, '/me/messages');
    for (let round = 0; round < 4; round++) {
      const answers = await Promise.all([throttled(), throttled(), batch(ben, ['/me/events', '/me/drive'])]);
      for (const answer of answers) {
        expect(answer.status).toBe(503);
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      }
      // Sign-ins of this user are throttled too. A concurrent sign-in of another user must succeed.
      const [fresh, ...again] = await Promise.all(
        ['gus', 'ben', 'ben', 'ben'].map(async (user) => {
          const browser = worker.browser();
          return { browser, page: await signIn(browser, { user }) };
        }),
      );
      expect(again.map(({ page }) => page.status)).toEqual([503, 503, 503]);
      expect(await fresh?.browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });

      // Roles are too old now, so each of these calls renews them.
      world.advance(301);
      const asked = redemptions();
      expect((await alice.script('GET', '/api/admin')).status).toBe(200);
      expect((await mia.script('GET', '/api/only-admin-or-engineer')).status).toBe(200);
      expect((await alice.script('GET', '/api/only-admin-or-engineer')).status).toBe(200);
      expect(redemptions() - asked).toBeGreaterThanOrEqual(2);
      expect((await call(ben, '/me')).status).toBe(200);
      world.pass(20);
    }
  });

  it('causes no token request before the Retry-After has passed', async () => {
    const ben = await signedIn('ben');
    world.entra.switches.throttledRetryAfterSeconds = 20;
    const before = redemptions();
    for (let time = 0; time < 10; time++) expect((await call(ben, '/me/messages')).status).toBe(503);
    expect(redemptions() - before).toBe(1);
  });
});

describe('a user with several refusals', () => {
  /** Each set of permissions is another token request, so no earlier answer applies to it. */
  const tokenRequests = sets.filter((paths) => paths.length > 1);

  it('redeems refresh tokens at a limited rate over all sessions, and other calls get 429 with Retry-After', async () => {
    const ben = await signedIn('ben');
    const second = await signedIn('ben');
    consent(...optional.map(([, scope]) => scope));
    world.entra.switches.secondFactorDemanded = true;
    expect(reasonOf(await call(ben, '/me/messages'))).toBe('two_factor_required');
    const [before, startedMs] = [redemptions(), performance.now()];
    const answers = await Promise.all(
      tokenRequests.map((paths, at) => batch((at % 2 ? ben : second).clone(), paths)),
    );
    const tookSeconds = (performance.now() - startedMs) / 1000;
    const statuses = answers.map(({ status }) => status);
    // The first of the second session does not count. Then eight at once, and one per second.
    expect(redemptions() - before).toBeLessThanOrEqual(1 + 8 + Math.ceil(tookSeconds));
    expect(statuses.filter((status) => status === 401).length).toBe(redemptions() - before);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(8);
    for (const { status, headers, body } of answers) {
      if (status !== 429) continue;
      expect(JSON.parse(body)).toMatchObject({ code: 'rate_limited' });
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    // Granted permissions still work, and other users are not affected.
    expect((await call(ben, '/me')).status).toBe(200);
    expect((await call(await signedIn('mia'), '/me')).status).toBe(200);
  });
});
