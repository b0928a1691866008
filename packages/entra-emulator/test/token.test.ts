import { generateKeyPairSync } from 'node:crypto';
import { type Directory, demoClient, demoDirectory, demoUsers, graphResourceId } from '@entra-bff/directory';
import { createRemoteJWKSet, decodeJwt, jwtVerify, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntraEmulator } from '../src/emulator.ts';
import { createFormBrowser } from '../testing/form-browser.ts';
import { createOAuthClient, type OAuthClient, tokenText } from '../testing/oauth-client.ts';
import { startTestEmulator } from '../testing/start-emulator.ts';

const { alice, ben, gus } = demoUsers;
const startedAt = new Date('2026-03-04T05:06:07Z');

// Signs client assertions instead of a secret.
const clientKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
const withKey: Directory = {
  ...demoDirectory,
  registrations: demoDirectory.registrations.map((registration) => ({
    ...registration,
    publicKeysPem: [clientKey.publicKey.export({ type: 'spki', format: 'pem' }).toString()],
  })),
};

let emulator: EntraEmulator;
let app: OAuthClient;
let now: Date;

beforeEach(async () => {
  now = startedAt;
  emulator = await startTestEmulator({ directory: withKey, now: () => now });
  app = createOAuthClient(emulator);
  for (const user of demoDirectory.users)
    emulator.consents.grant({
      ...demoClient,
      userId: user.id,
      scopes: ['openid', 'profile', 'offline_access', 'User.Read'],
    });
});
afterEach(() => emulator.close());

function passSeconds(seconds: number) {
  now = new Date(now.getTime() + seconds * 1000);
}

async function codeFor(userId: string, changes: Record<string, string | undefined> = {}): Promise<string> {
  const browser = createFormBrowser(emulator.origin);
  await browser.open(app.authorizeUrl(changes));
  const { redirectedTo } = await browser.press('account', userId);
  return redirectedTo?.searchParams.get('code') ?? '';
}

const signedIn = async (userId: string) => app.redeem(await codeFor(userId));

describe('the tokens of a sign-in', () => {
  it('include an ID token that the published keys verify, with the claims of Entra ID', async () => {
    const answer = await signedIn(alice.id);
    expect(answer.status).toBe(200);
    const issuer = `${emulator.origin}/${demoClient.tenantId}/v2.0`;
    const keys = createRemoteJWKSet(new URL(`${emulator.origin}/${demoClient.tenantId}/discovery/v2.0/keys`));
    const { payload } = await jwtVerify(tokenText(answer, 'id_token'), keys, {
      issuer,
      audience: demoClient.clientId,
      currentDate: now,
      algorithms: ['RS256'],
    });
    expect(payload).toMatchObject({
      tid: demoClient.tenantId,
      oid: alice.id,
      name: alice.name,
      preferred_username: alice.username,
      roles: ['Admin'],
      nonce: app.nonce,
      ver: '2.0',
      auth_time: startedAt.getTime() / 1000,
      sid: expect.any(String),
      login_hint: expect.any(String),
    });
    expect(payload.sub).not.toBe(alice.id);
    expect(payload).not.toHaveProperty('acrs'); // not requested
  });

  it('have no roles claim for a user without roles', async () => {
    expect(decodeJwt(tokenText(await signedIn(ben.id), 'id_token'))).not.toHaveProperty('roles');
  });

  it('include an access token for Microsoft Graph with every permission consented so far', async () => {
    emulator.consents.grant({ ...demoClient, userId: ben.id, scopes: ['Mail.Read'] });
    const answer = await signedIn(ben.id);
    expect(decodeJwt(tokenText(answer, 'access_token'))).toMatchObject({
      aud: graphResourceId,
      scp: 'openid profile User.Read Mail.Read',
      oid: ben.id,
      tid: demoClient.tenantId,
      appid: demoClient.clientId,
    });
    expect(tokenText(answer, 'scope')).toBe('User.Read openid profile Mail.Read');
    expect(answer.body['expires_in']).toBe(3600);
  });

  it('repeat scopes exactly as requested, because MSAL looks tokens up by them', async () => {
    const scope = 'https://graph.microsoft.com/User.Read openid offline_access';
    const answer = await app.redeem(await codeFor(ben.id, { scope }), { scope });
    expect(tokenText(answer, 'scope')).toBe('https://graph.microsoft.com/User.Read openid profile');
  });

  it('name the home account of a guest in client_info', async () => {
    const answer = await signedIn(gus.id);
    const info: unknown = JSON.parse(Buffer.from(tokenText(answer, 'client_info'), 'base64url').toString());
    expect(info).toEqual({ uid: gus.id, utid: gus.homeTenantId });
    expect(decodeJwt(tokenText(answer, 'id_token'))['oid']).toBe(gus.guestIn[0]?.objectId);
  });

  it('include no refresh token or ID token if those were not requested', async () => {
    const answer = await app.redeem(await codeFor(ben.id), { scope: 'User.Read' });
    expect(Object.keys(answer.body)).toEqual([
      'token_type',
      'scope',
      'expires_in',
      'ext_expires_in',
      'access_token',
    ]);
  });

  it('contain the authentication context that a claims challenge asked for', async () => {
    const claims = JSON.stringify({ access_token: { acrs: { essential: true, value: 'c1' } } });
    const browser = createFormBrowser(emulator.origin);
    await browser.open(app.authorizeUrl({ claims }));
    await browser.press('account', ben.id);
    const { redirectedTo } = await browser.press('factor', 'approve');
    const answer = await app.redeem(redirectedTo?.searchParams.get('code') ?? '');
    expect(decodeJwt(tokenText(answer, 'access_token'))['acrs']).toEqual(['c1']);
  });
});

