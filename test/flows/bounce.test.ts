import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WireAnswer } from '../support/user-agent.ts';
import { startWorld, type Worker, type World } from '../support/world.ts';

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

/** Follows a link from another site in a browser that has no cookies. */
const load = (target: string, headers: Record<string, string> = {}) =>
  worker.browser().request(target, {
    headers: {
      ...headers,
      accept: 'text/html',
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    },
  });

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

  describe('refuses', () => {
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
