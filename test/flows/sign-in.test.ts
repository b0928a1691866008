import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerEntra, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
});

afterAll(() => world.close());

describe('signing in', () => {
  it('redirects to the return path with one session cookie and one finished transaction', async () => {
    const browser = worker.browser();
    const page = await signIn(browser, {
      user: 'alice',
      from: '/api/auth/login?return_to=/api/admin%3Ftab=1',
    });
    expect(page.url.pathname + page.url.search).toBe('/api/admin?tab=1');
    expect([...browser.cookies().keys()].toSorted()).toEqual([
      'session',
      expect.stringMatching(/^tx-[0-4]$/),
    ]);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({
      signed_in: true,
      name: 'Alice Adams',
      username: 'alice@contoso.example',
      roles: ['Admin'],
      can: { admin: true },
      features: { profile: 'granted', mail: 'not_asked' },
    });
  });

  it('redeems one code with the verifier of its transaction', async () => {
    const before = world.entra.count('token', 'authorization_code');
    const browser = worker.browser();
    const started = await browser.request('/api/auth/login');
    const challenge = new URL(started.headers.location ?? '').searchParams.get('code_challenge');
    await answerEntra(
      browser,
      await browser.navigate(started.headers.location ?? '', { from: worker.origin }),
      {
        user: 'ben',
      },
    );
    expect(world.entra.count('token', 'authorization_code') - before).toBe(1);
    const verifier =
      world.entra.requests.findLast(({ kind }) => kind === 'token')?.form['code_verifier'] ?? '';
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(challenge);
  });
});
