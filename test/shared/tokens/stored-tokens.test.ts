import type { AccountInfo, ICachePlugin } from '@azure/msal-node';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Cloud, clouds, createAuthority } from '../../../src/shared/entra/authority.ts';
import { createCredentialVerdict } from '../../../src/shared/entra/credential-verdict.ts';
import type { SendHttp } from '../../../src/shared/network/http-request.ts';
import type { MsalAccount } from '../../../src/shared/session/facts.ts';
import { createCircuitBreakers } from '../../../src/shared/tokens/circuit-breaker.ts';
import { createMsal } from '../../../src/shared/tokens/msal.ts';
import { createStoredTokens, isDue, isGood } from '../../../src/shared/tokens/stored-tokens.ts';
import { openedSession, sessionContent } from '../../support/session-content.ts';

const clientId = '5e1f0000-0000-4000-8000-000000000001';
const tenantId = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
const otherTenantId = '9b2d6c2f-3f0d-4c58-9d0e-5b2f6a9c1d02';
const start = new Date('2026-08-01T12:00:00.400Z');
const startSeconds = Math.floor(start.getTime() / 1000);

beforeAll(() => vi.useFakeTimers({ toFake: ['Date'] }));
afterAll(() => vi.useRealTimers());
beforeEach(() => vi.setSystemTime(start));

/** MSAL as the product creates it. */
async function msalClient(cloud: Cloud, sendHttp: SendHttp, plugin?: ICachePlugin) {
  const createClient = createMsal({
    authority: createAuthority(cloud, tenantId),
    clientId,
    credential: { options: { clientSecret: 'secret' }, check: () => Promise.resolve() },
    credentialVerdict: createCredentialVerdict(),
    sendHttp,
    breakers: createCircuitBreakers(() => 0),
  });
  const { application } = await createClient(plugin === undefined ? {} : { plugin });
  return application;
}

interface Answer {
  readonly scope: string;
  readonly expiresIn?: number;
  readonly refreshIn?: number;
  readonly tenant?: string;
}

const uid = 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01';

function tokenResponse({ scope, expiresIn = 3600, refreshIn, tenant = tenantId }: Answer, number: number) {
  const claims = { oid: uid, tid: tenant, sub: 'sub', preferred_username: 'alice@contoso.example' };
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return {
    token_type: 'Bearer',
    scope,
    expires_in: expiresIn,
    ext_expires_in: expiresIn,
    ...(refreshIn === undefined ? {} : { refresh_in: refreshIn }),
    access_token: `token-${number}`,
    refresh_token: `refresh-${number}`,
    id_token: `${encode({ alg: 'none' })}.${encode(claims)}.`,
    client_info: encode({ uid, utid: tenantId }),
  };
}

/** The cache that MSAL itself writes for a sign-in and for a renewal for each further answer. */
async function record(answers: readonly Answer[], cloud: Cloud = 'public') {
  let number = 0;
  const application = await msalClient(cloud, async () => {
    const answer = answers[number++];
    if (answer === undefined) throw new Error('one answer too few');
    return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(tokenResponse(answer, number))) };
  });
  const [first = { scope: '' }, ...others] = answers;
  const scopesOf = ({ scope }: Answer) => scope.split(' ');
  const { account } = await application.acquireTokenByCode({
    code: 'code',
    codeVerifier: 'v'.repeat(43),
    redirectUri: 'https://app.example/api/auth/callback',
    scopes: scopesOf(first),
  });
  if (account === null) throw new Error('no account');
  for (const other of others) {
    const scopes = scopesOf(other);
    await application.acquireTokenSilent({ account, scopes, forceRefresh: true });
  }
  return { msalCache: application.getTokenCache().serialize(), account: toMsalAccount(account) };
}

function toMsalAccount(account: AccountInfo): MsalAccount {
  const { homeAccountId, environment, username, localAccountId } = account;
  return { homeAccountId, environment, tenantId, username, localAccountId };
}

interface Lookup {
  readonly msalCache: string;
  readonly account: MsalAccount;
  readonly scopes: readonly string[];
  readonly cloud?: Cloud;
}

