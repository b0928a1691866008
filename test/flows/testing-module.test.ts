import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { findFreePort } from '../../dev/free-port.ts';
import { changePassword } from '../../examples/testing/failures.ts';
import {
  type AppOptions,
  connectEmulators,
  DirectoryError,
  sessionCookieFor,
  signInAs,
  startApp,
  startEmulators,
  type TestApp,
} from '../../testing/index.ts';
import { readText } from '../support/documents.ts';

const start = (options: Partial<AppOptions> = {}) =>
  startApp({
    bundle: inject('appBundle'),
    tableConnectionString: inject('tableConnectionString'),
    ...options,
    settings: { SESSION_TABLE_NAME: `t${randomBytes(8).toString('hex')}`, ...options.settings },
  });

let app: TestApp;

beforeAll(async () => {
  app = await start();
});
afterAll(() => app.close());
beforeEach(() => app.emulators.reset());

/** Calls the app as a page does. */
async function call(cookie: string, path: string) {
  const response = await fetch(`${app.url}${path}`, { headers: { cookie, 'x-csrf': '1' } });
  const body: unknown = await response.json();
  return { status: response.status, body };
}

const session = (cookie: string) => call(cookie, '/api/auth/session');
const cookieOf = (user: string, options = {}) => sessionCookieFor(user, { app: app.url, ...options });

