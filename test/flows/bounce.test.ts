import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker({ extension: 'guardedRoutes' });
});

afterAll(() => world.close());

/** Returns where a bounce sends the browser, or undefined if the response is not a bounce. */
function bounceOf({ headers: { refresh } }: WireAnswer): string | undefined {
  return typeof refresh === 'string' ? refresh.replace(/^0; url=/, '') : undefined;
}

const navigation = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

/** Follows a link from another site in a browser that has no cookies. */
const load = (target: string, headers: Record<string, string> = {}) =>
  worker
    .browser()
    .request(target, { headers: { ...headers, ...navigation, 'sec-fetch-site': 'cross-site' } });

const loadFrom = (site: string, target: string, browser = worker.browser()) =>
  browser.request(target, { headers: { ...navigation, 'sec-fetch-site': site } });

async function signedIn(): Promise<UserAgent> {
  const browser = worker.browser();
  grantSignIn(world);
  await signIn(browser, { user: 'alice' });
  return browser;
}

const callback = `/api/auth/callback?code=x&state=0.${'A'.repeat(43)}`;

describe('a page that is loaded again to get the Strict cookies', () => {
  it.each(['/api/auth/logout', '/api/admin', callback])(
    'loads %s once more',
    { tags: ['LR-2'] },
    async (path) => {
      const again = bounceOf(await load(path));
      expect(again).toBe(`${path}${path.includes('?') ? '&' : '?'}bounced=1`);
      expect(bounceOf(await load(again ?? ''))).toBeUndefined();
    },
  );

  it.each([
    ['/API/Admin/?a=b', '/api/admin?a=b&bounced=1'],
    ['/api/folder/', '/api/folder/?bounced=1'],
    ['/api/folder/a%20b/%C3%BC/c', '/api/folder/a%20b/%C3%BC/c?bounced=1'],
    ['/api/folder/a%2Fb', '/api/folder/a%252Fb?bounced=1'],
  ])('loads %s again by the path of the route that the host matched: %s', async (target, again) => {
    expect(bounceOf(await load(target))).toBe(again);
    expect(bounceOf(await load(again))).toBeUndefined();
  });

  it('leads to no other path, however often front ends decode', { tags: ['RU-1', 'PX-13'] }, async () => {
    for (const extraDecodes of [0, 1, 2] as const) {
      const behind = await world.startWorker({ extension: 'guardedRoutes', extraDecodes });
      for (const dots of ['%2e%2e', '%252e%252e', '%25252e%2e', '.%252e', '%2525252e%2525252e']) {
        const target = `/api/folder/${dots}/graph/v1.0/me/photo/$value`;
        const answer = await behind
          .browser()
          .request(target, { headers: { ...navigation, 'sec-fetch-site': 'cross-site' } });
        const again = bounceOf(answer) ?? '/api/folder/';
        expect(new URL(again, behind.origin).pathname, target).toMatch(/^\/api\/folder\//);
      }
    }
  });

  it.each(['/api/admin?user=ben', '/api/auth/logout?a=b', '/api/admin'])(
    'is then redirected to %s, without the marker',
    async (path) => {
      const browser = await signedIn();
      const again = `${path}${path.includes('?') ? '&' : '?'}bounced=1`;
      for (const site of ['same-origin', 'none']) {
        const second = await loadFrom(site, again, browser);
        expect([second.status, second.headers.location]).toEqual([303, path]);
        expect((await loadFrom(site, path, browser)).status).toBe(200);
      }
    },
  );

  it('keeps the marker if the browser does not say where the load began', async () => {
    const browser = await signedIn();
    for (const path of ['/api/admin?bounced=1', '/api/auth/logout?bounced=1'])
      expect((await browser.request(path, { headers: { accept: 'text/html' } })).status).toBe(200);
  });

  it('is loaded once if a page of this origin led there, with or without a session', async () => {
    const login = '/api/auth/login?return_to=%2Fapi%2Fadmin&via=page';
    expect((await loadFrom('same-origin', '/api/admin')).headers.location).toBe(login);
    expect((await loadFrom('same-origin', '/api/auth/logout')).body).toContain('You are signed out');
    const browser = await signedIn();
    expect((await loadFrom('same-origin', '/api/admin', browser)).status).toBe(200);
  });

  describe('refuses', () => {
    it.each([
      ['/api/admin?bounced=1', '/api/auth/login?return_to=%2Fapi%2Fadmin&via=page'],
      ['/api/auth/logout?bounced=1', '/api/auth/logout'],
    ])('to redirect in a circle a browser that sends no cookie: %s', async (path, next) => {
      const second = await loadFrom('same-origin', path);
      expect([second.status, second.headers.location]).toEqual([303, next]);
      const third = await loadFrom('same-origin', next);
      expect(bounceOf(third)).toBeUndefined();
      expect(third.headers.location ?? '').not.toContain(worker.origin);
    });

    it('to load the page again and again in a browser that always reports none and has no session', async () => {
      const first = await loadFrom('none', '/api/auth/logout');
      const second = await loadFrom('none', bounceOf(first) ?? '');
      expect([second.status, bounceOf(second)]).toEqual([200, undefined]);
      expect(second.body).toContain('You are signed out');
    });

    it('to redirect in a circle if the marker is encoded', async () => {
      const browser = await signedIn();
      for (const site of ['same-origin', 'none']) {
        for (const path of ['/api/admin', '/api/auth/logout']) {
          const { headers } = await loadFrom(site, `${path}?bounc%65d=1`, browser);
          expect(headers.location).toBe(path);
        }
      }
    });

    it.each([
      'bff.test//evil.test',
      'bff.test//evil.test?',
      'bff.test//evil.test/x?a=',
      'bff.test/x?bounced=0&y=',
      'bff.test#',
      'bff.test\\\\evil.test',
    ])('to redirect to the Host header %s', async (host) => {
      for (const path of ['/api/admin', '/api/auth/logout', callback, '/api/folder/x']) {
        const answer = await load(path, { host });
        expect(answer.status).toBe(400);
        expect(bounceOf(answer)).toBeUndefined();
        expect(answer.headers.location).toBeUndefined();
        expect(answer.body).not.toContain('evil');
      }
    });

    it.each([
      '/api/folder/%252e%252e/%252e%252e//evil.test',
      '/api/folder/%252e%252e/%252e%252e/%252e%252e//evil.test/x',
      '/api/folder/x/%252e%252e/%252E%252e/%252e./%252e%252e//evil.test',
    ])('to redirect to another host by the path %s', async (target) => {
      const again = bounceOf(await load(target)) ?? '';
      expect(again).toMatch(/^\/api\/folder\//);
      const second = await load(again);
      expect(bounceOf(second)).toBeUndefined();
      expect(second.headers.location).toMatch(/^\/api\/auth\/login\?return_to=%2Fapi%2Ffolder%2F/);
    });

    const queries = [
      'a=1&a=2',
      '%ff',
      'x=%ff',
      'bounc%65d=0',
      'bounc%65d=1',
      'bounced=0',
      'Bounced=0',
      'bounced',
      'bounced=1&bounced=0',
      `x=${'y'.repeat(17 * 1024 - 20)}`,
    ];
    const targets = ['/api/auth/logout?', '/api/admin?', `${callback}&`].flatMap((path) =>
      queries.map((query) => [path, query.slice(0, 24), path + query] as const),
    );

    it.each(targets)(
      'to load a page a third time: %s%s',
      { tags: ['LR-2'] },
      async (_path, _query, target) => {
        const first = await load(target);
        expect(first.status).toBeLessThan(500);
        const again = bounceOf(first);
        if (again === undefined) return;
        const second = await load(again);
        expect(second.status).toBeLessThan(500);
        expect(bounceOf(second)).toBeUndefined();
      },
    );
  });
});
