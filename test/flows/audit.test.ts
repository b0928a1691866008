import { readdirSync, readFileSync } from 'node:fs';
import { TableClient, type TableEntityResult } from '@azure/data-tables';
import { demoClient, demoDirectory } from '@entra-bff/directory';
import { defaultEntraSwitches } from '@entra-bff/entra-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseKeyBytes } from '../../src/shared/crypto/key-ring.ts';
import { auditPseudonym, hashUser } from '../../src/shared/session/user-hash.ts';
import { auditEvents } from '../../src/shared/telemetry/audit.ts';
import { callbackAddress } from '../support/callback-address.ts';
import { readSessionRows } from '../support/table-rows.ts';
import type { UserAgent, WireAnswer, WireRequest } from '../support/user-agent.ts';
import {
  answerEntra,
  grantSignIn,
  signIn,
  startWorld,
  userId,
  type Worker,
  type World,
} from '../support/world.ts';
import { openSession } from '../support/world-store.ts';

/**
 * Every audit event through the real routes. The records of each test are compared as a whole, so that an additional
 * event or field fails it. At the end, all records are searched for values that must not be logged.
 */
let world: World;
let worker: Worker;
let otherWorker: Worker;
let keyOfAlice: string;
let keyOfBen: string;

interface AuditLine extends Readonly<Record<string, unknown>> {
  readonly event: keyof typeof auditEvents;
  readonly invocation_id: string;
}

const allRecords: AuditLine[] = [];
const allLines: string[] = [];
const secrets = new Set<string>();
const browsers: UserAgent[] = [];
const { tenantId, clientId } = demoClient;
/** Sign-ins of these tests return to a page without access rules. */
const returnTo = 'return_to=/api/health/live';
const from = `/api/auth/login?${returnTo}`;
const messages = '/api/graph/v1.0/me/messages';
const canary = 'words-of-entra\r\n{"event":"signed-in","audit":true}\u001b[31m';

beforeAll(async () => {
  world = await startWorld();
  const environment = { SESSION_CACHE_SECONDS: '0', ROLE_MAX_AGE_SECONDS: '3600' };
  worker = await world.startWorker({ environment });
  otherWorker = await world.startWorker({ environment });
  grantSignIn(world);
  const indexKey = parseKeyBytes(world.settings['SESSION_INDEX_KEY'] ?? '');
  if (indexKey === undefined) throw new Error('the key of the world');
  const keyOf = (name: string) =>
    auditPseudonym({ userHash: hashUser(indexKey, { tenantId, objectId: userId(name) }) });
  [keyOfAlice, keyOfBen] = [keyOf('alice'), keyOf('ben')];
});

afterAll(() => world.close());

afterEach(() => {
  Object.assign(world.entra.switches, defaultEntraSwitches());
  world.entra.intercept.idTokenClaims = undefined;
  world.entra.intercept.authorizeRedirect = undefined;
  worker.table.recover();
  // Long enough for the next token request.
  world.pass(60);
});

/** Collects the tokens that Entra ID issues, and adds text to its errors. */
function listenToEntra(): void {
  world.entra.intercept.tokenResponse = (reply) => {
    const body = { ...(reply.body as Record<string, unknown>) };
    for (const name of ['access_token', 'refresh_token', 'id_token']) {
      const token = body[name];
      if (typeof token !== 'string') continue;
      secrets.add(token);
      const payload = token.split('.')[1];
      const sid: unknown =
        payload && name === 'id_token'
          ? JSON.parse(Buffer.from(payload, 'base64url').toString())['sid']
          : undefined;
      if (typeof sid === 'string') secrets.add(sid);
    }
    return body['error'] === undefined
      ? reply
      : { ...reply, body: { ...body, error_description: `${String(body['error_description'])} ${canary}` } };
  };
}

/** Returns the audit records that both workers write while `action` runs. */
async function play<Result>(
  action: () => Promise<Result>,
): Promise<{ result: Result; records: AuditLine[] }> {
  listenToEntra();
  const workers = [worker, otherWorker];
  const before = workers.map(({ logLines }) => logLines.length);
  const result = await action();
  const lines = workers.flatMap(({ logLines }, at) => logLines.slice(before[at]));
  const records = lines
    .filter((line) => line.includes('"audit":true'))
    .map((line): AuditLine => JSON.parse(line));
  allLines.push(...lines);
  allRecords.push(...records);
  return { result, records };
}

