import type { Request } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type BrowserWorld,
  follow,
  press,
  see,
  signInAtDemo,
  startBrowserWorld,
  startSignIn,
} from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { userId } from '../support/world.ts';

let world: BrowserWorld;
let origin: string;

beforeAll(async () => {
  world = await startBrowserWorld();
  origin = world.worker.origin;
});
beforeEach(() => world.entra.consents.revoke(userId('alice')));
afterAll(() => world.close());

describe('signing in with a browser', () => {
  it('requests consent once, then shows the user with a photo', async ({ skip }) => {
    const page = await world.newPage(skip);
    await startSignIn(page, origin);
    await press(page, /Alice Adams/);
    await press(page, 'Accept');
    await see(page, 'Hello, Alice Adams');
    await page.getByText('Head of Platform').waitFor();
    expect(await page.getByText('alice@contoso.example').isVisible()).toBe(true);
    const photo = page.locator('#portrait img');
    await photo.waitFor();
    expect(await photo.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  });

  it('leaves cookies that scripts and other sites cannot get, and no token', {
    tags: ['SC-1'],
  }, async ({ skip }) => {
    const page = await world.newPage(skip);
    const received: Promise<string>[] = [];
    page.on('response', (response) => {
      if (response.url().startsWith(origin)) received.push(response.text().catch(() => '')); // A redirect has no body.
    });
    await signInAtDemo(world, page, 'Alice Adams');
    await page.getByText('Head of Platform').waitFor();

    const kept = { httpOnly: true, sameSite: 'Strict', path: '/', domain: 'localhost' };
    const cookies = await page.context().cookies(origin);
    expect(cookies.toSorted((left, right) => left.name.localeCompare(right.name))).toMatchObject([
      { name: 'session', ...kept },
      { name: expect.stringMatching(/^tx-[0-4]$/), ...kept },
    ]);
    const reachable = await page.evaluate(async () => ({
      cookie: document.cookie,
      local: { ...localStorage },
      session: { ...sessionStorage },
      databases: await indexedDB.databases(),
      caches: await caches.keys(),
    }));
    expect(reachable).toEqual({ cookie: '', local: {}, session: {}, databases: [], caches: [] });
    const bodies = (await Promise.all(received)).join('\n');
    expect(bodies).toContain('Head of Platform');
    expect(bodies).not.toMatch(/eyJ[\w-]{8,}\.|access_token|refresh_token|id_token/);
  });

  it.runIf(isWholeRun)(
    'returns from Entra ID without the Strict cookies, then loads once more with them',
    {
      tags: ['LR-2'],
    },
    async ({ skip }) => {
      const page = await world.newPage(skip);
      const callbacks: Request[] = [];
      page.on('request', (request) => {
        if (request.url().startsWith(`${origin}/api/auth/callback`)) callbacks.push(request);
      });
      await signInAtDemo(world, page, 'Alice Adams');
      expect(callbacks).toHaveLength(2);
      const [first, second] = await Promise.all(
        callbacks.map(async (request) => ({
          address: request.url().slice(origin.length),
          headers: await request.allHeaders(),
          answer: await request.response(),
        })),
      );
      expect(first?.headers['sec-fetch-site']).toBe('cross-site');
      expect(first?.headers).not.toHaveProperty('cookie');
      expect(first?.answer?.headers()['refresh']).toBe(`0; url=${second?.address}`);
      expect(second?.headers['sec-fetch-site']).toBe('same-origin');
      expect(second?.headers['cookie']).toMatch(/^tx-[0-4]=[\w.~-]+$/);
      expect(second?.address).toBe(`${first?.address}&bounced=1`);
    },
  );

  it.runIf(isWholeRun)('shows a page with two ways to continue if the user declines', async ({ skip }) => {
    const page = await world.newPage(skip);
    await startSignIn(page, origin);
    await press(page, /Alice Adams/);
    await press(page, 'Cancel');
    await see(page, 'Permission declined');
    await follow(page, 'Back to the app');
    await see(page, /You sign in/);
    await press(page, 'Sign in');
    await press(page, 'Cancel');
    await follow(page, 'Try again');
    await press(page, 'Accept');
    await see(page, 'Hello, Alice Adams');
  });

  it.runIf(isWholeRun)('works in two tabs at once', async ({ skip }) => {
    const left = await world.newPage(skip);
    const right = await left.context().newPage();
    for (const tab of [left, right]) {
      await startSignIn(tab, origin);
      await see(tab, 'Pick an account');
    }
    await press(left, /Alice Adams/);
    await press(left, 'Accept');
    await see(left, 'Hello, Alice Adams');
    await press(right, /Alice Adams/);
    await see(right, 'Hello, Alice Adams');
    await press(left, 'Show my messages');
    await see(left, 'Your permission is needed');
    const names = (await left.context().cookies(origin)).map(({ name }) => name);
    const finished = expect.stringMatching(/^tx-[0-4]$/);
    expect(names.toSorted()).toEqual(['session', finished, finished]);
  });
});
