import { TableClient } from '@azure/data-tables';
import { demoClient, demoUsers } from '@entra-bff/directory';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseKeyBytes } from '../../src/shared/crypto/key-ring.ts';
import { createSessionCookieCodec } from '../../src/shared/session/cookie.ts';
import { readMsalCache } from '../../src/shared/tokens/msal-cache.ts';
import { readRows, readSessionRows } from '../support/table-rows.ts';
import type { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';
import { openSession } from '../support/world-store.ts';

let world: World;
let worker: Worker;
let otherWorker: Worker;
/** All tokens that Entra ID issued, by user. */
const issued = new Map<string, Set<string>>();

/** Every request reads the table, so that changes to rows take effect at once. */
const asksAlways = { SESSION_CACHE_SECONDS: '0' };

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker({ environment: asksAlways });
  otherWorker = await world.startWorker({ environment: asksAlways });
  grantSignIn(world);
  world.entra.intercept.tokenResponse = (reply, context) => {
    const { access_token, refresh_token, id_token } = reply.body as Record<string, string | undefined>;
    const tokens = issued.get(context?.user.id ?? '') ?? new Set();
    for (const token of [access_token, refresh_token, id_token]) if (token !== undefined) tokens.add(token);
    issued.set(context?.user.id ?? '', tokens);
    return reply;
  };
});

afterAll(() => world.close());

afterEach(() => {
  world.entra.switches.accessTokenLifetimeSeconds = 3600;
  world.entra.intercept.idTokenClaims = undefined;
});

async function signedIn(user: string, lifetimeSeconds = 3600): Promise<UserAgent> {
  world.entra.switches.accessTokenLifetimeSeconds = lifetimeSeconds;
  const browser = worker.browser();
  await signIn(browser, { user });
  world.entra.switches.accessTokenLifetimeSeconds = 3600;
  expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
  return browser;
}

const whoAmI = async (browser: UserAgent) => (await browser.scriptJson('/api/graph/v1.0/me'))['displayName'];
const logOut = (browser: UserAgent) => browser.script('POST', '/api/auth/logout');

const crew = [demoUsers.alice, demoUsers.ben, demoUsers.mia];
const nameOf = ({ username }: { username: string }) => username.split('@')[0] ?? '';

describe('token caches', () => {
  it('of users who share warm workers hold only the account of their user', {
    tags: ['TC-1'],
  }, async () => {
    // About to expire, so every call renews and MSAL handles the tokens of all users.
    world.entra.switches.accessTokenLifetimeSeconds = 20;
    const browsers = crew.map(() => worker.browser());
    for (const [index, user] of crew.entries()) {
      await signIn(browsers[index] ?? worker.browser(), { user: nameOf(user) });
    }
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(
        browsers.flatMap((browser) => [
          whoAmI(browser.clone(worker.origin)),
          whoAmI(browser.clone(otherWorker.origin)),
        ]),
      );
      expect(answers).toEqual(crew.flatMap(({ name }) => [name, name]));
    }
    expect(world.entra.count('token', 'refresh_token')).toBeGreaterThanOrEqual(crew.length * 3);

    for (const [index, user] of crew.entries()) {
      const { msalCache, facts } = await openSession(world, browsers[index] ?? worker.browser());
      expect(readMsalCache(msalCache).homeAccountIds).toEqual([`${user.id}.${user.homeTenantId}`]);
      expect(Object.keys(JSON.parse(msalCache)['Account'])).toHaveLength(1);
      expect(facts.claims.principal.objectId).toBe(user.id);
      for (const other of crew.filter(({ id }) => id !== user.id)) {
        for (const secret of [other.id, other.username, other.name, ...(issued.get(other.id) ?? [])]) {
          expect(msalCache).not.toContain(secret);
        }
      }
      const own = [...(issued.get(user.id) ?? [])].filter((token) => msalCache.includes(token));
      expect(own.length).toBeGreaterThanOrEqual(3);
    }

    expect(new Set((await readSessionRows(world)).map(({ partitionKey }) => partitionKey)).size).toBe(
      crew.length,
    );
    await Promise.all(browsers.map(logOut));
  });

  it('are empty again after a sign-out and a new sign-in', { tags: ['TC-1'] }, async () => {
    const first = await signedIn('alice');
    await whoAmI(first);
    const kept = first.clone();
    const old = [...(issued.get(demoUsers.alice.id) ?? [])];
    expect((await openSession(world, first)).msalCache).toContain(old.at(-1));
    await logOut(first);
    const redeemed = world.entra.count('token');
    for (const where of [worker, otherWorker]) {
      expect((await kept.clone(where.origin).script('GET', '/api/graph/v1.0/me')).status).toBe(401);
    }
    expect(world.entra.count('token')).toBe(redeemed);

    // About to expire, so the worker renews and stores the content of MSAL's memory.
    const second = await signedIn('alice', 20);
    const asSignedIn = (await openSession(world, second)).msalCache;
    expect(await whoAmI(second)).toBe('Alice Adams');
    const asRenewed = (await openSession(world, second)).msalCache;
    expect(asRenewed).not.toBe(asSignedIn);
    for (const token of old) {
      expect(asSignedIn).not.toContain(token);
      expect(asRenewed).not.toContain(token);
    }
    await logOut(second);
  });

  it('keep a renewed access token for the next call on any worker', async () => {
    const browser = await signedIn('ben', 20);
    const before = world.entra.count('token', 'refresh_token');
    expect(await whoAmI(browser.clone(worker.origin))).toBe('Ben Brown');
    expect(world.entra.count('token', 'refresh_token')).toBe(before + 1);
    expect(await whoAmI(browser.clone(otherWorker.origin))).toBe('Ben Brown');
    expect(await whoAmI(browser.clone(worker.origin))).toBe('Ben Brown');
    expect(world.entra.count('token', 'refresh_token')).toBe(before + 1);
    await logOut(browser);
  });

  it('that cannot be stored fail neither the call nor the session', async () => {
    const browser = await signedIn('ben', 20);
    worker.table.failing.add('replace');
    expect(await whoAmI(browser)).toBe('Ben Brown');
    worker.table.recover();
    expect(await whoAmI(browser)).toBe('Ben Brown');
    await logOut(browser);
  });
});