const plain = ({ invocation_id: _id, audit: _audit, ...rest }: AuditLine) => rest;
const idOf = ({ body }: WireAnswer) => String(JSON.parse(body).instance).replace('urn:uuid:', '');

function newBrowser(at = worker): UserAgent {
  const browser = at.browser();
  browsers.push(browser);
  return browser;
}

async function signedIn(user: string): Promise<UserAgent> {
  const browser = newBrowser();
  const { records } = await play(() => signIn(browser, { user, from }));
  expect(records.map(({ event }) => event)).toEqual(['signed-in']);
  return browser;
}

/** A session whose access token is renewed at the next call. */
async function signedInShortly(user: string): Promise<UserAgent> {
  world.entra.switches.accessTokenLifetimeSeconds = 20;
  return signedIn(user);
}

const table = () =>
  TableClient.fromConnectionString(inject('tableConnectionString'), world.tableName, {
    allowInsecureConnection: true,
  });
const keysOf = ({ partitionKey = '', rowKey = '' }: TableEntityResult<Record<string, unknown>>) => ({
  partitionKey,
  rowKey,
});

/** Reads the row of a browser's session, as an attacker with the storage account's key could. */
async function rowOf(browser: UserAgent): Promise<TableEntityResult<Record<string, unknown>>> {
  const { locator } = await openSession(world, browser);
  const rowKey = `session-${locator.rowId.toString('base64url')}`;
  const row = (await readSessionRows(world)).find((candidate) => candidate.rowKey === rowKey);
  if (row === undefined) throw new Error('no row');
  return row;
}

const knownAtEntra = (browser: UserAgent) => {
  const copy = browser.clone();
  copy.cookies().clear();
  browsers.push(copy);
  return copy;
};

