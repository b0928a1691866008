import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Reply } from '@entra-bff/emulator-kit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callbackAddress, knownAtEntra } from '../support/callback-address.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
/** Known to Entra as Alice, signed out here. */
let alice: UserAgent;
/** Where no request may ever arrive. */
let evil: Server;
let evilOrigin: string;
let evilHits = 0;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  const browser = worker.browser();
  await signIn(browser, { user: 'alice' });
  alice = knownAtEntra(browser);
  evil = createServer((_request, response) => {
    evilHits++;
    response.end();
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  evilOrigin = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
});

afterEach(() => {
  world.entra.intercept.tokenResponse = undefined;
});

afterAll(async () => {
  evil.close();
  await world.close();
});

type Body = Record<string, unknown>;

/** Signs in while the token endpoint's honest answer is changed. */
async function signInWith(change: (reply: Reply & { body: Body }) => Reply, from?: string) {
  const browser = alice.clone();
  const callback = await callbackAddress(browser, from);
  world.entra.intercept.tokenResponse = (reply) => change({ ...reply, body: { ...(reply.body as Body) } });
  const writes = worker.table.writes();
  const answer = await browser.request(callback.href, { headers: { accept: 'application/json' } });
  return { browser, callback, answer, writes: worker.table.writes() - writes };
}

const clientInfo = (account: object) => Buffer.from(JSON.stringify(account)).toString('base64url');
const withBody = (change: (body: Body) => unknown) => (reply: Reply & { body: Body }) => ({
  ...reply,
  body: change(reply.body),
});
const without = (name: string) => withBody((body) => ({ ...body, [name]: undefined }));

function expectNoSession({ answer, writes }: { answer: WireAnswer; writes: number }, status: number): void {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(answer.setCookies.filter((line) => line.startsWith('session='))).toEqual([]);
  expect(writes).toBe(0);
  expect(evilHits).toBe(0);
}

