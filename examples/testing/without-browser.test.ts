// #region test
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { sessionCookieFor, startApp, type TestApp } from 'entra-bff/testing';

let app: TestApp;

before(async () => {
  app = await startApp({ bundle: 'dist/main.cjs', directory: 'directory.json' });
});
after(() => app.close());
beforeEach(() => app.emulators.reset());

async function readMailOf(user: string): Promise<Response> {
  const cookie = await sessionCookieFor(user, { app: app.url, scopes: ['Mail.Read'] });
  const headers = { cookie, 'X-CSRF': '1' };
  return fetch(`${app.url}/api/graph/v1.0/me/messages?$select=subject`, { headers });
}

test('users read their own mail', async () => {
  const { value } = await (await readMailOf('ben')).json();
  assert.equal(value[0].subject, 'Your first order');
  const [call] = await app.emulators.graph.requests();
  assert.equal(call?.target, '/v1.0/me/messages?$select=subject');
});

test('users learn when to try again', async () => {
  await app.emulators.graph.setSwitches({ throttledCalls: 1, retryAfterSeconds: 30 });
  const response = await readMailOf('ben');
  assert.equal(response.status, 429);
  assert.equal(response.headers.get('retry-after'), '30');
});
// #endregion