describe('a sign-in', () => {
  it('is recorded as signed-in with the pseudonym of the user, which is the same on every worker', {
    tags: ['ER-3'],
  }, async () => {
    const first = newBrowser();
    const { records } = await play(() => signIn(first, { user: 'alice', from }));
    expect(records.map(plain)).toEqual([{ event: 'signed-in', user: keyOfAlice }]);
    const { records: elsewhere } = await play(() =>
      first.clone(otherWorker.origin).script('GET', '/api/graph/v1.0/users?$select=passwordProfile'),
    );
    expect(elsewhere).toMatchObject([{ event: 'refused', user: keyOfAlice }]);
    const { records: another } = await play(() => signIn(newBrowser(), { user: 'ben', from }));
    expect(another.map(plain)).toEqual([{ event: 'signed-in', user: keyOfBen }]);
    expect(keyOfBen).not.toBe(keyOfAlice);
  });

  it('in the browser of another user is recorded as session-ended for the old user and signed-in for the new one', async () => {
    const browser = await signedIn('alice');
    const { records } = await play(() =>
      signIn(browser, { user: 'ben', from: `${from}&prompt=select_account` }),
    );
    expect(records.map(plain)).toEqual([
      { event: 'session-ended', by: 'user', sessions: 1, user: keyOfAlice },
      { event: 'signed-in', user: keyOfBen },
    ]);
  });

  it('that is refused is recorded as sign-in-refused with the failed rule only', async () => {
    const browser = newBrowser();
    world.entra.intercept.idTokenClaims = (claims) => ({ ...claims, iss: canary });
    const { records, result } = await play(() => signIn(browser, { user: 'alice', from }));
    expect(result.status).toBe(403);
    expect(records.map(plain)).toEqual([
      { event: 'sign-in-refused', outcome: 'sign_in_refused', reason: 'issuer' },
    ]);
    expect(result.body).toContain(records[0]?.invocation_id);
  });

  it('that Entra ID refuses is recorded with the AADSTS number and none of the error text', async () => {
    const browser = newBrowser();
    world.entra.intercept.authorizeRedirect = (url) => {
      url.searchParams.delete('code');
      url.searchParams.set('error', `access_denied`);
      url.searchParams.set('error_description', `AADSTS50105: ${canary} alice@contoso.example`);
      return url;
    };
    const { records } = await play(() => signIn(browser, { user: 'alice', from }));
    expect(records.map(plain)).toEqual([
      { event: 'sign-in-refused', outcome: 'sign_in_refused', reason: 'AADSTS50105', aadsts: 50105 },
    ]);
  });

  it('that took too long twice is recorded as sign-in-refused', async () => {
    const browser = knownAtEntra(await signedIn('alice'));
    const callback = await callbackAddress(browser, from);
    const { records } = await play(async () => {
      world.advance(16 * 60);
      const again = await browser.request(callback.href);
      const second = (await browser.request(again.headers.location ?? '')).headers.location ?? '';
      world.advance(16 * 60);
      const end = await browser.request(second);
      world.advance(-32 * 60);
      return end;
    });
    expect(records.map(plain)).toEqual([
      { event: 'sign-in-refused', outcome: 'took_too_long', reason: 'expired' },
    ]);
  });

  it('that fails because of the app’s own credential is recorded as sign-in-failed', async () => {
    const browser = newBrowser();
    world.entra.switches.clientSecretExpired = true;
    const { records } = await play(() => signIn(browser, { user: 'alice', from }));
    expect(records.map(plain)).toEqual([
      { event: 'sign-in-failed', reason: 'own-credential-refused', aadsts: 7000222 },
    ]);
  });

  it.each([
    ['throttled', { throttledRetryAfterSeconds: 20 }],
    ['no-response', { outage: 'json-503' }],
  ] as const)('that fails at the token endpoint is recorded as sign-in-failed: %s', async (reason, fault) => {
    const browser = knownAtEntra(await signedIn('alice'));
    const callback = await callbackAddress(browser, from);
    Object.assign(world.entra.switches, fault);
    const { records } = await play(() => browser.request(`${callback.pathname}${callback.search}&bounced=1`));
    expect(records.map(plain)).toEqual([{ event: 'sign-in-failed', reason }]);
  });

  it('that fails because of the table is recorded as sign-in-failed', async () => {
    worker.table.failing.add('insert');
    const { records } = await play(() => signIn(newBrowser(), { user: 'alice', from }));
    expect(records.map(plain)).toEqual([{ event: 'sign-in-failed', reason: 'storage_unavailable' }]);
  });
});

describe('consent', () => {
  /** Makes a call that needs consent, and returns the `login_url` of its problem. */
  const wayToEntra = async (browser: UserAgent) =>
    `${String((await browser.scriptJson(messages))['login_url'])}&${returnTo}`;
  const ask = async (browser: UserAgent) => browser.navigate(await wayToEntra(browser));

  it('that is granted is recorded as consent-asked with feature and number of permissions, then as signed-in', async () => {
    const browser = await signedIn('alice');
    const address = await wayToEntra(browser);
    const { records } = await play(async () =>
      answerEntra(browser, await browser.navigate(address), { user: 'alice' }),
    );
    expect(records.map(plain)).toEqual([
      { event: 'consent-asked', permissions: 1, feature: 'mail', user: keyOfAlice },
      { event: 'signed-in', feature: 'mail', user: keyOfAlice },
    ]);
    const { records: again } = await play(() => browser.request(address));
    // Granted permissions are not requested again.
    expect(again).toEqual([]);
    world.entra.consents.revoke(userId('alice'));
  });

  it('that is declined is recorded as consent-declined, as is the refusal of the next call', async () => {
    const browser = await signedIn('ben');
    const page = await ask(browser);
    const { records } = await play(() => answerEntra(browser, page, { user: 'ben', decision: 'decline' }));
    expect(records.map(plain)).toEqual([
      { event: 'consent-declined', reason: 'AADSTS65004', feature: 'mail', user: keyOfBen },
    ]);
    const { records: next } = await play(() => browser.script('GET', messages));
    expect(next.map(plain)).toEqual([
      { event: 'refused', code: 'consent_declined', status: 403, feature: 'mail', user: keyOfBen },
    ]);
  });

  it('that only an administrator can grant is recorded as admin-consent-needed', async () => {
    const browser = await signedIn('ben');
    world.entra.switches.onlyAdministratorsConsent = true;
    const page = await ask(browser);
    const { records } = await play(() => answerEntra(browser, page, { user: 'ben' }));
    expect(records.map(plain)).toEqual([
      {
        event: 'admin-consent-needed',
        reason: expect.stringMatching(/^AADSTS9009\d$/),
        feature: 'mail',
        user: keyOfBen,
      },
    ]);
  });
});

