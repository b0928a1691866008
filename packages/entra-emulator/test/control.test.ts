import { demoClient, demoDirectory, demoUsers } from '@entra-bff/directory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntraEmulator } from '../src/emulator.ts';
import { consentTo, createOAuthClient, signInAs, startTestEmulator, tokenText } from '../testing/index.ts';

// packages/graph-emulator/test/control.test.ts has what both emulators refuse.

let entra: EntraEmulator;

beforeEach(async () => {
  entra = await startTestEmulator({ directory: demoDirectory });
});
afterEach(() => entra.close());

async function post(name: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${entra.origin}/_emulator/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const cookies = response.headers.getSetCookie().map((line) => line.split(';')[0]);
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text), cookies };
}

/** Where the authorize endpoint sends a browser with this cookie; undefined if it shows a page. */
async function authorize(cookie: string, changes: Record<string, string> = {}) {
  const app = createOAuthClient(entra);
  const response = await fetch(app.authorizeUrl(changes), { headers: { cookie }, redirect: 'manual' });
  const location = response.headers.get('location');
  const to = location === null ? undefined : new URL(location).searchParams;
  return { app, code: to?.get('code') ?? undefined, text: await response.text() };
}

describe('POST /_emulator/sign-in', () => {
  it('signs a user in, so that a client with the cookie gets a code without any page', async () => {
    const { status, body, cookies } = await post('sign-in', { user: 'alice' });
    expect(status).toBe(200);
    expect(body.user).toEqual({
      id: demoUsers.alice.id,
      username: 'alice@contoso.example',
      name: 'Alice Adams',
    });
    const { app, code } = await authorize(String(cookies[0]));
    const tokens = await app.redeem(String(code));
    const [, claims = ''] = tokenText(tokens, 'id_token').split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      oid: demoUsers.alice.id,
    });
  });

  it('describes the cookie for programs that add it to a browser', async () => {
    const { body, cookies } = await post('sign-in', { user: 'alice' });
    expect(body.cookie).toMatchObject({
      domain: '127.0.0.1',
      path: '/',
      httpOnly: true,
      sameSite: 'Lax',
    });
    expect([`${body.cookie.name}=${body.cookie.value}`]).toEqual(cookies);
  });

  it('replaces the user of a browser that sends its cookie', async () => {
    const { cookies } = await post('sign-in', { user: 'alice' });
    const cookie = String(cookies[0]);
    const again = await post('sign-in', { user: 'ben' }, { cookie });
    expect(`${again.body.cookie.name}=${again.body.cookie.value}`).toBe(cookie);
    const { app, code } = await authorize(cookie);
    const tokens = await app.redeem(String(code));
    const [, claims = ''] = tokenText(tokens, 'id_token').split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ oid: demoUsers.ben.id });
  });

  it('consents to signing in only, and to further scopes on request', async () => {
    const mail = { scope: 'openid profile offline_access User.Read Mail.Read' };
    const { cookies } = await post('sign-in', { user: 'ben' });
    expect(await authorize(String(cookies[0]), mail)).toMatchObject({
      code: undefined,
      text: expect.stringContaining('Read your mail'),
    });
    await post('sign-in', { user: 'ben', scopes: ['Mail.Read'] });
    expect(await authorize(String(cookies[0]), mail)).toMatchObject({ code: expect.any(String) });
  });

  it('leaves the consent page to the test, if it says so', async () => {
    const { cookies } = await post('sign-in', { user: 'ben', consent: false });
    expect(await authorize(String(cookies[0]))).toMatchObject({
      code: undefined,
      text: expect.stringContaining('Permissions requested'),
    });
  });

  it('answers the second factor of a user who always has to, and of others on request', async () => {
    const mia = await post('sign-in', { user: 'mia' });
    expect(await authorize(String(mia.cookies[0]))).toMatchObject({ code: expect.any(String) });
    entra.switches.secondFactorDemanded = true;
    const ben = await post('sign-in', { user: 'ben' });
    expect(await authorize(String(ben.cookies[0]))).toMatchObject({ code: undefined });
    const both = await post('sign-in', { user: 'ben', secondFactor: true });
    expect(await authorize(String(both.cookies[0]))).toMatchObject({ code: expect.any(String) });
  });

  it('signs a guest in to the tenant of the app', async () => {
    const { cookies } = await post('sign-in', { user: 'gus' });
    expect(await authorize(String(cookies[0]))).toMatchObject({ code: expect.any(String) });
  });

  it.each<[circumstance: string, body: object, answer: object]>([
    [
      'an unknown user',
      { user: 'alicia@contoso.example' },
      {
        error: 'There is no user "alicia@contoso.example". Did you mean "alice@contoso.example"?',
        users: demoDirectory.users.map(({ username }) => username),
      },
    ],
    ['no user', {}, { error: '"user" is missing.' }],
    ['a user who is no text', { user: 7 }, { error: '"user" must be a text.' }],
    [
      'an unknown scope',
      { user: 'ben', scopes: ['Mail.Raed'] },
      { error: 'No API has the scope "Mail.Raed".' },
    ],
    [
      'scopes in one text',
      { user: 'ben', scopes: 'Mail.Read' },
      { error: '"scopes" must be a list of texts.' },
    ],
    [
      'an unknown member',
      { user: 'ben', scope: [] },
      { error: 'There is no member "scope". Did you mean "scopes"?' },
    ],
  ])('refuses %s', async (_circumstance, body, answer) => {
    const refused = await post('sign-in', body);
    expect(refused).toMatchObject({ status: 400, body: answer, cookies: [] });
  });
});

