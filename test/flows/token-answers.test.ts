import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Reply } from '@entra-bff/emulator-kit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callbackAddress, knownAtEntra } from '../support/callback-address.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
/** A browser that is signed in at Entra ID as Alice, and not in this app. */
let alice: UserAgent;
/** A server that must never receive a request. */
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

/** Signs in while the response of the token endpoint is changed. */
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

describe('a token response', () => {
  it.each<[string, (reply: Reply & { body: Body }) => Reply]>([
    ['unchanged', (reply) => reply],
    ['with token_type in lower case', withBody((body) => ({ ...body, token_type: 'bearer' }))],
    ['with unknown members', withBody((body) => ({ ...body, foo: { a: [1] }, not_before: '0' }))],
    ['without expires_in', without('expires_in')],
    ['without scope, which then equals the request', without('scope')],
    ['without client_info', without('client_info')],
  ])('signs the user in: %s', { tags: ['CB-9'] }, async (_circumstance, change) => {
    const { browser, answer } = await signInWith(change);
    expect(answer.status).toBe(303);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({
      signed_in: true,
      name: 'Alice Adams',
    });
  });

  it('creates a new session and ends the previous one of this browser', { tags: ['CB-9'] }, async () => {
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
        'an HTML page',
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
      ['an access token that is not a string', withBody((body) => ({ ...body, access_token: { a: 1 } }))],
      [
        'an access token with characters that no header allows',
        withBody((body) => ({ ...body, access_token: 'e\u0141J.a.b' })),
      ],
      [
        'an access token with a line break',
        withBody((body) => ({ ...body, access_token: 'eyJ.a.b\r\nx: y' })),
      ],
      ['an access token with a space', withBody((body) => ({ ...body, access_token: 'eyJ.a b' }))],
      ['an empty access token', withBody((body) => ({ ...body, access_token: '' }))],
      ['a refresh token with a line break', withBody((body) => ({ ...body, refresh_token: '1.AX\r\n' }))],
      ['a refresh token that is not a string', withBody((body) => ({ ...body, refresh_token: 7 }))],
      ['client_info that is not base64url', withBody((body) => ({ ...body, client_info: 'e30\r\n' }))],
      ['client_info without an account', withBody((body) => ({ ...body, client_info: 'e30' }))],
      [
        'client_info whose account contains characters that no header allows',
        withBody((body) => ({ ...body, client_info: clientInfo({ uid: '\u0141', utid: 'x' }) })),
      ],
      [
        'client_info whose account contains a line break',
        withBody((body) => ({ ...body, client_info: clientInfo({ uid: 'a', utid: 'b\r\nx: y' }) })),
      ],
      ['expires_in that is not a number', withBody((body) => ({ ...body, expires_in: 'soon' }))],
      ['a scope that is not a string', withBody((body) => ({ ...body, scope: ['User.Read'] }))],
      ['10 MB', withBody((body) => ({ ...body, padding: 'x'.repeat(10 * 1024 * 1024) }))],
      ['a little more than 256 KiB', withBody((body) => ({ ...body, padding: 'x'.repeat(256 * 1024) }))],
      ['an unexplained 400', () => ({ status: 400, headers: {}, body: '<html>Bad Request</html>' })],
      ['500 with tokens', (reply) => ({ ...reply, status: 500 })],
      ['429 with tokens', (reply) => ({ ...reply, status: 429 })],
    ])('%s with 503, and stores nothing', { tags: ['CB-9'] }, async (_circumstance, change) => {
      const attempt = await signInWith(change);
      expectNoSession(attempt, 503);
      expect(JSON.parse(attempt.answer.body)).toMatchObject({ code: 'sign_in_service_unavailable' });
      expect(attempt.answer.headers['retry-after']).toBeDefined();
    });

    it.each([301, 302, 303, 307, 308])('to follow a %i redirect', { tags: ['CB-9'] }, async (status) => {
      const headers = { location: `${evilOrigin}/token`, 'content-type': 'application/json' };
      const withTokens = await signInWith((reply) => ({ ...reply, status, headers }));
      expectNoSession(withTokens, 503);
      expectNoSession(await signInWith(() => ({ status, headers, body: '' })), 503);
    });

    it.each<[string, (reply: Reply & { body: Body }) => Reply]>([
      ['no ID token', without('id_token')],
      ['an empty ID token', withBody((body) => ({ ...body, id_token: '' }))],
      ['an ID token that is not a string', withBody((body) => ({ ...body, id_token: 7 }))],
      ['an ID token of three dots', withBody((body) => ({ ...body, id_token: '...' }))],
      ['an access token as the ID token', withBody((body) => ({ ...body, id_token: body['access_token'] }))],
      ['an error beside the tokens', withBody((body) => ({ ...body, error: 'invalid_grant' }))],
    ])('%s with 403, and stores nothing', { tags: ['CB-9'] }, async (_circumstance, change) => {
      const attempt = await signInWith(change);
      expectNoSession(attempt, 403);
      expect(JSON.parse(attempt.answer.body)).toMatchObject({ code: 'authorization_denied' });
      // The finished transaction, which signs no user in.
      expect([...attempt.browser.cookies().keys()]).toEqual([expect.stringMatching(/^tx-[0-4]$/)]);
    });

    it('fewer permissions than requested, with the address of a new sign-in', {
      tags: ['CB-9'],
    }, async () => {
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

    it('the identity in client_info, because only the ID token counts', { tags: ['CB-9'] }, async () => {
      const victim = Buffer.from(JSON.stringify({ uid: 'victim', utid: 'victim' })).toString('base64url');
      const { browser, answer } = await signInWith(withBody((body) => ({ ...body, client_info: victim })));
      expect(answer.status).toBe(303);
      expect(await browser.scriptJson('/api/auth/session')).toMatchObject({
        username: 'alice@contoso.example',
      });
    });

    it('to state that the user is still signed in if the sign-in fails', { tags: ['CB-9'] }, async () => {
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
      ['an unknown error', refusal('invalid_grant', 9_999_999)],
    ])(
      'for %s restarts the sign-in automatically once',
      { tags: ['CB-2'] },
      async (_circumstance, change) => {
        const { browser, answer } = await signInWith(change, '/api/auth/login?return_to=/mail');
        expect(answer.status).toBe(303);
        expect(new URL(answer.headers.location ?? '').origin).toBe(world.entra.origin);
        world.entra.intercept.tokenResponse = undefined;
        const page = await browser.navigate(answer.headers.location ?? '', { from: worker.origin });
        expect(page.url.pathname).toBe('/mail');
      },
    );

    it.each([
      [
        'missing consent',
        refusal('invalid_grant', 65001, { suberror: 'consent_required' }),
        'sign_in_refused',
      ],
      ['missing consent of an administrator', refusal('invalid_grant', 90094), 'admin_consent_required'],
      [
        'a missing second factor',
        refusal('interaction_required', 50076, { claims: '{}' }),
        'sign_in_refused',
      ],
      ['a blocking policy', refusal('interaction_required', 53003), 'sign_in_refused'],
    ])(
      'for %s ends the sign-in with that outcome, and keeps an existing session',
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
      ['a temporary failure', refusal('temporarily_unavailable', 90033)],
    ])(
      'for %s gets 503, because the user cannot fix it',
      { tags: ['CB-9'] },
      async (_circumstance, change) => {
        const attempt = await signInWith(change);
        expectNoSession(attempt, 503);
        expect(attempt.answer.body).not.toMatch(/canary|secret/i);
      },
    );
  });
});