/** The access token that MSAL serves without a token request. */
async function msalFinds({ msalCache, account, scopes, cloud = 'public' }: Lookup) {
  const refuse = () => Promise.reject(new Error('no request is allowed'));
  const application = await msalClient(cloud, refuse, {
    beforeCacheAccess: async ({ tokenCache }) => tokenCache.deserialize(msalCache),
    afterCacheAccess: async () => {},
  });
  return application.acquireTokenSilent({ account, scopes: [...scopes] }).then(
    ({ accessToken, expiresOn, refreshOn }) => ({ accessToken, expiresAt: expiresOn, refreshAt: refreshOn }),
    () => undefined,
  );
}

function weFind({ msalCache, account, scopes, cloud = 'public' }: Lookup) {
  const { environments } = createAuthority(cloud, tenantId);
  const storedTokens = createStoredTokens({ clientId, environments, now: () => new Date() });
  const session = openedSession(sessionContent({ msalCache, facts: { account } }), { now: start });
  return storedTokens.find(session, { scopes });
}

/** Both look for the token and find the same. Returns it. */
async function bothFind(lookup: Lookup) {
  const found = weFind(lookup);
  expect(found).toEqual(await msalFinds(lookup));
  return found?.accessToken;
}

/** Changes a field of every stored access token. */
function withField(msalCache: string, name: string, value: unknown): string {
  const cache: Record<string, Record<string, object>> = JSON.parse(msalCache);
  const section = Object.entries(cache['AccessToken'] ?? {});
  const changed = section.map(([key, entry]) => [key, { ...entry, [name]: value }] as const);
  return JSON.stringify({ ...cache, AccessToken: Object.fromEntries(changed) });
}