describe('a refused call', () => {
  interface Refusal {
    readonly what: string;
    readonly method?: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly expected: Readonly<Record<string, unknown>>;
  }
  const notOurs = (rules: string) => ({ code: 'cross_site_request', status: 403, rules });
  const notAllowed = (rules: string) => ({ code: 'path_not_allowed', status: 403, rules });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const json = { 'content-type': 'application/json' };
  const me = '/api/graph/v1.0/me';
  const toBatch = { method: 'POST', path: '/api/graph/v1.0/$batch' };
  const signOut = { method: 'POST', path: '/api/auth/logout' };

  const ofTheUser: readonly Refusal[] = [
    {
      what: 'without the role',
      path: '/api/admin',
      expected: { code: 'claim_required', status: 403, rules: 'roles' },
    },
    {
      what: 'of a path without a rule',
      path: '/api/graph/v1.0/alice@contoso.example',
      expected: notAllowed('path'),
    },
    { what: 'of a method without a rule', method: 'DELETE', path: me, expected: notAllowed('method') },
    { what: 'with a query without a rule', path: `${me}?$expand=manager`, expected: notAllowed('query') },
    {
      what: 'of a batch that is not JSON',
      ...toBatch,
      headers: { 'content-type': 'text/plain' },
      body: 'x',
      expected: { code: 'content_type_not_allowed', status: 415, rules: 'content-type' },
    },
    {
      what: 'by a form without a valid token',
      ...signOut,
      headers: form,
      body: 'form_token=x',
      expected: notOurs('form-token'),
    },
  ];
  const beforeTheSessionIsRead: readonly Refusal[] = [
    {
      what: 'without the CSRF header',
      path: me,
      headers: { 'x-csrf': '0' },
      expected: notOurs('csrf-header'),
    },
    {
      what: 'from another origin',
      ...signOut,
      headers: { origin: 'https://evil.test' },
      expected: notOurs('origin'),
    },
    {
      what: 'from another site',
      path: me,
      headers: { 'sec-fetch-site': 'cross-site' },
      expected: notOurs('fetch-site'),
    },
    {
      what: 'of a method that is not offered',
      method: 'DELETE',
      path: '/api/auth/login',
      expected: { code: 'method_not_allowed', status: 405 },
    },
  ];
  let ben: UserAgent;

  beforeAll(async () => {
    ben = await signedIn('ben');
  });

  async function expectRefused({ method = 'GET', path, headers, body, expected }: Refusal, who: object) {
    const request: WireRequest =
      body === undefined
        ? { headers: { ...headers } }
        : { headers: { ...headers, 'content-length': String(body.length) }, body };
    const { result, records } = await play(() => ben.clone().script(method, path, request));
    expect(records.map(plain)).toEqual([{ event: 'refused', ...expected, ...who }]);
    expect(records[0]?.invocation_id).toBe(idOf(result));
  }

  it.each(ofTheUser)(
    '$what is recorded once, with the pseudonym of the user and the id of its problem',
    { tags: ['ER-3'] },
    (refusal) => expectRefused(refusal, { user: keyOfBen }),
  );

  it('in a batch is recorded once, with its position instead of its id', { tags: ['ER-3'] }, async () => {
    const get = (id: string, url: string) => ({ id, method: 'GET', url });
    const body = JSON.stringify({ requests: [get('1', '/me'), get('alice', '/nothing')] });
    const headers = { ...json, 'content-length': String(body.length) };
    const { result, records } = await play(() =>
      ben.clone().script(toBatch.method, toBatch.path, { headers, body }),
    );
    expect(records.map(plain)).toEqual([
      { event: 'refused', ...notAllowed('path'), batch_position: 1, user: keyOfBen },
    ]);
    const [, { body: problem }] = JSON.parse(result.body).responses;
    expect(`urn:uuid:${records[0]?.invocation_id}`).toBe(problem.instance);
  });

  it.each(beforeTheSessionIsRead)(
    '$what is recorded once, without a user and with the id of its problem',
    { tags: ['ER-3'] },
    (refusal) => expectRefused(refusal, {}),
  );

  it('without a session is recorded with the reason', async () => {
    const { result, records } = await play(() => newBrowser().script('GET', '/api/graph/v1.0/me'));
    expect(records.map(plain)).toEqual([
      { event: 'refused', code: 'session_required', status: 401, reason: 'not_signed_in' },
    ]);
    expect(records[0]?.invocation_id).toBe(idOf(result));
  });

  it('with a cookie that was sent twice is recorded with the purpose of the cookie and the refusal', async () => {
    const cookie = 'session=a; tx-1=b; session=c; tx-1=d';
    const { result, records } = await play(() =>
      newBrowser().script('GET', '/api/graph/v1.0/me', { headers: { cookie } }),
    );
    expect(records.map(plain)).toEqual([
      { event: 'cookie-sent-twice', cookies: 'session login-transaction' },
      { event: 'refused', code: 'session_required', status: 401, reason: 'cookie_sent_twice' },
    ]);
    expect(records.map(({ invocation_id: id }) => id)).toEqual([idOf(result), idOf(result)]);
  });
});

