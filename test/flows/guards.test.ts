import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isWholeRun } from '../support/scale.ts';
import { sendWire, type UserAgent, type WireAnswer } from '../support/user-agent.ts';
import { signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let alice: UserAgent;
let ben: UserAgent;

/** Every request reads the table, so that failures show. Roles may be an hour old. */
const asksAlways = { SESSION_CACHE_SECONDS: '0', ROLE_MAX_AGE_SECONDS: '3600' };

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker({ environment: asksAlways });
  alice = worker.browser();
  ben = worker.browser();
  await signIn(alice, { user: 'alice' });
  await signIn(ben, { user: 'ben' });
});

afterAll(() => world.close());

afterEach(() => {
  worker.table.recover();
  worker.table.before = undefined;
});

const openAdmin = (browser: UserAgent) => browser.script('GET', '/api/admin');
const codeOf = ({ body }: WireAnswer): unknown => JSON.parse(body).code;

describe('the admin route', () => {
  it('admits a user with the app role in the verified ID token', async () => {
    const answer = await openAdmin(alice);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body).graph.kind).toBe('loaded');
  });

  it('responds with 403 to a user without the role and with 401 without a session', async () => {
    const refused = await openAdmin(ben);
    expect([refused.status, codeOf(refused)]).toEqual([403, 'claim_required']);
    const unknown = await openAdmin(worker.browser());
    expect([unknown.status, codeOf(unknown)]).toEqual([401, 'session_required']);
  });
});

describe('refuses', () => {
  const shapes: readonly (readonly [what: string, claims: Record<string, unknown>])[] = [
    ['no roles', {}],
    ['an empty list', { roles: [] }],
    ['a string', { roles: 'Admin' }],
    ['a list in a string', { roles: '["Admin"]' }],
    ['names in a string', { roles: 'User,Admin' }],
    ['names in a list element', { roles: ['User,Admin'] }],
    ['names separated by a space', { roles: ['User Admin'] }],
    ['an object', { roles: { Admin: true } }],
    ['an array-like object', { roles: { 0: 'Admin', length: 1 } }],
    ['an object with the method of a list', { roles: { includes: 'Admin' } }],
    ['a number', { roles: 1 }],
    ['true', { roles: true }],
    ['null', { roles: null }],
    ['a nested list', { roles: [['Admin']] }],
    ['a list of objects', { roles: [{ value: 'Admin' }] }],
    ['a mixed list', { roles: ['Admin', 1] }],
    ['lower case', { roles: ['admin'] }],
    ['upper case', { roles: ['ADMIN'] }],
    ['a longer name', { roles: ['Administrator'] }],
    ['a trailing space', { roles: ['Admin '] }],
    ['a trailing line break', { roles: ['Admin\n'] }],
    ['a trailing NUL', { roles: ['Admin\u0000'] }],
    ['an invisible character', { roles: ['Ad\u200bmin'] }],
    ['a look-alike letter', { roles: ['\u0410dmin'] }],
    ['a full-width letter', { roles: ['\uff21dmin'] }],
    ['a wildcard', { roles: ['*', ''] }],
    [
      'claims of other names',
      { role: ['Admin'], Roles: ['Admin'], groups: ['Admin'], wids: ['Admin'], app_roles: ['Admin'] },
    ],
    ['a nested claim', { extension: { roles: ['Admin'] }, 'extension.roles': ['Admin'] }],
  ];

  it.each(shapes)('roles with %s', { tags: ['RG-1'] }, async (_what, shape) => {
    world.entra.intercept.idTokenClaims = ({ roles: _roles, ...claims }) => ({ ...claims, ...shape });
    try {
      const browser = worker.browser();
      await signIn(browser, { user: 'alice' });
      const session = await browser.scriptJson('/api/auth/session');
      expect(session).toMatchObject({ signed_in: true, can: { admin: false } });
      expect((await openAdmin(browser)).status).toBe(403);
    } finally {
      world.entra.intercept.idTokenClaims = undefined;
    }
  });

  it('but admits an array of strings that contains the role', { tags: ['RG-1'] }, async () => {
    world.entra.intercept.idTokenClaims = (claims) => ({ ...claims, roles: ['User', 'Admin'] });
    const browser = worker.browser();
    await signIn(browser, { user: 'ben' });
    world.entra.intercept.idTokenClaims = undefined;
    expect((await openAdmin(browser)).status).toBe(200);
  });

  it('identity headers, with and without a session', { tags: ['RG-2'] }, async () => {
    const principal = Buffer.from(
      JSON.stringify({
        auth_typ: 'aad',
        userId: 'alice',
        userRoles: ['Admin', 'authenticated'],
        claims: [{ typ: 'roles', val: 'Admin' }],
        role_typ: 'roles',
      }),
    ).toString('base64');
    const forged = {
      'x-ms-client-principal': principal,
      'x-ms-client-principal-id': 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01',
      'x-ms-client-principal-name': 'alice@contoso.example',
      'x-ms-client-principal-idp': 'aad',
      'x-ms-token-aad-id-token': 'eyJhbGciOiJub25lIn0.eyJyb2xlcyI6WyJBZG1pbiJdfQ.',
      'x-ms-token-aad-access-token': 'eyJhbGciOiJub25lIn0.eyJyb2xlcyI6WyJBZG1pbiJdfQ.',
      'x-forwarded-user': 'alice',
      'x-forwarded-email': 'alice@contoso.example',
      'x-forwarded-groups': 'Admin',
      'x-forwarded-preferred-username': 'alice@contoso.example',
      'x-auth-request-user': 'alice',
      'x-auth-request-groups': 'Admin',
      'remote-user': 'alice',
      'x-remote-user': 'alice',
      'x-user-roles': 'Admin',
      'x-ms-invocation-id': '1',
      'x-functions-key': 'master',
      'x-middleware-subrequest': 'middleware',
      cookie2: 'session=admin',
    };
    for (const [name, value] of [...Object.entries(forged), ['all', ''] as const]) {
      const headers = name === 'all' ? forged : { [name]: value };
      expect((await ben.script('GET', '/api/admin', { headers })).status, name).toBe(403);
      expect((await worker.browser().script('GET', '/api/admin', { headers })).status, name).toBe(401);
    }
    const withoutSession = await worker.browser().script('GET', '/api/auth/session', { headers: forged });
    expect(JSON.parse(withoutSession.body).signed_in).toBe(false);
    const stillBen = await ben.script('GET', '/api/auth/session', { headers: forged });
    expect(JSON.parse(stillBen.body)).toMatchObject({ username: 'ben@contoso.example', roles: [] });
  });
});