describe('the service’s look-up and MSAL find the same access token in a cache that MSAL wrote', () => {
  it('with several scopes and resources', async () => {
    const cache = await record([
      { scope: 'openid profile email User.Read Mail.Read' },
      { scope: 'api://orders/Orders.Read api://orders/Orders.Write' },
      { scope: 'https://vault.azure.net/user_impersonation' },
    ]);
    const findings: Record<string, string | undefined> = {};
    for (const scopes of [
      ['User.Read'],
      ['Mail.Read', 'User.Read'],
      ['Mail.Read', 'Files.Read'],
      ['api://orders/Orders.Write'],
      ['api://orders/Orders.Read', 'User.Read'],
      ['https://vault.azure.net/user_impersonation'],
      ['Orders.Read'],
    ]) {
      findings[scopes.join(' ')] = await bothFind({ ...cache, scopes });
    }
    expect(findings).toEqual({
      'User.Read': 'token-1',
      'Mail.Read User.Read': 'token-1',
      'Mail.Read Files.Read': undefined,
      'api://orders/Orders.Write': 'token-2',
      'api://orders/Orders.Read User.Read': undefined,
      'https://vault.azure.net/user_impersonation': 'token-3',
      'Orders.Read': undefined,
    });
  });

  it('in upper case and lower case', async () => {
    const cache = await record([{ scope: 'USER.READ mail.read' }]);
    for (const scopes of [['user.read'], ['User.Read', 'MAIL.READ']]) {
      expect(await bothFind({ ...cache, scopes })).toBe('token-1');
    }
    expect(await bothFind({ ...cache, scopes: ['User.Read', 'user.read', 'Mail.Read'] })).toBeUndefined();
  });

  it('with OpenID scopes only', async () => {
    const cache = await record([{ scope: 'openid profile email' }]);
    for (const scopes of [[], ['openid'], ['openid', 'profile', 'offline_access'], ['email', 'openid']]) {
      expect(await bothFind({ ...cache, scopes })).toBe('token-1');
    }
    expect(await bothFind({ ...cache, scopes: ['User.Read'] })).toBeUndefined();
  });

  it('until the last five minutes, rounded to seconds', async () => {
    const cache = await record([{ scope: 'User.Read' }]);
    const lookup = { ...cache, scopes: ['User.Read'] };
    const found: (readonly [number, boolean])[] = [];
    for (const secondsLeft of [3600, 301, 300.1, 300, 299.6, 299.4, 299, 1, 0, -1]) {
      vi.setSystemTime((startSeconds + 3600 - secondsLeft) * 1000);
      found.push([secondsLeft, (await bothFind(lookup)) !== undefined]);
    }
    const lastFound = found.filter(([, isFound]) => isFound).at(-1);
    expect(lastFound?.[0]).toBe(299.6);
  });

  it('although MSAL would renew it early (refresh_in)', async () => {
    const cache = await record([{ scope: 'User.Read', refreshIn: 600 }]);
    vi.setSystemTime(start.getTime() + 1800 * 1000);
    expect(await bothFind({ ...cache, scopes: ['User.Read'] })).toBe('token-1');
  });

  it('which is due from that time on, otherwise in its last five minutes, and good until its last minute', async () => {
    const states: Record<string, number[]> = {};
    for (const refreshIn of [undefined, 600]) {
      vi.setSystemTime(start);
      const cache = await record([{ scope: 'User.Read', ...(refreshIn === undefined ? {} : { refreshIn }) }]);
      const token = weFind({ ...cache, scopes: ['User.Read'] });
      if (token === undefined) throw new Error('no token');
      const firstSecond = (holds: (now: Date) => boolean) =>
        Array.from({ length: 3700 }, (_, second) => second).find((second) =>
          holds(new Date(startSeconds * 1000 + second * 1000)),
        ) ?? -1;
      states[String(refreshIn)] = [
        firstSecond((now) => isDue(token, now)),
        firstSecond((now) => !isGood(token, now)),
      ];
    }
    expect(states).toEqual({ undefined: [3301, 3541], 600: [600, 3541] });
  });

  it.each(Object.keys(clouds) as Cloud[])('in the cloud %s, under each of its names', async (cloud) => {
    const { msalCache, account } = await record([{ scope: 'User.Read' }], cloud);
    const scopes = ['User.Read'];
    expect(await bothFind({ msalCache, account, scopes, cloud })).toBe('token-1');
    for (const environment of createAuthority(cloud, tenantId).environments) {
      expect(await bothFind({ msalCache, account: { ...account, environment }, scopes, cloud })).toBe(
        'token-1',
      );
      const stored = withField(msalCache, 'environment', environment);
      expect(await bothFind({ msalCache: stored, account, scopes, cloud })).toBe('token-1');
    }
    for (const foreign of ['login.example', 'login.microsoftonline.de', 'LOGIN.WINDOWS.NET']) {
      const stored = withField(msalCache, 'environment', foreign);
      expect(await bothFind({ msalCache: stored, account, scopes, cloud })).toBeUndefined();
    }
  });

  it('of several tenants, for each account in its own', async () => {
    const { msalCache, account } = await record([
      { scope: 'User.Read' },
      { scope: 'Mail.Read', tenant: otherTenantId },
    ]);
    const elsewhere = { ...account, tenantId: otherTenantId };
    expect(await bothFind({ msalCache, account, scopes: ['User.Read'] })).toBe('token-1');
    expect(await bothFind({ msalCache, account, scopes: ['Mail.Read'] })).toBeUndefined();
    expect(await bothFind({ msalCache, account: elsewhere, scopes: ['Mail.Read'] })).toBe('token-2');
    const upperCase = { ...account, tenantId: tenantId.toUpperCase() };
    expect(await bothFind({ msalCache, account: upperCase, scopes: ['User.Read'] })).toBe('token-1');
  });

  it.each([
    ['home_account_id', `b0b00000-52d1-4b6e-9f3a-7c0e4d8b2a01.${tenantId}`],
    ['client_id', '0a99b000-0000-4000-8000-000000000001'],
    ['realm', otherTenantId],
    ['target', 'Mail.Read'],
    ['additionalCacheKeyComponents', { fmi_path: 'path' }],
    ['credential_type', 'AccessToken_With_AuthScheme'],
  ])('and none with another %s', async (field, value) => {
    const { msalCache, account } = await record([{ scope: 'User.Read' }]);
    const stored = withField(msalCache, field, value);
    expect(await bothFind({ msalCache: stored, account, scopes: ['User.Read'] })).toBeUndefined();
  });

  it('that an earlier MSAL bound to requested claims', async () => {
    const { msalCache, account } = await record([{ scope: 'User.Read' }]);
    const stored = withField(msalCache, 'requestedClaimsHash', 'hash');
    expect(await bothFind({ msalCache: stored, account, scopes: ['User.Read'] })).toBe('token-1');
  });

  it('and none with a refresh token only', async () => {
    const { msalCache, account } = await record([{ scope: 'User.Read' }]);
    const stored = JSON.stringify({ ...JSON.parse(msalCache), AccessToken: {} });
    expect(await bothFind({ msalCache: stored, account, scopes: ['User.Read'] })).toBeUndefined();
  });
});