describe('POST /_emulator/actions', () => {
  const act = (body: object) => post('actions', body);

  it('ends the sign-ins of a user for a reason', async () => {
    consentTo(entra);
    const app = createOAuthClient(entra);
    const [alice, ben] = [demoUsers.alice, demoUsers.ben];
    const { refreshToken } = await signInAs(entra, app, alice.id);
    const { refreshToken: bens } = await signInAs(entra, createOAuthClient(entra), ben.id);
    expect(await act({ action: 'end-sign-ins', user: 'alice', ending: 'expired' })).toMatchObject({
      status: 204,
    });
    expect((await app.refresh(refreshToken)).body['error_codes']).toEqual([700082]);
    expect((await app.refresh(bens)).status).toBe(200);
    await act({ action: 'end-sign-ins', ending: 'revoked' });
    expect((await app.refresh(bens)).body['error_codes']).toEqual([50173]);
    expect(await act({ action: 'end-sign-ins', ending: 'expird' })).toMatchObject({
      status: 400,
      body: { error: 'There is no ending "expird". Did you mean "expired"?' },
    });
  });

  it('grants and withdraws consents', async () => {
    const { tenantId, clientId } = demoClient;
    const granted = (userId: string) =>
      entra.consents
        .list()
        .filter((one) => one.tenantId === tenantId && one.clientId === clientId)
        .filter((one) => one.userId === undefined || one.userId === userId)
        .flatMap(({ scopes }) => scopes.map((scope) => scope.split('/').at(-1)));
    await act({ action: 'grant-consent', user: 'ben', scopes: ['User.Read', 'Mail.Read'] });
    await act({ action: 'grant-consent', scopes: ['Group.Read.All'] });
    expect(granted(demoUsers.ben.id)).toEqual(['User.Read', 'Mail.Read', 'Group.Read.All']);
    expect(granted(demoUsers.alice.id)).toEqual(['Group.Read.All']);
    await act({ action: 'withdraw-consents', scopes: ['Mail.Read'] });
    expect(granted(demoUsers.ben.id)).toEqual(['User.Read', 'Group.Read.All']);
    await act({ action: 'withdraw-consents', user: 'ben' });
    expect(granted(demoUsers.ben.id)).toEqual(['Group.Read.All']);
    expect(await act({ action: 'withdraw-consents' })).toMatchObject({ status: 400 });
    expect(await act({ action: 'withdraw-consents', user: 'ben', scopes: [] })).toMatchObject({
      status: 400,
    });
  });

  it('grants and removes app roles', async () => {
    const [registration] = demoDirectory.registrations;
    if (registration === undefined) throw new Error('no registration');
    const roles = () => entra.roles.of(demoUsers.ben.id, registration);
    await act({ action: 'grant-role', user: 'ben', role: 'Admin' });
    expect(roles()).toEqual(['Admin']);
    await act({ action: 'remove-role', user: 'ben', role: 'Admin' });
    expect(roles()).toEqual([]);
    expect(await act({ action: 'grant-role', user: 'ben', role: 'Amdin' })).toMatchObject({
      status: 400,
      body: { roles: ['Admin'] },
    });
  });

  it('disables and enables accounts, and expires passwords', async () => {
    const { id } = demoUsers.ben;
    await act({ action: 'block-user', user: 'ben' });
    await act({ action: 'expire-password', user: 'ben' });
    expect([entra.blockedUsers.has(id), entra.expiredPasswords.has(id)]).toEqual([true, true]);
    await act({ action: 'unblock-user', user: 'ben' });
    expect(entra.blockedUsers.has(id)).toBe(false);
  });

  it('rotates the signing keys, and signs all users out at the pages', async () => {
    const { kid } = entra.signingKey();
    await act({ action: 'rotate-keys' });
    expect(entra.signingKey().kid).not.toBe(kid);
    const { cookies } = await post('sign-in', { user: 'alice' });
    await act({ action: 'sign-all-users-out' });
    expect(await authorize(String(cookies[0]))).toMatchObject({ code: undefined });
  });
});

describe('GET /_emulator/requests', () => {
  it('lists what the app has requested, without its credential', async () => {
    consentTo(entra);
    await signInAs(entra, createOAuthClient(entra), demoUsers.alice.id);
    const { requests } = await (await fetch(`${entra.origin}/_emulator/requests`)).json();
    expect(requests).toMatchObject([
      { kind: 'authorize', method: 'GET', query: { client_id: demoClient.clientId } },
      { kind: 'token', grantType: 'authorization_code', form: { code: expect.any(String) } },
    ]);
    expect(JSON.stringify(requests)).not.toContain(demoClient.clientSecret);
  });
});

describe('POST /_emulator/reset', () => {
  it('makes the emulator as it was at its start', async () => {
    const { cookies } = await post('sign-in', { user: 'alice' });
    const app = createOAuthClient(entra);
    const { refreshToken } = await signInAs(entra, app, demoUsers.alice.id);
    Object.assign(entra.switches, { outage: 'json-503', slowMs: 1 });
    entra.blockedUsers.add(demoUsers.ben.id);
    entra.roles.grant({ userId: demoUsers.ben.id, role: 'Admin' });
    expect(await post('reset', {})).toMatchObject({ status: 204 });
    expect([entra.requests, entra.consents.list(), entra.blockedUsers.size]).toEqual([[], [], 0]);
    expect((await app.refresh(refreshToken)).body['error_codes']).toEqual([50173]);
    expect(await authorize(String(cookies[0]))).toMatchObject({ code: undefined });
  });

  it('works during an outage', async () => {
    entra.switches.outage = 'html-502';
    expect(await post('reset', {})).toMatchObject({ status: 204 });
    expect(entra.switches.outage).toBe('none');
  });
});