describe('a renewal', () => {
  const call = (browser: UserAgent) => browser.clone().script('GET', '/api/graph/v1.0/me');

  it('that Entra ID refuses is recorded as refresh-refused, and the refused call has the same correlation id of Entra ID', async () => {
    const browser = await signedInShortly('alice');
    world.entra.switches.refreshTokensRevoked = true;
    const { records, result } = await play(() => call(browser));
    const id = records[0]?.['entra_correlation_id'];
    expect(id).toBe(JSON.parse(result.body).correlation_id);
    expect(records.map(plain)).toEqual([
      {
        event: 'refresh-refused',
        reason: 'refresh_token_revoked',
        oauth: 'invalid_grant',
        aadsts: 50173,
        entra_correlation_id: id,
        user: keyOfAlice,
      },
      {
        event: 'refused',
        code: 'interaction_required',
        status: 401,
        reason: 'refresh_token_revoked',
        feature: 'profile',
        aadsts: 50173,
        entra_correlation_id: id,
        user: keyOfAlice,
      },
    ]);
  });

  it.each([
    ['no-response', { outage: 'html-502' }, {}],
    ['throttled', { throttledRetryAfterSeconds: 20 }, {}],
    ['own-credential-refused', { clientSecretExpired: true }, { oauth: 'invalid_client', aadsts: 7000222 }],
  ] as const)('that fails is recorded as refresh-failed: %s', async (reason, fault, said) => {
    const browser = await signedInShortly('alice');
    Object.assign(world.entra.switches, fault);
    const { records } = await play(() => call(browser));
    expect(records.map(plain)).toEqual([
      {
        event: 'refresh-failed',
        reason,
        ...said,
        entra_correlation_id: records[0]?.['entra_correlation_id'],
        user: keyOfAlice,
      },
    ]);
  });

  it('that cannot be verified is recorded as refresh-failed', async () => {
    const browser = await signedInShortly('alice');
    world.entra.intercept.idTokenClaims = (claims) => ({ ...claims, iat: Number(claims['iat']) + 3600 });
    const { records } = await play(() => call(browser));
    expect(records).toMatchObject([{ event: 'refresh-failed', reason: 'not-checked', user: keyOfAlice }]);
  });

  it('that describes another user is recorded as renewal-not-trusted, and ends the session', {
    tags: ['ER-3'],
  }, async () => {
    const browser = await signedInShortly('alice');
    world.entra.intercept.idTokenClaims = (claims) => ({ ...claims, oid: userId('ben') });
    const { records } = await play(() => call(browser));
    expect(records.map(plain)).toEqual([
      { event: 'renewal-not-trusted', reason: 'other_identity', user: keyOfAlice },
      { event: 'session-ended', by: 'service', sessions: 1, user: keyOfAlice },
      { event: 'refused', code: 'session_required', status: 401, reason: 'session_ended', user: keyOfAlice },
    ]);
  });
});