it('a token of another worker with a faster clock is found by the service only, because MSAL would renew it', {
  tags: ['K1'],
}, async () => {
  const { msalCache, account } = await record([{ scope: 'User.Read' }]);
  const stored = withField(msalCache, 'cached_at', String(startSeconds + 240));
  const lookup = { msalCache: stored, account, scopes: ['User.Read'] };
  expect(await msalFinds(lookup)).toBeUndefined();
  expect(weFind(lookup)?.accessToken).toBe('token-1');
});

/** Mostly the usual value, so that the look-ups find something. */
const mostly = <Value>(usual: Value, ...others: Value[]) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
const environments = mostly(
  'login.windows.net',
  'login.microsoftonline.com',
  'login.microsoftonline.us',
  'login.example',
);
const tenants = mostly(tenantId, tenantId.toUpperCase(), otherTenantId);
const homeAccounts = mostly(`${uid}.${tenantId}`, `${uid}.${otherTenantId}`);
const scopeNames = fc.constantFrom(
  'User.Read',
  'user.read',
  'Mail.Read',
  'https://graph.microsoft.com/User.Read',
  'api://orders/Orders.Read',
  'openid',
  'OpenID',
  'profile',
  'email',
  'offline_access',
);
const scopeLists = fc.array(scopeNames, { minLength: 1, maxLength: 4 });
const requestedScopes = fc.oneof(fc.array(scopeNames, { maxLength: 2 }), scopeLists);

/** An entry of the section `AccessToken` under its key, as MSAL writes both. */
const accessTokens = fc
  .record({
    home_account_id: homeAccounts,
    environment: environments,
    client_id: mostly(clientId, 'another-client'),
    realm: tenants,
    target: scopeLists.map((scopes) => scopes.join(' ')),
    token_type: mostly('Bearer', 'bearer', 'pop', 'ssh-cert', 'DPoP'),
    secret: fc.stringMatching(/^token-[a-z]{6}$/),
    cached_at: fc.integer({ min: startSeconds - 7200, max: startSeconds }).map(String),
    expires_on: fc.integer({ min: startSeconds - 60, max: startSeconds + 1200 }).map(String),
    refresh_on: fc.option(fc.integer({ min: startSeconds - 60, max: startSeconds + 60 }).map(String), {
      nil: undefined,
    }),
  })
  .map((fields) => {
    const isBearer = fields.token_type.toLowerCase() === 'bearer';
    const entry = {
      ...fields,
      credential_type: isBearer ? 'AccessToken' : 'AccessToken_With_AuthScheme',
      extended_expires_on: fields.expires_on,
    };
    const { home_account_id: home, environment, credential_type: type, realm, target } = entry;
    const scheme = isBearer ? '' : fields.token_type;
    const key = [home, environment, type, fields.client_id, realm, target, scheme].join('-').toLowerCase();
    return [key, entry] as const;
  });

it('the service’s look-up and MSAL find the same access token in random caches', async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(accessTokens, { maxLength: 4 }),
      fc.record({ homeAccountId: homeAccounts, environment: environments, tenantId: tenants }),
      requestedScopes,
      fc.boolean(),
      async (entries, account, otherScopes, asksForStored) => {
        const msalCache = JSON.stringify({ AccessToken: Object.fromEntries(entries) });
        const storedScopes = entries[0]?.[1].target.split(' ');
        const scopes = (asksForStored ? storedScopes : undefined) ?? otherScopes;
        const lookup = {
          msalCache,
          account: { ...account, username: 'alice@contoso.example', localAccountId: uid },
          scopes,
        };
        if ((await bothFind(lookup)) !== undefined) found++;
      },
    ),
    { numRuns: 400, ...(process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }) },
  );
  expect(found).toBeGreaterThan(20);
});
