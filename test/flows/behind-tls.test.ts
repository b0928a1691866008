import { demoDirectory } from '@entra-bff/directory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerAt } from '../../dev/register-at.ts';
import { callbackAddress, knownAtEntra } from '../support/callback-address.ts';
import type { UserAgent } from '../support/user-agent.ts';
import { signIn, startWorld, type Worker, type World } from '../support/world.ts';

const publicBaseUrl = 'https://localhost:8443';

let world: World;
/** As a front door that ends TLS reaches it. */
let worker: Worker;
let browser: UserAgent;

beforeAll(async () => {
  world = await startWorld(registerAt(demoDirectory, publicBaseUrl));
  const plain = await world.startWorker();
  worker = await world.startWorker({ environment: { PUBLIC_BASE_URL: publicBaseUrl } });
  const known = plain.browser();
  await signIn(known, { user: 'alice' });
  browser = knownAtEntra(known);
});

afterAll(() => world.close());

describe('a service that browsers reach by https', () => {
  it('signs in with a __Host-session cookie, Secure, HttpOnly, Strict and without a domain', {
    tags: ['SC-1'],
  }, async () => {
    const callback = await callbackAddress(browser, `${worker.origin}/api/auth/login`);
    expect(callback.origin).toBe(publicBaseUrl);
    const answer = await browser.request(`${worker.origin}${callback.pathname}${callback.search}`);
    expect(answer.status).toBe(303);
    const [session = '', transaction = '', ...more] = answer.setCookies.toSorted();
    expect(more).toEqual([]);
    expect(session).toMatch(
      /^__Host-session=[\w.-]+; max-age=\d+; path=\/; secure; samesite=strict; httponly$/i,
    );
    expect(transaction).toMatch(
      /^__Host-tx-[0-4]=[\w-]+; max-age=\d+; path=\/; secure; samesite=strict; httponly$/i,
    );
    const asked = await browser.request(`${worker.origin}/api/auth/session`, { headers: { 'x-csrf': '1' } });
    expect(JSON.parse(asked.body)).toMatchObject({ name: 'Alice Adams' });
  });
});