describe('a session', () => {
  it('with a manipulated row is recorded as row-not-opened for the user of the cookie', {
    tags: ['ER-3'],
  }, async () => {
    const browser = await signedIn('alice');
    const row = await rowOf(browser);
    const sealed = Buffer.from(row['part0'] as Uint8Array);
    sealed.writeUInt8(sealed.readUInt8(40) ^ 1, 40);
    await table().updateEntity({ ...keysOf(row), part0: sealed }, 'Merge');
    const { records } = await play(() => browser.clone().script('GET', '/api/auth/session'));
    expect(records.map(plain)).toEqual([{ event: 'row-not-opened', reason: 'unreadable', user: keyOfAlice }]);
  });

  it('with a row that claims a newer version gets 503, keeps its cookie and is recorded once a minute', async () => {
    const browser = await signedIn('alice');
    const row = await rowOf(browser);
    const ask = async () => {
      const { records, result } = await play(() => browser.clone().script('GET', '/api/auth/session'));
      return { status: result.status, cookies: result.setCookies, records: records.map(plain) };
    };
    const alert = { event: 'row-not-opened', reason: 'newer', user: keyOfAlice };
    for (const name of ['schema', 'keyId'] as const) {
      await table().updateEntity({ ...keysOf(row), [name]: 999 }, 'Merge');
      world.pass(60);
      expect(await ask()).toEqual({ status: 503, cookies: [], records: [alert] });
      expect(await ask()).toEqual({ status: 503, cookies: [], records: [] });
      world.pass(60);
      expect((await ask()).records).toEqual([alert]);
      await table().updateEntity({ ...keysOf(row), [name]: row[name] }, 'Merge');
    }
    expect((await ask()).status).toBe(200);
    // The user can still sign out.
    await table().updateEntity({ ...keysOf(row), schema: 999 }, 'Merge');
    world.pass(60);
    const { result } = await play(() => browser.script('POST', '/api/auth/logout'));
    expect(JSON.parse(result.body)).not.toHaveProperty('complete');
    expect((await readSessionRows(world)).map(({ rowKey }) => rowKey)).not.toContain(row.rowKey);
  });

  it('whose row was moved does not exist, and is recorded as row-not-opened for the user it was moved to', async () => {
    const [browser, ben] = [await signedIn('alice'), await signedIn('ben')];
    const [from, to] = [await rowOf(browser), await rowOf(ben)];
    const moved = { partitionKey: keysOf(to).partitionKey, rowKey: keysOf(from).rowKey };
    await table().createEntity({ ...from, ...moved });
    await table().deleteEntity(keysOf(from).partitionKey, keysOf(from).rowKey);
    const { result, records } = await play(() => browser.clone().script('GET', '/api/auth/session'));
    expect([JSON.parse(result.body)['signed_in'], records]).toEqual([false, []]);
    const list = await play(() => ben.script('GET', '/api/auth/sessions'));
    expect(list.records.map(plain)).toEqual([
      { event: 'row-not-opened', reason: 'unreadable', user: keyOfBen },
    ]);
    await table().deleteEntity(moved.partitionKey, moved.rowKey);
  });

  it('that the user ends is recorded once as session-ended by the user', async () => {
    const browser = await signedIn('alice');
    const copy = browser.clone();
    const { records } = await play(() => browser.script('POST', '/api/auth/logout'));
    expect(records.map(plain)).toEqual([
      { event: 'session-ended', by: 'user', sessions: 1, user: keyOfAlice },
    ]);
    const { records: again } = await play(() => browser.script('POST', '/api/auth/logout'));
    expect(again).toEqual([]);
    // A copy of the cookie has no session left to end.
    const { records: kept } = await play(() => copy.script('POST', '/api/auth/logout'));
    expect(kept.map(plain)).toEqual([{ event: 'session-ended', by: 'user', sessions: 0, user: keyOfAlice }]);
  });

  it('that the user ends from another browser is recorded as session-ended with the number of sessions', async () => {
    const here = await signedIn('mia');
    await signedIn('mia');
    await signedIn('mia');
    const { records } = await play(() => here.script('DELETE', '/api/auth/sessions'));
    expect(records).toMatchObject([{ event: 'session-ended', by: 'user', sessions: 2 }]);
  });

  it('that Entra ID ends is recorded as session-ended by entra', async () => {
    const browser = await signedIn('alice');
    const { claims } = (await openSession(world, browser)).facts;
    const end = () => worker.browser().request(`/api/auth/front-channel-logout?sid=${claims.entraSessionId}`);
    const { records } = await play(end);
    expect(records.map(plain)).toEqual([
      { event: 'session-ended', by: 'entra', sessions: 1, user: keyOfAlice },
    ]);
    expect((await play(end)).records).toEqual([]);
  });

  it('that cannot be ended yet is recorded as sign-out-pending, and as session-ended at the next visit', async () => {
    const browser = await signedIn('ben');
    worker.table.failing.add('remove');
    const { records } = await play(() => browser.script('POST', '/api/auth/logout'));
    expect(records.map(plain)).toEqual([{ event: 'sign-out-pending', user: keyOfBen }]);
    worker.table.recover();
    const { records: next } = await play(() => browser.script('GET', '/api/auth/session'));
    expect(next.map(plain)).toEqual([{ event: 'session-ended', by: 'user', sessions: 1, user: keyOfBen }]);
    expect((await play(() => browser.script('GET', '/api/auth/session'))).records).toEqual([]);
  });
});