describe('a refresh', () => {
  it('returns tokens with changed roles and permissions', async () => {
    const refreshToken = tokenText(await signedIn(ben.id), 'refresh_token');
    emulator.roles.grant({ userId: ben.id, role: 'Admin' });
    const answer = await app.refresh(refreshToken);
    expect(decodeJwt(tokenText(answer, 'id_token'))['roles']).toEqual(['Admin']);
    emulator.roles.remove({ userId: ben.id, role: 'Admin' });
    expect(decodeJwt(tokenText(await app.refresh(refreshToken), 'id_token'))).not.toHaveProperty('roles');
  });

  it('returns a token for another API after consent, with the same refresh token', async () => {
    const refreshToken = tokenText(await signedIn(ben.id), 'refresh_token');
    const scope = 'api://contoso-orders/Orders.Read';
    expect((await app.refresh(refreshToken, { scope })).body).toMatchObject({ suberror: 'consent_required' });
    emulator.consents.grant({ ...demoClient, userId: ben.id, scopes: [scope] });
    expect(decodeJwt(tokenText(await app.refresh(refreshToken, { scope }), 'access_token'))['scp']).toBe(
      'Orders.Read',
    );
  });

  it('leaves older refresh tokens valid, as Entra ID does', async () => {
    const refreshToken = tokenText(await signedIn(ben.id), 'refresh_token');
    await app.refresh(refreshToken);
    expect((await app.refresh(refreshToken)).status).toBe(200);
  });

  it('revokes all tokens of the sign-in at the second use of a token if rotation is strict', async () => {
    emulator.switches.strictRefreshTokenRotation = true;
    const first = tokenText(await signedIn(ben.id), 'refresh_token');
    const second = tokenText(await app.refresh(first), 'refresh_token');
    expect((await app.refresh(first)).body).toMatchObject({ error: 'invalid_grant', error_codes: [70000] });
    expect((await app.refresh(second)).body).toMatchObject({ error: 'invalid_grant', error_codes: [50173] });
  });

  it('returns no ID token if the switch is on', async () => {
    emulator.switches.refreshWithoutIdToken = true;
    const answer = await app.refresh(tokenText(await signedIn(ben.id), 'refresh_token'));
    expect(answer.status).toBe(200);
    expect(answer.body).not.toHaveProperty('id_token');
    expect(answer.body).toHaveProperty('client_info');
  });

  it('omits optional claims, only in a refresh, if the switch names them', async () => {
    emulator.switches.claimsWithheldOnRefresh = 'sid auth_time';
    const atSignIn = await signedIn(ben.id);
    expect(decodeJwt(tokenText(atSignIn, 'id_token'))).toMatchObject({
      sid: expect.any(String),
      auth_time: expect.any(Number),
    });
    const renewed = decodeJwt(tokenText(await app.refresh(tokenText(atSignIn, 'refresh_token')), 'id_token'));
    expect([renewed['sid'], renewed['auth_time']]).toEqual([undefined, undefined]);
    expect(renewed).toHaveProperty('login_hint');
  });

  it('issues backdated tokens if the switch is on', async () => {
    emulator.switches.tokensBackdatedSeconds = 300;
    const { iat, nbf, exp } = decodeJwt(tokenText(await signedIn(ben.id), 'id_token'));
    expect([iat, nbf, exp]).toEqual([-300, -300, 3600].map((offset) => startedAt.getTime() / 1000 + offset));
  });
});