describe('the table', () => {
  it('contains no readable token, name, address or id in any column or key', {
    tags: ['TC-2'],
  }, async () => {
    const browsers = [await signedIn('alice'), await signedIn('ben')];
    for (const browser of browsers) await whoAmI(browser);
    const rows = await readRows(world);
    expect(await readSessionRows(world)).toHaveLength(2);
    const dump = rows
      .flatMap((row) => Object.values(row))
      .flatMap((value) =>
        value instanceof Uint8Array
          ? [Buffer.from(value).toString('latin1'), Buffer.from(value).toString('utf16le')]
          : [String(value)],
      )
      .join('\n');
    const cookies = browsers.map((browser) => browser.cookies().get('session') ?? '');
    const sids = await Promise.all(
      browsers.map(async (browser) => (await openSession(world, browser)).facts.claims.entraSessionId),
    );
    const secrets = [
      ...sids.map((sid) => sid ?? 'no sid'),
      ...[demoUsers.alice, demoUsers.ben].flatMap(({ id, name, username, mail, givenName }) => [
        id,
        name,
        username,
        mail,
        givenName,
      ]),
      ...[...issued.values()].flatMap((tokens) => [...tokens]),
      ...cookies,
      demoClient.tenantId,
      demoClient.clientSecret,
      'contoso',
      'User.Read',
      'eyJhbG',
    ];
    for (const secret of secrets) expect(dump).not.toContain(secret);
    await Promise.all(browsers.map(logOut));
  });

  it('has only hashes as keys, even if ids in a token contain special characters', {
    tags: ['TC-9'],
  }, async () => {
    for (const oid of [
      "x' or 1 eq 1 or PartitionKey ne '",
      '/\\#?%\t\n\u0000',
      'ü'.repeat(200),
      '../../sessions',
    ]) {
      world.entra.intercept.idTokenClaims = (claims) => ({ ...claims, oid });
      const browser = worker.browser();
      await signIn(browser, { user: 'alice' });
      expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
      const rows = await readSessionRows(world);
      expect(rows).toHaveLength(1);
      expect(rows[0]?.partitionKey).toMatch(/^user-[\w-]{43}$/);
      expect(rows[0]?.rowKey).toMatch(/^session-[\w-]{43}$/);
      await logOut(browser);
    }
  });

  it('is not read for an invented state', { tags: ['TC-9'] }, async () => {
    const { counts } = worker.table;
    const before = { ...counts };
    for (const state of [
      "0.' or 1 eq 1",
      '0./\\#?',
      '0.%00',
      `0.${'A'.repeat(2048)}`,
      `0.${'A'.repeat(43)}`,
    ]) {
      const answer = await worker
        .browser()
        .request(`/api/auth/callback?code=x&bounced=1&state=${encodeURIComponent(state)}`);
      expect(answer.status).toBe(400);
    }
    expect(counts).toEqual(before);
  });
});