const personId = 'be000000-8c4f-4e21-a6d9-1f5b3c7e9b02';

/** The access rule of each function. A new function without an entry fails the first test below. */
const access: Readonly<Record<string, 'role' | 'session' | 'open'>> = {
  admin: 'role',
  'admin-user-grants': 'role',
  'admin-user-grants-id': 'role',
  'admin-user-sessions': 'role',
  'admin-user-sessions-id': 'role',
  'admin-user-sign-out': 'role',
  'admin-users': 'role',
  'auth-callback': 'open',
  'auth-client': 'open',
  'auth-front-channel-logout': 'open',
  'auth-login': 'open',
  'auth-logout': 'open',
  'auth-session': 'open',
  'auth-sessions': 'session',
  'auth-sessions-id': 'session',
  graph: 'session',
  'health-live': 'open',
  'health-ready': 'open',
  'zz-not-found': 'open',
};

describe('every registered function', () => {
  it('has an access rule and is registered for all methods', { tags: ['RG-4'] }, () => {
    const byHttp = worker.host.functions.filter(({ type }) => type === 'http');
    expect(byHttp.map(({ name }) => name)).toEqual(Object.keys(access));
    for (const { methods } of byHttp) {
      expect([...(methods ?? [])].sort()).toEqual([
        'DELETE',
        'GET',
        'HEAD',
        'OPTIONS',
        'PATCH',
        'POST',
        'PUT',
      ]);
    }
  });

  const spellings = (path: string): string[] => [
    path,
    path.toUpperCase(),
    path.replace('api', 'API'),
    `${path}/`,
    `${path}//`,
    `${path};x=1`,
    `${path}/;x`,
    `${path}?x=1`,
    `${path}%20`,
    `${path}%00`,
    `${path}.json`,
    `${path}/.`,
    `${path}/x/..`,
    `/${path}`,
    path.replace('/api/', '/api//'),
    path.replace('/api/', '/api/./'),
    path.replace('/api/', '/x/../api/'),
    path.replace('/api/', '/api/auth/../'),
    path.replace('/api/', '/api/auth/%2e%2e/'),
    path.replace('/api/', '/api/auth/%252e%252e/'),
    path.replace('a', '%61'),
    path.replace('a', '%2561'),
    path.replace('/api/', '/api%2f'),
    path.replace('/api/', '/api%5c'),
    path.replace('/api/', '/api\\'),
    path.replace('/api/', '/'),
    `http://evil.test${path}`,
  ];
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
  const rewritten = isWholeRun ? ['GET', 'HEAD', 'POST'] : ['GET'];

  it('keeps its guard for every spelling, method and rewrite header', { tags: ['RG-4'] }, async () => {
    const cookie = [...ben.cookies()].map(([name, value]) => `${name}=${value}`).join('; ');
    const calls = world.graph.count();
    const guarded = worker.host.functions.filter(({ name }) => access[name] !== 'open');
    expect(guarded.length).toBeGreaterThanOrEqual(2);
    const spelled = isWholeRun ? guarded : guarded.filter((_one, at) => at % 3 === 0);
    for (const one of guarded) {
      const { name, route } = one;
      const path = `/${route?.replace('{*path}', 'v1.0/me').replace('{id}', 'A'.repeat(43)).replace('{user}', personId)}`;
      const callers = access[name] === 'role' ? [{}, { cookie }] : [{}];
      const rewrites = [
        {
          'x-original-url': path,
          'x-rewrite-url': path,
          'x-forwarded-prefix': path,
          'x-http-method-override': 'GET',
        },
        ...(isWholeRun ? [{}] : []),
      ];
      for (const caller of callers) {
        for (const rewrite of rewrites) {
          const targets = spelled.includes(one) ? [...spellings(path), '/api/health/live', '/'] : [path];
          for (const target of targets) {
            for (const method of target === path ? methods : rewritten) {
              const headers = { 'x-csrf': '1', ...caller, ...rewrite };
              const answer = await sendWire(worker.origin, target, { method, headers });
              const what = `${method} ${target}`;
              expect(answer.body, what).not.toMatch(/ben@contoso|Object id|claims/i);
              const isPublic = target === '/api/health/live' || target === '/';
              if (isPublic && [200, 204].includes(answer.status)) continue;
              expect([400, 401, 403, 404, 405], `${what}: ${answer.status}`).toContain(answer.status);
            }
          }
        }
      }
    }
    expect(world.graph.count()).toBe(calls);
  });
});