describe('the app itself', () => {
  const ask = (changes: Readonly<Record<string, string>>) =>
    app.refresh('none', { grant_type: 'client_credentials', ...changes });
  const scope = 'https://graph.microsoft.com/.default';

  it('gets a token of no user, without permissions', async () => {
    const answer = await ask({ scope });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual([
      'access_token',
      'expires_in',
      'ext_expires_in',
      'token_type',
    ]);
    const claims = decodeJwt(tokenText(answer, 'access_token'));
    expect(claims).toMatchObject({ aud: graphResourceId, idtyp: 'app', appid: demoClient.clientId });
    expect(Object.keys(claims)).not.toContain('scp');
  });

  it('gets none for permissions by name, with a wrong secret, or without a tenant', async () => {
    expect((await ask({ scope: 'User.Read' })).body).toMatchObject({ error: 'invalid_scope' });
    expect((await ask({ scope, client_secret: 'wrong' })).body).toMatchObject({ error: 'invalid_client' });
    app = createOAuthClient(emulator, 'organizations');
    expect((await ask({ scope })).status).toBe(400);
  });
});

describe('the errors of Entra ID', () => {
  it('have codes, ids, a timestamp and the correlation id that was sent', async () => {
    const answer = await app.refresh('none');
    expect(answer.status).toBe(400);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toEqual({
      error: 'invalid_grant',
      error_description: expect.stringMatching(
        /^AADSTS70000: .* Trace ID: .* Correlation ID: .* Timestamp: /,
      ),
      error_codes: [70000],
      timestamp: '2026-03-04 05:06:07Z',
      trace_id: expect.any(String),
      correlation_id: '6d2e6e0a-0000-4000-8000-000000000001',
    });
  });

  it.each([
    ['refreshTokensExpired', { error: 'invalid_grant', error_codes: [700082] }],
    ['refreshTokensRevoked', { error: 'invalid_grant', error_codes: [50173] }],
    [
      'secondFactorDemanded',
      {
        error: 'interaction_required',
        error_codes: [50076],
        claims: expect.stringContaining('access_token'),
      },
    ],
    ['consentWithdrawn', { error: 'invalid_grant', error_codes: [65001], suberror: 'consent_required' }],
    ['clientSecretExpired', { error: 'invalid_client', error_codes: [7000222] }],
  ] as const)('affect tokens issued before the switch: %s', async (name, error) => {
    const refreshToken = tokenText(await signedIn(ben.id), 'refresh_token');
    emulator.switches[name] = true;
    const answer = await app.refresh(refreshToken);
    expect(answer.status).toBe(name === 'clientSecretExpired' ? 401 : 400);
    expect(answer.body).toMatchObject(error);
    emulator.switches[name] = false;
    expect((await app.refresh(refreshToken)).status).toBe(200);
  });

  it('report refresh tokens after 90 days without use and codes after 10 minutes as expired', async () => {
    const refreshToken = tokenText(await signedIn(ben.id), 'refresh_token');
    const code = await codeFor(ben.id);
    passSeconds(10 * 60);
    expect((await app.redeem(code)).body).toMatchObject({ error_codes: [70008] });
    passSeconds(90 * 24 * 60 * 60);
    expect((await app.refresh(refreshToken)).body).toMatchObject({ error_codes: [700082] });
  });

  it('affect one user whose password has changed, who is blocked or who has withdrawn consent', async () => {
    const bens = tokenText(await signedIn(ben.id), 'refresh_token');
    const alices = tokenText(await signedIn(alice.id), 'refresh_token');
    emulator.consents.revoke(ben.id);
    expect((await app.refresh(bens)).body).toMatchObject({
      error_codes: [65001],
      suberror: 'consent_required',
    });
    emulator.blockedUsers.add(ben.id);
    expect((await app.refresh(bens)).body).toMatchObject({ error_codes: [50057] });
    emulator.revokeRefreshTokens(ben.id);
    expect((await app.refresh(bens)).body).toMatchObject({ error_codes: [50173] });
    expect((await app.refresh(alices)).status).toBe(200);
  });

  it('are 429 with Retry-After, 503, or an HTML page, for servers only', async () => {
    const tokenUrl = `${emulator.origin}/${demoClient.tenantId}/oauth2/v2.0/token`;
    emulator.switches.throttledRetryAfterSeconds = 7;
    const throttled = await fetch(tokenUrl, { method: 'POST' });
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '7']);
    emulator.switches.outage = 'json-503';
    expect((await fetch(tokenUrl, { method: 'POST' })).status).toBe(503);
    emulator.switches.outage = 'html-502';
    const gateway = await fetch(tokenUrl, { method: 'POST' });
    expect(gateway.status).toBe(502);
    expect(await gateway.text()).toContain('<html>');
    expect((await createFormBrowser(emulator.origin).open('/switches')).status).toBe(200);
  });
});