describe('the answer of the token endpoint', () => {
  it.each<[string, (reply: Reply & { body: Body }) => Reply]>([
    ['as Entra gives it', (reply) => reply],
    ['with token_type in lower case', withBody((body) => ({ ...body, token_type: 'bearer' }))],
    ['with members that nobody knows', withBody((body) => ({ ...body, foo: { a: [1] }, not_before: '0' }))],
    ['without expires_in', without('expires_in')],
    ['without scope, which then is as it was asked', without('scope')],
    ['without client_info', without('client_info')],
  ])('%s signs in', { tags: ['CB-9'] }, async (_circumstance, change) => {
    const { browser, answer } = await signInWith(change);
    expect(answer.status).toBe(303);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({
      signed_in: true,
      name: 'Alice Adams',
    });
  });

  it('gives a new session and ends the one that this browser had', { tags: ['CB-9'] }, async () => {
    const browser = alice.clone();
    await browser.navigate('/api/auth/login');
    const old = browser.clone();
    const page = await browser.navigate('/api/auth/login?return_to=/mail');
    expect(page.url.href).toBe(`${worker.origin}/mail`);
    expect(browser.cookies().get('session')).not.toBe(old.cookies().get('session'));
    expect(await old.scriptJson('/api/auth/session')).toMatchObject({ signed_in: false });
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
  });

  describe('refuses', () => {
    it.each<[string, (reply: Reply & { body: Body }) => Reply]>([
      [
        'a page',
        () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' }),
      ],
      ['nothing', () => ({ status: 200, headers: {}, body: '' })],
      ['an array', withBody((body) => [body])],
      ['a JSON string', () => ({ status: 200, headers: {}, body: '"token"' })],
      ['null', () => ({ status: 200, headers: {}, body: 'null' })],
      ['JSON that breaks off', (reply) => ({ ...reply, body: JSON.stringify(reply.body).slice(0, -1) })],
      ['status 201', (reply) => ({ ...reply, status: 201 })],
      ['status 204', () => ({ status: 204, headers: {}, body: '' })],
      ['an error with status 200', () => ({ status: 200, headers: {}, body: { error: 'invalid_grant' } })],
      ['another token_type', withBody((body) => ({ ...body, token_type: 'DPoP' }))],
      ['no token_type', without('token_type')],
      ['no access token', without('access_token')],
      ['an access token that is no text', withBody((body) => ({ ...body, access_token: { a: 1 } }))],
      [
        'an access token that no header takes',
        withBody((body) => ({ ...body, access_token: 'e\u0141J.a.b' })),
      ],
      ['an access token of two lines', withBody((body) => ({ ...body, access_token: 'eyJ.a.b\r\nx: y' }))],
      ['an access token with a space', withBody((body) => ({ ...body, access_token: 'eyJ.a b' }))],
      ['an empty access token', withBody((body) => ({ ...body, access_token: '' }))],
      ['a refresh token of two lines', withBody((body) => ({ ...body, refresh_token: '1.AX\r\n' }))],
      ['a refresh token that is no text', withBody((body) => ({ ...body, refresh_token: 7 }))],
      ['client_info that is no base64url', withBody((body) => ({ ...body, client_info: 'e30\r\n' }))],
      ['client_info without an account', withBody((body) => ({ ...body, client_info: 'e30' }))],
      [
        'client_info whose account no header takes',
        withBody((body) => ({ ...body, client_info: clientInfo({ uid: '\u0141', utid: 'x' }) })),
      ],
      [
        'client_info whose account has two lines',
        withBody((body) => ({ ...body, client_info: clientInfo({ uid: 'a', utid: 'b\r\nx: y' }) })),
      ],
      ['expires_in that is no number', withBody((body) => ({ ...body, expires_in: 'soon' }))],
      ['a scope that is no text', withBody((body) => ({ ...body, scope: ['User.Read'] }))],
      ['10 MB', withBody((body) => ({ ...body, padding: 'x'.repeat(10 * 1024 * 1024) }))],
      ['a little more than 256 KiB', withBody((body) => ({ ...body, padding: 'x'.repeat(256 * 1024) }))],
      ['an unexplained 400', () => ({ status: 400, headers: {}, body: '<html>Bad Request</html>' })],
      ['500 with tokens', (reply) => ({ ...reply, status: 500 })],
      ['429 with tokens', (reply) => ({ ...reply, status: 429 })],
    ])('%s: 503, no session, nothing stored', { tags: ['CB-9'] }, async (_circumstance, change) => {
      const attempt = await signInWith(change);
      expectNoSession(attempt, 503);
      expect(JSON.parse(attempt.answer.body)).toMatchObject({ code: 'sign_in_service_unavailable' });
      expect(attempt.answer.headers['retry-after']).toBeDefined();
    });

    it.each([301, 302, 303, 307, 308])('to follow a %i elsewhere', { tags: ['CB-9'] }, async (status) => {
      const headers = { location: `${evilOrigin}/token`, 'content-type': 'application/json' };
      const withTokens = await signInWith((reply) => ({ ...reply, status, headers }));
      expectNoSession(withTokens, 503);
      expectNoSession(await signInWith(() => ({ status, headers, body: '' })), 503);
    });

    it.each<[string, (reply: Reply & { body: Body }) => Reply]>([
      ['no ID token', without('id_token')],
      ['an empty ID token', withBody((body) => ({ ...body, id_token: '' }))],
      ['an ID token that is no text', withBody((body) => ({ ...body, id_token: 7 }))],
      ['an ID token of three dots', withBody((body) => ({ ...body, id_token: '...' }))],
      ['an access token for an ID token', withBody((body) => ({ ...body, id_token: body['access_token'] }))],
      ['an error beside the tokens', withBody((body) => ({ ...body, error: 'invalid_grant' }))],
    ])('%s: 403, no session, nothing stored', { tags: ['CB-9'] }, async (_circumstance, change) => {
      const attempt = await signInWith(change);
      expectNoSession(attempt, 403);
      expect(JSON.parse(attempt.answer.body)).toMatchObject({ code: 'authorization_denied' });
      expect([...attempt.browser.cookies().keys()]).toEqual([]);
    });

    it('fewer permissions than were asked for, and says which page goes on', { tags: ['CB-9'] }, async () => {
      const attempt = await signInWith(
        withBody((body) => ({ ...body, scope: 'openid profile' })),
        '/api/auth/login?return_to=/mail',
      );
      expectNoSession(attempt, 403);
      expect(JSON.parse(attempt.answer.body)).toMatchObject({
        code: 'authorization_denied',
        outcome: 'fewer_permissions',
        login_url: '/api/auth/login?return_to=%2Fmail',
      });
    });

    it("the identity in client_info: the ID token's alone counts", { tags: ['CB-9'] }, async () => {
      const victim = Buffer.from(JSON.stringify({ uid: 'victim', utid: 'victim' })).toString('base64url');
      const { browser, answer } = await signInWith(withBody((body) => ({ ...body, client_info: victim })));
      expect(answer.status).toBe(303);
      expect(await browser.scriptJson('/api/auth/session')).toMatchObject({
        username: 'alice@contoso.example',
      });
    });

    it('to say that the person is signed in when the sign-in fails', { tags: ['CB-9'] }, async () => {
      const { answer } = await signInWith(() => ({ status: 502, headers: {}, body: '' }));
      expect(answer.body).not.toMatch(/still signed in/);
    });
  });

  describe('that refuses the code', () => {
    const refusal =
      (error: string, number: number, more: Body = {}) =>
      () => ({
        status: 400,
        headers: { 'content-type': 'application/json' },
        body: { error, error_codes: [number], error_description: `AADSTS${number}: canary`, ...more },
      });

    it.each([
      ['a used code', refusal('invalid_grant', 54005)],
      ['an expired code', refusal('invalid_grant', 70008)],
      ['an error that nobody has seen', refusal('invalid_grant', 9_999_999)],
    ])('as %s begins once more by itself', { tags: ['CB-2'] }, async (_circumstance, change) => {
      const { browser, answer } = await signInWith(change, '/api/auth/login?return_to=/mail');
      expect(answer.status).toBe(303);
      expect(new URL(answer.headers.location ?? '').origin).toBe(world.entra.origin);
      world.entra.intercept.tokenResponse = undefined;
      const page = await browser.navigate(answer.headers.location ?? '', { from: worker.origin });
      expect(page.url.pathname).toBe('/mail');
    });

    it.each([
      [
        'lacking consent',
        refusal('invalid_grant', 65001, { suberror: 'consent_required' }),
        'sign_in_refused',
      ],
      ['lacking an administrator', refusal('invalid_grant', 90094), 'admin_consent_required'],
      [
        'lacking a second factor',
        refusal('interaction_required', 50076, { claims: '{}' }),
        'sign_in_refused',
      ],
      ['blocked by policy', refusal('interaction_required', 53003), 'sign_in_refused'],
    ])(
      'as %s is an end with that outcome, also from a live session',
      { tags: ['CB-9'] },
      async (_circumstance, change, outcome) => {
        const attempt = await signInWith(change);
        expectNoSession(attempt, 403);
        expect(JSON.parse(attempt.answer.body)).toMatchObject({ outcome });

        world.entra.intercept.tokenResponse = undefined;
        const browser = alice.clone();
        await browser.navigate('/api/auth/login');
        const session = browser.cookies().get('session') ?? 'none';
        const callback = await callbackAddress(browser);
        world.entra.intercept.tokenResponse = change;
        const answer = await browser.request(callback.href, { headers: { accept: 'application/json' } });
        expect(answer.status).toBe(403);
        expect(answer.body).not.toContain('canary');
        expect(browser.cookies().get('session')).toBe(session);
        expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
      },
    );

    it.each([
      ['a wrong secret', refusal('invalid_client', 7000215)],
      ['an expired secret', refusal('invalid_client', 7000222)],
      ['a passing fault', refusal('temporarily_unavailable', 90033)],
    ])('as %s is 503: the service has to mend it', { tags: ['CB-9'] }, async (_circumstance, change) => {
      const attempt = await signInWith(change);
      expectNoSession(attempt, 503);
      expect(attempt.answer.body).not.toMatch(/canary|secret/i);
    });
  });
});
