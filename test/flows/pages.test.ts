import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let ben: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  grantSignIn(world);
  ben = worker.browser();
  await signIn(ben, { user: 'ben' });
});

afterAll(() => world.close());

/** The main action of each page. */
const pages: readonly (readonly [name: string, path: string, action: string])[] = [
  ['an unknown path', '/api/nothing', 'Back to the app'],
  ['a stale sign-in', '/api/auth/callback?state=none&code=none', 'Sign in'],
  ['an invalid sign-in', '/api/auth/login?prompt=unknown', 'Back to the app'],
  ['sign-out', '/api/auth/logout', 'Sign out'],
  ['a missing role', '/api/admin', 'Back to the app'],
  ['approval', '/api/auth/callback?state=admin-consent&admin_consent=True', 'Open the app'],
];

describe('a page of the service', () => {
  it.each(pages)('has an icon, a title, one main action and is centered: %s', async (_name, path, action) => {
    const { body, headers } = await ben.clone().navigate(path);
    expect(headers).toMatchObject({ 'content-language': 'en', vary: 'Cookie, Origin, Accept-Language' });
    expect(body).toContain('<html lang="en" dir="ltr">');
    expect(body).toMatch(/<title>[^<]+<\/title>\n<link rel="icon" href="data:image\/svg\+xml,%3Csvg/);
    expect(body).toContain('<main class="centered">');
    expect(headers['content-security-policy']).toContain('; img-src data:; ');
    const main = [...body.matchAll(/<(?:a|button) class="button main"[^>]*>([^<]+)</g)];
    expect(main.map(([, label]) => label)).toEqual([action]);
  });

  it('that says that the user is signed out leads on', async () => {
    const { body } = await worker.browser().navigate('/api/auth/logout');
    expect(body).toContain('<h1>You are signed out</h1>');
    expect(body).toMatch(/class="button main" href="\/">Back to the app</);
    expect(body).toMatch(/class="button" href="\/api\/auth\/login">Sign in again</);
  });
});