describe('an action of an administrator', { tags: ['AD-2'] }, () => {
  const ofBen = (rest: string) => `/api/admin/users/${userId('ben')}/${rest}`;
  const inTurn = [
    ['user-opened'],
    ['sign-ins-revoked', { outcome: 'done' }],
    ['sessions-ended', { outcome: 'done', sessions: expect.any(Number) }],
    ['user-opened'],
    ['grant-revoked', { outcome: 'done' }],
  ] as const;

  it('is recorded with the pseudonyms of the administrator and the affected user', async () => {
    grantSignIn(world, 'Ben Brown', ['Mail.Read']);
    grantSignIn(world, 'Alice Adams', ['User.RevokeSessions.All', 'DelegatedPermissionGrant.ReadWrite.All']);
    const alice = await signedIn('alice');
    await signedIn('ben');
    const { records } = await play(async () => {
      await alice.script('GET', ofBen('sessions'));
      await alice.script('POST', ofBen('sign-out'));
      const { grants } = JSON.parse((await alice.script('GET', ofBen('grants'))).body);
      return alice.script('DELETE', ofBen(`grants/${grants[0].id}`));
    });
    const written = records.map(plain).filter(({ event }) => event.startsWith('admin-'));
    expect(written).toMatchObject(
      inTurn.map(([name, more]) => ({ event: `admin-${name}`, user: keyOfAlice, target: keyOfBen, ...more })),
    );
  });

  it('is recorded with the outcome not-known if its response was lost', async () => {
    grantSignIn(world, 'Ben Brown', ['Mail.Read']);
    grantSignIn(world, 'Alice Adams', ['User.RevokeSessions.All', 'DelegatedPermissionGrant.ReadWrite.All']);
    const alice = await signedIn('alice');
    await signedIn('ben');
    const { grants } = JSON.parse((await alice.script('GET', ofBen('grants'))).body);
    const { sessions } = JSON.parse((await alice.script('GET', ofBen('sessions'))).body);
    const { records } = await play(async () => {
      world.graph.respondWith(({ method }, response) => {
        if (method !== 'GET') return void response.destroy();
        const grant = { id: grants[0].id, clientId: 'app', principalId: userId('ben'), scope: 'Mail.Read' };
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ value: [{ ...grant, consentType: 'Principal' }] }));
      });
      const lost = [
        await alice.script('POST', ofBen('sign-out')),
        await alice.script('DELETE', ofBen(`grants/${grants[0].id}`)),
      ];
      world.graph.respondWith(undefined);
      worker.table.failing.add('remove');
      lost.push(await alice.script('DELETE', ofBen(`sessions/${sessions[0].id}`)));
      lost.push(await alice.script('DELETE', ofBen('sessions')));
      worker.table.recover();
      expect(lost.map(({ status }) => status)).toEqual([502, 502, 503, 503]);
      return lost[0];
    });
    const changes = records.map(plain).filter(({ event }) => event.startsWith('admin-'));
    expect(changes).toEqual(
      ['sign-ins-revoked', 'grant-revoked', 'sessions-ended', 'sessions-ended'].map((name) => ({
        event: `admin-${name}`,
        user: keyOfAlice,
        target: keyOfBen,
        outcome: 'not-known',
      })),
    );
  });
});