describe('a test can change', () => {
  it('the claims, the token or the whole response', async () => {
    emulator.intercept.idTokenClaims = (claims, { user }) => ({ ...claims, name: `not ${user.name}` });
    expect(decodeJwt(tokenText(await signedIn(ben.id), 'id_token'))['name']).toBe('not Ben Brown');
    emulator.intercept.idToken = () => 'no.token.atall';
    expect(tokenText(await signedIn(ben.id), 'id_token')).toBe('no.token.atall');
    emulator.intercept.tokenResponse = (reply) => ({ ...reply, status: 500, body: '{}' });
    expect((await signedIn(ben.id)).status).toBe(500);
  });

  it('the content of a token that the real key signs', async () => {
    const lie = await emulator.signIdToken({ iss: 'http://evil.example' });
    const { protectedHeader } = await jwtVerify(lie, emulator.signingKey().publicJwk, {
      algorithms: ['RS256'],
    });
    expect(protectedHeader.kid).toBe(emulator.signingKey().kid);
  });

  it('nothing of the recorded requests, which contain no secret', async () => {
    await signedIn(ben.id);
    const [sent] = emulator.requests.filter((request) => request.kind === 'token');
    expect(sent).toMatchObject({
      grantType: 'authorization_code',
      form: { code_verifier: app.codeVerifier },
    });
    expect(JSON.stringify(emulator.requests)).not.toContain(demoClient.clientSecret);
  });
});

describe('the client assertion', () => {
  const assertion = (audience: string) =>
    new SignJWT({ jti: 'one' })
      .setProtectedHeader({ alg: 'PS256' })
      .setIssuer(demoClient.clientId)
      .setSubject(demoClient.clientId)
      .setAudience(audience)
      .setExpirationTime('5 minutes')
      .sign(clientKey.privateKey);

  const redeemWith = async (client_assertion: string) =>
    app.redeem(await codeFor(ben.id), {
      client_secret: undefined,
      client_assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });

  it('replaces the secret if a registered key has signed it for this endpoint', async () => {
    const endpoint = `${emulator.origin}/${demoClient.tenantId}/oauth2/v2.0/token`;
    expect((await redeemWith(await assertion(endpoint))).status).toBe(200);
    expect((await redeemWith(await assertion('http://evil.example/token'))).body).toMatchObject({
      error_codes: [700027],
    });
  });
});

describe('refuses', () => {
  it('a code that was redeemed already', async () => {
    const code = await codeFor(ben.id);
    await app.redeem(code);
    expect((await app.redeem(code)).body).toMatchObject({ error: 'invalid_grant', error_codes: [54005] });
  });

  it.each([
    ['a wrong code verifier', { code_verifier: 'A'.repeat(43) }, 501481],
    ['a missing code verifier', { code_verifier: undefined }, 501481],
    ['another redirect address', { redirect_uri: 'http://localhost:9999/api/auth/callback' }, 500112],
    ['a wrong secret', { client_secret: 'guess' }, 7000215],
    ['no credential', { client_secret: undefined }, 7000218],
    [
      'another app’s credential',
      {
        client_id: demoDirectory.registrations[1]?.clientId,
        client_secret: demoDirectory.registrations[1]?.secrets[0],
      },
      70000,
    ],
    ['an unknown app', { client_id: 'unknown-app' }, 700016],
    ['another grant type', { grant_type: 'password' }, 70003],
    ['scopes of two APIs', { scope: 'User.Read api://contoso-orders/Orders.Read' }, 28000],
    ['a scope that does not exist', { scope: 'Mail.Eat' }, 70011],
    ['an unknown permission of a known API', { scope: 'api://contoso-orders/Orders.Eat' }, 70011],
    ['an API that does not exist', { scope: 'api://unknown/Orders.Read' }, 500011],
  ])('%s', async (_what, changes, code) => {
    expect((await app.redeem(await codeFor(ben.id), changes)).body).toMatchObject({ error_codes: [code] });
  });

  it('a code verifier for a code that was requested without a challenge', async () => {
    const code = await codeFor(ben.id, { code_challenge: undefined, code_challenge_method: undefined });
    expect((await app.redeem(code)).body).toMatchObject({ error_codes: [501481] });
    expect((await app.redeem(code, { code_verifier: undefined })).status).toBe(200);
  });
});