describe('a row that an attacker with access to the table manipulates', () => {
  const table = () =>
    TableClient.fromConnectionString(inject('tableConnectionString'), world.tableName, {
      allowInsecureConnection: true,
    });
  const rowOf = async (browser: UserAgent) => {
    const { locator } = await openSession(world, browser);
    const rowKey = `session-${locator.rowId.toString('base64url')}`;
    const row = (await readSessionRows(world)).find((candidate) => candidate.rowKey === rowKey);
    if (row?.partitionKey === undefined || row.rowKey === undefined) throw new Error('no row');
    const { etag: _etag, timestamp: _timestamp, partitionKey, rowKey: key, ...columns } = row;
    return { keys: { partitionKey, rowKey: key }, columns };
  };

  it('opens for neither user if two rows are swapped, and a new sign-in works', {
    tags: ['TC-3', 'TC-8'],
  }, async () => {
    const [alice, ben, mia] = [await signedIn('alice'), await signedIn('ben'), await signedIn('mia')];
    const [aliceRow, benRow] = [await rowOf(alice), await rowOf(ben)];
    await table().upsertEntity({ ...aliceRow.keys, ...benRow.columns }, 'Replace');
    await table().upsertEntity({ ...benRow.keys, ...aliceRow.columns }, 'Replace');
    const lines = worker.logLines.length;
    for (const browser of [alice, ben]) {
      const call = await browser.clone().script('GET', '/api/graph/v1.0/me');
      expect(call.status).toBe(401);
      expect(call.setCookies.some((line) => /^session=;.*max-age=0/i.test(line))).toBe(true);
    }
    expect(worker.logLines.slice(lines).join('\n')).toContain('unreadable');
    expect(await whoAmI(mia)).toBe('Mia Moreau');

    await signIn(alice, { user: 'alice' });
    expect(await whoAmI(alice)).toBe('Alice Adams');
    await Promise.all([alice, ben, mia].map(logOut));
    // A row that cannot be opened stays until the sweep, because no sign-out refers to it.
    await table().deleteEntity(aliceRow.keys.partitionKey, aliceRow.keys.rowKey);
  });

  it('does not open and causes no server error if it is changed otherwise, and a new sign-in works', {
    tags: ['TC-3', 'TC-8'],
  }, async () => {
    const browser = await signedIn('ben');
    const { keys, columns } = await rowOf(browser);
    const sealed = Buffer.from(columns['part0'] as Uint8Array);
    const flipped = Buffer.from(sealed);
    flipped.writeUInt8(flipped.readUInt8(40) ^ 1, 40);
    const changes: Record<string, unknown>[] = [
      { part0: flipped },
      { part0: sealed.subarray(0, 50) },
      { part0: new Uint8Array(0) },
      { part0: sealed.toString('base64') },
      { part1: new Uint8Array(10) },
      { keyId: 0 },
      { keyId: '1' },
      { schema: 0 },
      { schema: 'one' },
      { lastUsedAt: 'yesterday' },
    ];
    for (const change of changes) {
      await table().upsertEntity({ ...keys, ...columns, ...change }, 'Replace');
      for (const path of ['/api/graph/v1.0/me', '/api/admin']) {
        expect((await browser.clone().script('GET', path)).status, JSON.stringify(Object.keys(change))).toBe(
          401,
        );
      }
      expect(await browser.clone().scriptJson('/api/auth/session')).toMatchObject({ signed_in: false });
    }
    await table().upsertEntity({ ...keys }, 'Replace');
    expect((await browser.clone().script('GET', '/api/admin')).status).toBe(401);

    // The original row opens again.
    await table().upsertEntity({ ...keys, ...columns }, 'Replace');
    expect(await whoAmI(browser)).toBe('Ben Brown');

    await table().upsertEntity({ ...keys, ...columns, part0: flipped }, 'Replace');
    await signIn(browser, { user: 'ben' });
    expect(await whoAmI(browser)).toBe('Ben Brown');
    await logOut(browser);
    await table().deleteEntity(keys.partitionKey, keys.rowKey);
  });

  it('gets 503 without a sign-out if it claims a newer version', {
    tags: ['TC-8'],
  }, async () => {
    const browser = await signedIn('ben');
    const { keys, columns } = await rowOf(browser);
    for (const change of [{ schema: 2 }, { keyId: 2 }]) {
      await table().upsertEntity({ ...keys, ...columns, ...change }, 'Replace');
      const call = await browser.script('GET', '/api/graph/v1.0/me');
      expect(call.status).toBe(503);
      expect(call.headers['retry-after']).toMatch(/^\d+$/);
    }
    await table().upsertEntity({ ...keys, ...columns }, 'Replace');
    expect(await whoAmI(browser)).toBe('Ben Brown');
    await logOut(browser);
  });

  it('ends at its sealed limit, even if its columns and a forged cookie extend it', {
    tags: ['SC-3'],
  }, async () => {
    const browser = await signedIn('ben');
    const { locator } = await openSession(world, browser);
    const { keys, columns } = await rowOf(browser);
    const forEver = new Date('2099-01-01');
    await table().upsertEntity({ ...keys, ...columns, expiresAt: forEver, lastUsedAt: forEver }, 'Replace');
    const indexKey = parseKeyBytes(world.settings['SESSION_INDEX_KEY'] ?? '');
    if (!indexKey) throw new Error('the keys of the world');
    const codec = createSessionCookieCodec(indexKey);
    browser.cookies().set('session', codec.write({ ...locator, expiresAt: forEver }));
    world.advance(12 * 3600 - 60);
    // A time of use far in the future does not extend the idle limit. Only a plausible one does.
    expect(await browser.clone().scriptJson('/api/auth/session')).toMatchObject({ signed_in: false });
    const lastUsedAt = new Date(Date.now() + (12 * 3600 - 60) * 1000);
    await table().upsertEntity({ ...keys, ...columns, expiresAt: forEver, lastUsedAt }, 'Replace');
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
    world.advance(61);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: false });
    world.advance(-(12 * 3600 + 1));
    await table().deleteEntity(keys.partitionKey, keys.rowKey);
  });
});