describe('sessionCookieFor', () => {
  it.each([
    ['the first part of a username', 'alice', 'alice@contoso.example'],
    ['a username', "siobhan.o'brien@contoso.example", "siobhan.o'brien@contoso.example"],
    ['a user who always needs a second factor', 'mia', 'mia@contoso.example'],
    ['a guest', 'gus', 'gus@fabrikam.example'],
  ])('signs in %s', async (_circumstance, user, username) => {
    expect((await session(await cookieOf(user))).body).toMatchObject({ signed_in: true, username });
  });

  it('gives every call a session of its own', async () => {
    const cookies = await Promise.all([cookieOf('alice'), cookieOf('ben'), cookieOf('alice')]);
    expect(new Set(cookies).size).toBe(3);
  });

  it('consents only to what the sign-in and the test ask for', async () => {
    const mail = '/api/graph/v1.0/me/messages?$select=subject&$top=1';
    expect(await call(await cookieOf('ben'), mail)).toMatchObject({
      status: 401,
      body: { code: 'interaction_required', reason: 'consent_required' },
    });
    expect(await call(await cookieOf('ben', { scopes: ['Mail.Read'] }), mail)).toMatchObject({ status: 200 });
  });

  it('names the users there are if there is no such user', async () => {
    await expect(cookieOf('alicia')).rejects.toThrow(
      /There is no user \\?"alicia\\?".*alice@contoso\.example/,
    );
  });

  it('tells where a sign-in stops', async () => {
    await app.emulators.entra.act({ action: 'block-user', user: 'ben' });
    await expect(cookieOf('ben')).rejects.toThrow(
      /^The sign-in stopped at http:\/\/127\.0\.0\.1:\d+\/.*authorize: 200 /,
    );
    await expect(cookieOf('fay')).rejects.toThrow(/^The sign-in stopped at /);
  });

  it('refuses an app that signs in at the real Entra ID, and sends nothing there', async () => {
    const server = createServer((_request, response) => {
      response
        .writeHead(302, { location: 'https://login.microsoftonline.com/x/oauth2/v2.0/authorize' })
        .end();
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await expect.poll(() => server.listening).toBe(true);
    const { port } = server.address() as AddressInfo;
    await expect(sessionCookieFor('alice', { app: `http://127.0.0.1:${port}` })).rejects.toThrow(
      'The app signs in at https://login.microsoftonline.com, which is no emulator.',
    );
  });
});

describe('signInAs', () => {
  it('adds the cookies of the app and of Entra ID to the browser, as each service sets them', async () => {
    const added: unknown[] = [];
    const page = {
      context: () => ({ addCookies: async (cookies: unknown[]) => void added.push(...cookies) }),
    };
    await signInAs(page, 'alice', { app: app.url });
    expect(added).toContainEqual(
      expect.objectContaining({
        name: 'session',
        domain: 'localhost',
        path: '/',
        httpOnly: true,
        secure: false,
        sameSite: 'Strict',
      }),
    );
    expect(added).toContainEqual(expect.objectContaining({ domain: '127.0.0.1', sameSite: 'Lax' }));
  });
});

describe('the emulators of a test', () => {
  it('fail as their switches say, until they are reset', async () => {
    // The service holds a throttled user's calls back for seven seconds, so the second call is another user's.
    const me = async (user: string) => call(await cookieOf(user), '/api/graph/v1.0/me?$select=displayName');
    const { graph } = app.emulators;
    await graph.setSwitches({ throttledCalls: 5, retryAfterSeconds: 7 });
    expect(await graph.switches()).toMatchObject({ throttledCalls: 5, retryAfterSeconds: 7 });
    expect(await me('gus')).toMatchObject({ status: 429 });
    await graph.reset();
    expect(await me('mia')).toMatchObject({ status: 200 });
  });

  it('tell what was requested', async () => {
    const cookie = await cookieOf('alice');
    await call(cookie, '/api/graph/v1.0/me?$select=displayName');
    const [sent] = await app.emulators.graph.requests();
    expect(sent).toMatchObject({ method: 'GET', target: '/v1.0/me?$select=displayName' });
    expect(sent?.headers['authorization']).toMatch(/^Bearer ey/);
    const tokens = (await app.emulators.entra.requests()).filter(({ kind }) => kind === 'token');
    expect(tokens).toMatchObject([{ grantType: 'authorization_code' }]);
  });

  it('change states that are no switches', async () => {
    const cookie = await cookieOf('alice');
    const me = () => call(cookie, '/api/graph/v1.0/me?$select=displayName');
    expect(await me()).toMatchObject({ status: 200 });
    await changePassword(app.emulators, 'alice');
    expect(await me()).toMatchObject({ status: 401, body: { reason: 'refresh_token_revoked' } });
  });

  it('refuse a switch that they do not have', async () => {
    const wrong = { slowMs: 1, slowMS: 5 };
    await expect(app.emulators.graph.setSwitches(wrong)).rejects.toThrow(/Did you mean \\"slowMs\\"/);
  });

  it('are reached by their addresses from another process', async () => {
    const { entra, graph } = app.emulators;
    const others = connectEmulators({ entra: entra.origin, graph: graph.origin });
    await others.entra.setSwitches({ slowMs: 1 });
    expect(await entra.switches()).toMatchObject({ slowMs: 1 });
    await others.reset();
    expect(await entra.switches()).toMatchObject({ slowMs: 0 });
  });
});

describe('startEmulators', () => {
  const directory = JSON.parse(readText('examples/testing/directory.json'));

  it('takes a port for Entra ID and the next one for Graph, and gives the settings of the service', async () => {
    const port = await findFreePort();
    const emulators = await startEmulators({ directory, port });
    onTestFinished(emulators.close);
    expect([emulators.entra.origin, emulators.graph.origin]).toEqual([
      `http://127.0.0.1:${port}`,
      `http://127.0.0.1:${port + 1}`,
    ]);
    expect(emulators.settings).toMatchObject({
      ENTRA_TENANT_ID: emulators.directory.tenants[0]?.id,
      ENTRA_CLIENT_ID: emulators.directory.registrations[0]?.clientId,
      DEV_ENTRA_ORIGIN: emulators.entra.origin,
      DEV_GRAPH_ORIGIN: emulators.graph.origin,
    });
  });

  it('refuses a wrong directory, with every fault', async () => {
    const wrong = startEmulators({ directory: { ...directory, people: [{ nam: 'Ben' }] } });
    await expect(wrong).rejects.toThrow(DirectoryError);
    await expect(wrong).rejects.toMatchObject({ faults: { length: 4 } });
  });

  it('leaves nothing behind if the port of Graph is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await expect.poll(() => taken.listening).toBe(true);
    const port = (taken.address() as AddressInfo).port - 1;
    await expect(startEmulators({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });
});

describe('startApp', () => {
  it('serves an app with the people of a directory, and stops all of it', async () => {
    const other = await start({ directory: 'examples/testing/directory.json' });
    const cookie = await sessionCookieFor('ben', { app: other.url });
    const response = await fetch(`${other.url}/api/auth/session`, { headers: { cookie, 'x-csrf': '1' } });
    expect(await response.json()).toMatchObject({ name: 'Ben Brown' });
    await other.close();
    for (const address of [other.url, other.emulators.entra.origin, other.emulators.graph.origin])
      await expect(fetch(address)).rejects.toThrow();
  });

  it('tells why an app is not ready, and leaves nothing behind', async () => {
    const appPort = await findFreePort();
    const starting = start({ appPort, settings: { SESSION_KEYS: 'wrong' } });
    await expect(starting).rejects.toThrow(/^The app is not ready: .*configuration_invalid/);
    await expect(fetch(`http://localhost:${appPort}`)).rejects.toThrow();
  });
});