describe('an API that returns the access token of the call', () => {
  it('is recorded as token-returned with the place of the token and nothing of its value', {
    tags: ['PX-16'],
  }, async () => {
    const browser = await signedIn('alice');
    world.graph.respondWith(({ headers }, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(headers));
    });
    const { records, result } = await play(() => browser.script('GET', '/api/graph/v1.0/me'));
    world.graph.respondWith(undefined);
    expect(result.status).toBe(502);
    expect(records.map(plain)).toEqual([
      { event: 'token-returned', feature: 'profile', place: 'body', user: keyOfAlice },
    ]);
  });
});

describe('all records together', () => {
  it('cover every event that the source writes', { tags: ['ER-3'] }, () => {
    const root = new URL('../../src/', import.meta.url);
    const source = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('telemetry/audit.ts'))
      .map((path) => readFileSync(new URL(path, root), 'utf8'))
      .join('\n');
    const written = Object.keys(auditEvents).filter((event) => source.includes(`event: '${event}'`));
    const played = new Set<string>(allRecords.map(({ event }) => event));
    expect(written).toEqual(Object.keys(auditEvents));
    expect(written.filter((event) => !played.has(event))).toEqual([]);
  });

  it('have exactly the fields of their event and the invocation id', {
    tags: ['ER-3'],
  }, () => {
    for (const { event, audit, invocation_id: id, user, ...given } of allRecords) {
      const fields: Readonly<Record<string, object>> = auditEvents[event].fields;
      expect(audit).toBe(true);
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      expect(user ?? keyOfAlice, event).toMatch(/^[\w-]{16}$/);
      const required = Object.entries(fields).flatMap(([name, form]) => ('optional' in form ? [] : [name]));
      expect(Object.keys(fields), event).toEqual(expect.arrayContaining(Object.keys(given)));
      expect(Object.keys(given), event).toEqual(expect.arrayContaining(required));
      expect(Object.values(given), event).not.toContain('unlisted');
    }
  });

  it('and all other log entries are one line of JSON each, even with line breaks in texts from outside', {
    tags: ['ER-3'],
  }, () => {
    expect(allLines.length).toBeGreaterThan(40);
    for (const line of allLines.filter((text) => text.startsWith('{'))) {
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      expect(JSON.parse(line)).toMatchObject({
        event: expect.any(String),
        invocation_id: expect.any(String),
      });
    }
    expect(allLines.join('\n')).not.toContain('words-of-entra');
  });

  it('contain no name, user id, token, cookie, code or sid', { tags: ['ER-2'] }, () => {
    const codes = world.entra.requests.flatMap(({ kind, form }) =>
      kind === 'token' ? (form['code'] ?? []) : [],
    );
    const cookies = browsers.flatMap(({ received }) =>
      received.flatMap(({ setCookies }) => setCookies.map((line) => /=([^;]{20,})/.exec(line)?.[1] ?? [])),
    );
    const userNames = demoDirectory.users.flatMap(({ name, username, mail, id }) => [
      name,
      username,
      mail,
      id,
    ]);
    const values = [
      ...secrets,
      ...codes,
      ...cookies.flat(),
      ...userNames,
      tenantId,
      clientId,
      'alice',
      'contoso',
    ];
    expect(secrets.size).toBeGreaterThan(20);
    expect(codes.length).toBeGreaterThan(5);
    expect(cookies.flat().length).toBeGreaterThan(5);
    const text = allRecords.map((record) => JSON.stringify(record)).join('\n');
    expect(values.filter((value) => text.includes(value))).toEqual([]);
  });
});