describe('a guard that cannot decide', () => {
  it('responds with 503 while the table does not answer, and admits again afterwards', {
    tags: ['RG-5'],
  }, async () => {
    const calls = world.graph.count();
    worker.table.failing.add('read');
    for (const path of ['/api/admin', '/api/graph/v1.0/me', '/api/auth/session']) {
      const answer = await alice.clone().script('GET', path);
      expect([answer.status, codeOf(answer)], path).toEqual([503, 'storage_unavailable']);
      expect(answer.headers['retry-after']).toBe('2');
      expect(answer.setCookies).toEqual([]);
    }
    expect(world.graph.count()).toBe(calls);
    worker.table.recover();
    expect((await openAdmin(alice)).status).toBe(200);
  });

  it('responds with 500 to an unexpected error, and never admits', { tags: ['RG-5'] }, async () => {
    for (const thrown of [
      new TypeError('secret-canary'),
      'secret-canary',
      undefined,
      null,
      { status: 200 },
    ]) {
      worker.table.before = () => {
        throw thrown;
      };
      for (const path of ['/api/admin', '/api/graph/v1.0/me', '/api/auth/session']) {
        const answer = await alice.clone().script('GET', path);
        expect([answer.status, codeOf(answer)], path).toEqual([500, 'internal_error']);
        expect(answer.body).not.toContain('canary');
      }
    }
    expect(worker.logLines.join('\n')).not.toContain('secret-canary');
  });

  it('admits a user whose session was read if only the time of use cannot be written', {
    tags: ['RG-5'],
  }, async () => {
    world.advance(600);
    worker.table.failing.add('merge');
    expect((await openAdmin(alice)).status).toBe(200);
  });
});
