import { createHmac, createPublicKey, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { demoClient, demoUsers } from '@entra-bff/directory';
import { decodeJwt, type JWTPayload } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isWholeRun } from '../support/scale.ts';
import { readSessionRows, removeRows } from '../support/table-rows.ts';
import type { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let evil: Server;
let evilAddress: string;
let evilHits = 0;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  grantSignIn(world);
  evil = createServer((_request, response) => {
    evilHits++;
    response.end('{"keys":[]}');
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  const bound = evil.address();
  evilAddress = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`;
});

afterAll(async () => {
  await new Promise((resolve) => evil.close(resolve));
  await world.close();
});

afterEach(async () => {
  const { intercept, switches } = world.entra;
  for (const name of Object.keys(intercept)) Reflect.deleteProperty(intercept, name);
  switches.accessTokenLifetimeSeconds = 3600;
  // Failed cases leave rows too, and the next case counts them.
  await removeRows(world);
});

const isSignedIn = async (browser: UserAgent) => (await browser.scriptJson('/api/auth/session'))['signed_in'];

const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Splits a valid token to compose an invalid one. */
function resign(jwt: string, header: object, claims: object = {}): string {
  const [, payload = ''] = jwt.split('.');
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const parsed = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  return `${encode({ typ: 'JWT', alg: 'RS256', kid: world.entra.signingKey().kid, ...header })}.${encode({ ...parsed, ...claims })}`;
}

const withForeignKey = (signed: string) =>
  `${signed}.${signBytes('sha256', Buffer.from(signed), foreign.privateKey).toString('base64url')}`;

/** Signs with Entra ID's own key, so that the signature cannot be the reason for a refusal. */
async function withOwnKey(signed: string): Promise<string> {
  const { privateKey } = world.entra.signingKey();
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', privateKey, Buffer.from(signed));
  return `${signed}.${Buffer.from(signature).toString('base64url')}`;
}

const nowSeconds = () => Math.floor(Date.now() / 1000);
const claims = (change: (honest: JWTPayload) => JWTPayload) => () => {
  world.entra.intercept.idTokenClaims = change;
};
const token = (change: (jwt: string) => string | Promise<string>) => () => {
  world.entra.intercept.idToken = change;
};
const answer = (change: (body: Record<string, unknown>) => unknown) => () => {
  world.entra.intercept.tokenResponse = (reply) => ({
    ...reply,
    body: change({ ...(reply.body as Record<string, unknown>) }),
  });
};

interface Lie {
  readonly title: string;
  readonly tags: readonly string[];
  readonly arrange: () => void;
}

const lies: readonly Lie[] = [
  { title: 'an unsigned token', tags: ['ID-1'], arrange: token((jwt) => `${resign(jwt, { alg: 'none' })}.`) },
  {
    title: 'an unsigned token with alg in mixed case',
    tags: ['ID-1'],
    arrange: token((jwt) => `${resign(jwt, { alg: 'nOnE' })}.`),
  },
  {
    title: 'a token signed with the public key as an HMAC secret',
    tags: ['ID-1'],
    arrange: token((jwt) => {
      const signed = resign(jwt, { alg: 'HS256' });
      const jwk = { ...world.entra.signingKey().publicJwk };
      const secret = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
      return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    }),
  },
  {
    title: 'a token signed by another key with a known key id',
    tags: ['ID-1'],
    arrange: token((jwt) => withForeignKey(resign(jwt, {}))),
  },
  {
    title: 'a token with one byte changed',
    tags: ['ID-1'],
    arrange: token((jwt) => jwt.replace(/.{3}$/, 'AAA')),
  },
  {
    title: 'a critical extension',
    tags: ['ID-1'],
    arrange: token((jwt) => withOwnKey(resign(jwt, { crit: ['x'], x: 1 }))),
  },
  {
    title: 'a critical extension that the library knows',
    tags: ['ID-1'],
    arrange: token((jwt) => withOwnKey(resign(jwt, { crit: ['b64'], b64: true }))),
  },
  {
    title: 'a token that contains its own key',
    tags: ['ID-2'],
    arrange: token((jwt) => {
      const jwk = foreign.publicKey.export({ format: 'jwk' });
      return withForeignKey(resign(jwt, { jwk, jku: `${evilAddress}/keys`, x5u: `${evilAddress}/x5u` }));
    }),
  },
  {
    title: 'another issuer',
    tags: ['ID-3'],
    arrange: claims((honest) => ({ ...honest, iss: `${honest.iss}/` })),
  },
  {
    title: 'another tenant',
    tags: ['ID-3'],
    arrange: claims((honest) => ({ ...honest, tid: demoUsers.fay.homeTenantId })),
  },
  { title: 'no tenant', tags: ['ID-7'], arrange: claims(({ tid: _tid, ...rest }) => rest) },
  {
    title: 'another audience',
    tags: ['ID-4'],
    arrange: claims((honest) => ({ ...honest, aud: demoUsers.fay.homeTenantId })),
  },
  {
    title: 'a second audience',
    tags: ['ID-4'],
    arrange: claims((honest) => ({ ...honest, aud: [String(honest.aud), 'x'] })),
  },
  {
    title: 'an expired token',
    tags: ['ID-5'],
    arrange: claims((honest) => ({ ...honest, exp: nowSeconds() - 400 })),
  },
  {
    title: 'a token that never expires',
    tags: ['ID-5'],
    arrange: claims((honest) => ({ ...honest, exp: 1e300 })),
  },
  {
    title: 'a token issued last week',
    tags: ['ID-5'],
    arrange: claims((honest) => ({ ...honest, iat: nowSeconds() - 604_800 })),
  },
  {
    title: 'a token that is valid from tomorrow',
    tags: ['ID-5'],
    arrange: claims((honest) => ({ ...honest, nbf: nowSeconds() + 86_400 })),
  },
  {
    title: 'another nonce',
    tags: ['ID-6'],
    arrange: claims((honest) => ({ ...honest, nonce: 'x'.repeat(43) })),
  },
  { title: 'no nonce', tags: ['ID-6'], arrange: claims(({ nonce: _nonce, ...rest }) => rest) },
  { title: 'no object ID', tags: ['ID-7'], arrange: claims(({ oid: _oid, ...rest }) => rest) },
  {
    title: 'an object as object ID',
    tags: ['ID-7'],
    arrange: claims((honest) => ({ ...honest, oid: { id: 'a' } })),
  },
  { title: 'an empty subject', tags: ['ID-7'], arrange: claims((honest) => ({ ...honest, sub: '' })) },
  {
    title: 'a logout token',
    tags: ['ID-11'],
    arrange: token((jwt) => world.entra.signIdToken(decodeJwt(jwt), { typ: 'logout+jwt' })),
  },
  { title: 'no ID token', tags: [], arrange: answer(({ id_token: _idToken, ...rest }) => rest) },
  {
    title: 'a malformed ID token',
    tags: [],
    arrange: answer((body) => ({ ...body, id_token: 'a.b.c' })),
  },
  {
    title: 'an access token instead of an ID token',
    tags: ['ID-11'],
    arrange: answer((body) => ({ ...body, id_token: body['access_token'] })),
  },
];

describe('a forged token at the sign-in', () => {
  let accessTokens: string[];

  beforeEach(() => {
    accessTokens = [];
  });

  for (const { title, tags, arrange } of lies)
    it(`is refused without a session, a row or a call to Graph: ${title}`, { tags: [...tags] }, async () => {
      arrange();
      const change = world.entra.intercept.tokenResponse;
      world.entra.intercept.tokenResponse = async (reply, context) => {
        const body = { ...(((await change?.(reply, context)) ?? reply).body as Record<string, unknown>) };
        accessTokens.push(String(body['access_token']), String(body['refresh_token']));
        return { ...reply, body };
      };
      const browser = worker.browser();
      const linesBefore = worker.logLines.length;
      const page = await signIn(browser, { user: 'alice' });
      expect(page.url.pathname).toBe('/api/auth/callback');
      expect(page.status).toBe(403);
      // The finished transaction, which signs no user in.
      expect([...browser.cookies().keys()]).toEqual([expect.stringMatching(/^tx-[0-4]$/)]);

      const call = await browser.script('GET', '/api/graph/v1.0/me');
      expect(call.status).toBe(401);
      expect(await isSignedIn(browser)).toBe(false);
      expect(await readSessionRows(world)).toHaveLength(0);
      expect(world.graph.count()).toBe(0);
      expect(evilHits).toBe(0);
      expect(accessTokens).toHaveLength(2);
      const seen = [
        ...browser.received.filter(({ url }) => url.origin === worker.origin).map(({ body }) => body),
        ...worker.logLines.slice(linesBefore),
      ].join('\n');
      for (const secret of accessTokens) expect(seen).not.toContain(secret);
    });

  it('would be accepted with the same key and no other error', { tags: ['ID-1'] }, async () => {
    token((jwt) => withOwnKey(resign(jwt, {})))();
    const browser = worker.browser();
    await signIn(browser, { user: 'alice' });
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('does not change the existing session of this browser', async () => {
    const browser = worker.browser();
    await signIn(browser, { user: 'ben' });
    const cookie = browser.cookies().get('session');
    claims((honest) => ({ ...honest, nonce: 'x' }))();
    expect(
      (await signIn(browser, { user: 'alice', from: '/api/auth/login?prompt=select_account' })).status,
    ).toBe(403);
    expect(browser.cookies().get('session')).toBe(cookie);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ name: 'Ben Brown' });
    await browser.script('POST', '/api/auth/logout');
  });

  it('cannot pose as another user by an email address', { tags: ['ID-7'] }, async () => {
    const partitionAfter = async (change: (honest: JWTPayload) => JWTPayload) => {
      claims(change)();
      const browser = worker.browser();
      await signIn(browser, { user: 'ben' });
      expect(await isSignedIn(browser)).toBe(true);
      const [row, ...others] = await readSessionRows(world);
      expect(others).toHaveLength(0);
      await browser.script('POST', '/api/auth/logout');
      return row?.partitionKey;
    };
    const ben = await partitionAfter((honest) => honest);
    const address = 'alice@contoso.example';
    expect(
      await partitionAfter((honest) => ({ ...honest, preferred_username: address, email: address })),
    ).toBe(ben);
    expect(await partitionAfter((honest) => ({ ...honest, oid: demoUsers.gus.id }))).not.toBe(ben);
  });
});

const clientInfoOf = ({ id, homeTenantId }: { id: string; homeTenantId: string }) =>
  Buffer.from(JSON.stringify({ uid: id, utid: homeTenantId })).toString('base64url');

describe('a forged token at a renewal', () => {
  /** Signs in with valid tokens. Every call then renews, because the access token is about to expire. */
  async function signedInAboutToRenew() {
    world.entra.switches.accessTokenLifetimeSeconds = 20;
    const browser = worker.browser();
    await signIn(browser, { user: 'ben' });
    expect(await isSignedIn(browser)).toBe(true);
    return browser;
  }

  const renewals: [string, () => void][] = [
    ['another user', claims((honest) => ({ ...honest, oid: demoUsers.alice.id }))],
    ['another tenant', claims((honest) => ({ ...honest, tid: demoUsers.fay.homeTenantId }))],
    ['another issuer', claims((honest) => ({ ...honest, iss: `${honest.iss}/` }))],
    ['another audience', claims((honest) => ({ ...honest, aud: 'x' }))],
    ['an unsigned token', token((jwt) => `${resign(jwt, { alg: 'none' })}.`)],
    ['another key', token((jwt) => withForeignKey(resign(jwt, {})))],
    ["another user's account", answer((body) => ({ ...body, client_info: clientInfoOf(demoUsers.alice) }))],
    [
      "another user's account and no ID token",
      answer(({ id_token: _idToken, ...body }) => ({ ...body, client_info: clientInfoOf(demoUsers.alice) })),
    ],
    [
      'all tokens of another user',
      () => {
        claims((honest) => ({ ...honest, oid: demoUsers.alice.id, sub: 'alice' }))();
        answer((body) => ({ ...body, client_info: clientInfoOf(demoUsers.alice) }))();
      },
    ],
  ];

  it.each(renewals)(
    'ends the session without a call to Graph: %s',
    { tags: ['ID-10'] },
    async (_title, lie) => {
      const browser = await signedInAboutToRenew();
      const calls = world.graph.count();
      lie();
      const call = await browser.script('GET', '/api/graph/v1.0/me');
      expect(call.status).toBe(401);
      expect(world.graph.count()).toBe(calls);
      expect(await readSessionRows(world)).toHaveLength(0);
      expect(await isSignedIn(browser)).toBe(false);
    },
  );

  /** Expects that the session continues and Graph is not called, because the error may be temporary. */
  async function expectTemporaryError(browser: UserAgent, lie: () => void, where = worker) {
    const before = await readSessionRows(world);
    expect(before).toHaveLength(1);
    const calls = world.graph.count();
    const renewals = world.entra.count('token', 'refresh_token');
    lie();
    const renewing = where.browser();
    renewing.cookies().set('session', browser.cookies().get('session') ?? '');
    const call = await renewing.script('GET', '/api/graph/v1.0/me');
    expect(call.status).toBe(503);
    expect(JSON.parse(call.body)).toMatchObject({ code: 'sign_in_service_unavailable' });
    expect(call.headers['retry-after']).toMatch(/^\d+$/);
    expect(call.setCookies).toEqual([]);
    expect(world.entra.count('token', 'refresh_token')).toBe(renewals + 1);
    expect(world.graph.count()).toBe(calls);
    expect(await isSignedIn(renewing)).toBe(true);
    // The renewal has released its lease.
    expect(await readSessionRows(world)).toMatchObject([{ rowKey: before[0]?.rowKey, leaseId: '' }]);
  }

  const temporary: [string, () => void][] = [
    ['an expired token', claims((honest) => ({ ...honest, exp: nowSeconds() - 400 }))],
    ['a token issued last week', claims((honest) => ({ ...honest, iat: nowSeconds() - 604_800 }))],
    ['a token issued in the future', claims((honest) => ({ ...honest, iat: nowSeconds() + 3600 }))],
    ['a token that is not valid yet', claims((honest) => ({ ...honest, nbf: nowSeconds() + 3600 }))],
    [
      'a key that is not published yet',
      token((jwt) => world.entra.signIdToken(decodeJwt(jwt), { kid: 'tomorrow' })),
    ],
    [
      'a token without a key id, if several keys match',
      token((jwt) => world.entra.signIdToken(decodeJwt(jwt), { kid: undefined })),
    ],
    [
      'tokens that identify no user',
      answer(({ id_token: _idToken, client_info: _clientInfo, ...body }) => body),
    ],
  ];

  it.each(isWholeRun ? temporary : temporary.slice(0, 3))(
    'responds with 503 and keeps the session: %s',
    { tags: ['ID-10'] },
    async (_title, lie) => {
      const browser = await signedInAboutToRenew();
      await expectTemporaryError(browser, lie);
      for (const name of Object.keys(world.entra.intercept))
        Reflect.deleteProperty(world.entra.intercept, name);
      expect((await browser.script('GET', '/api/graph/v1.0/me')).status).toBe(200);
    },
  );

  it('responds with 503 and keeps the session: two keys with the same id', { tags: ['ID-10'] }, async () => {
    const browser = await signedInAboutToRenew();
    // A worker that has not loaded the keys.
    const cold = await world.startWorker();
    const lie = () => {
      const { kid } = world.entra.signingKey();
      world.entra.intercept.keys = (reply) => {
        const { keys } = reply.body as { keys: object[] };
        return { ...reply, body: { keys: keys.map((key) => ({ ...key, kid })) } };
      };
    };
    await expectTemporaryError(browser, lie, cold);
  });

  it('keeps the identity if there is no ID token', { tags: ['ID-10'] }, async () => {
    const browser = await signedInAboutToRenew();
    answer(({ id_token: _idToken, ...body }) => ({ ...body, client_info: clientInfoOf(demoUsers.ben) }))();
    expect((await browser.script('GET', '/api/graph/v1.0/me')).status).toBe(200);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ name: 'Ben Brown' });
    await browser.script('POST', '/api/auth/logout');
  });
});

describe('signing keys that cannot be loaded', { tags: ['ID-9'] }, () => {
  /** Starts a worker that has not loaded the keys. */
  async function startColdWorker(): Promise<Worker> {
    world.settings['PUBLIC_BASE_URL'] = '';
    return world.startWorker();
  }

  const broken = [
    ['HTML', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html></html>' }],
    ['a failure', { status: 500, headers: {}, body: '{"keys":[]}' }],
    ['more than anybody reads', { status: 200, headers: {}, body: `{"keys":["${'x'.repeat(600_000)}"]}` }],
    ['an address elsewhere', { status: 302, headers: { location: 'evil' }, body: '' }],
  ] as const;

  it.each(isWholeRun ? broken : broken.slice(2))(
    'make the sign-in fail, and the next one succeeds: %s',
    async (_title, broken) => {
      const cold = await startColdWorker();
      const { location } = { location: '', ...broken.headers };
      const headers = location === 'evil' ? { location: `${evilAddress}/keys` } : {};
      world.entra.intercept.keys = () => ({ ...broken, headers: { ...broken.headers, ...headers } });
      const browser = cold.browser();
      const page = await signIn(browser, { user: 'alice' });
      expect(page.status).toBe(503);
      expect(page.headers['retry-after']).toMatch(/^\d+$/);
      expect(browser.cookies().has('session')).toBe(false);
      expect(await readSessionRows(world)).toHaveLength(0);
      expect(evilHits).toBe(0);

      world.entra.intercept.keys = undefined;
      await signIn(browser, { user: 'alice' });
      expect(await isSignedIn(browser)).toBe(true);
      await browser.script('POST', '/api/auth/logout');
    },
  );

  it('are refused if they are published for another issuer', { tags: ['ID-3'] }, async () => {
    const cold = await startColdWorker();
    world.entra.intercept.keys = (reply) => ({
      ...reply,
      body: JSON.parse(
        JSON.stringify(reply.body).replaceAll(demoClient.tenantId, demoUsers.fay.homeTenantId),
      ),
    });
    const browser = cold.browser();
    expect((await signIn(browser, { user: 'alice' })).status).toBe(403);
    expect(await readSessionRows(world)).toHaveLength(0);
  });

  it('are loaded from the configured address, without a discovery document', () => {
    expect(world.entra.count('discovery')).toBe(0);
  });
});
