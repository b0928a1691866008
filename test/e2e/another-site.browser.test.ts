import type { Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrowserWorld, follow, press, see, startBrowserWorld } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { type SmallSite, serve } from '../support/small-site.ts';
import { grantSignIn } from '../support/world.ts';

let world: BrowserWorld;
let origin: string;
/** Another site, and another host of this site. Ports matter neither to cookies nor to sites. */
let stranger: SmallSite;
let sibling: SmallSite;

const login = '/api/auth/login';

beforeAll(async () => {
  world = await startBrowserWorld();
  origin = world.worker.origin;
  grantSignIn(world);
  const answer = (url: URL) => ({ body: pageOf(url) });
  [stranger, sibling] = await Promise.all([serve(answer, '127.0.0.1'), serve(answer)]);
});
afterAll(() => Promise.all([stranger.close(), sibling.close(), world.close()]));

const pageOf = ({ pathname }: URL) =>
  pathname === '/images'
    ? `<!doctype html><title>Images</title>${Array.from({ length: 12 }, (_, at) => `<img alt="" src="${origin}${login}?at=${at}">`).join('')}
<iframe title="frame" src="${origin}${login}"></iframe><object data="${origin}${login}"></object>
<script>for (let at = 0; at < 6; at++) fetch('${origin}${login}', { mode: 'no-cors', credentials: 'include' }).catch(() => undefined)</script>`
    : `<!doctype html><title>Links</title><a href="${origin}${login}?login_hint=ben%40contoso.example">Prize</a>
<a href="${origin}/api/admin">Administration</a> <a href="${origin}/api/admin?bounced=1">Redirected</a>
<button onclick="window.open('${origin}${login}?login_hint=ben%40contoso.example&display=popup.a-foreign-popup')">Open</button>`;

const links = () => [
  ['another site', `http://127.0.0.1:${stranger.port}/`, 'cross-site'] as const,
  ['another host of our site', `http://localhost:${sibling.port}/`, 'same-site'] as const,
];

/** Signs in as Ben, then as Alice. Entra ID then knows both, and the session is Alice's. */
async function asAlice(page: Page): Promise<void> {
  for (const name of ['Ben Brown', 'Alice Adams']) {
    await page.goto(`${origin}${login}?prompt=select_account`);
    await press(page, new RegExp(name));
    await see(page, `Hello, ${name}`);
  }
}

const whoIs = async (page: Page) => {
  const answer = await page.request.get(`${origin}/api/auth/session`, { headers: { 'x-csrf': '1' } });
  const { username = null }: { username?: string | null } = await answer.json();
  return username;
};

/** Collects the header `Sec-Fetch-Site` of every request for this path. */
function sitesOf(page: Page, path: string): () => Promise<(string | undefined)[]> {
  const requests: Request[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === path) requests.push(request);
  });
  return () => Promise.all(requests.map(async (request) => (await request.allHeaders())['sec-fetch-site']));
}

const names = async (page: Page) =>
  (await page.context().cookies(origin)).map(({ name, value }) => `${name}=${value}`).sort();

/** Each sign-in, also a failed one, leaves a cookie besides that of the session. */
const sessionCookies = async (page: Page) => (await names(page)).filter((one) => one.startsWith('session='));

describe('a link on another host, in a browser', () => {
  it.runIf(isWholeRun)(
    'does not replace the account until the user confirms it on a page of this service',
    {
      tags: ['LR-6'],
    },
    async ({ skip }) => {
      const page = await world.newPage(skip);
      await asAlice(page);
      for (const [where, address, site] of links()) {
        const sites = sitesOf(page, login);
        const before = await sessionCookies(page);
        await page.goto(address);
        await follow(page, 'Prize');
        await see(page, 'You are signed in with another account');
        expect(await sites(), where).toEqual([site]);
        expect(await sessionCookies(page), where).toEqual(before);
        expect(await whoIs(page)).toBe('alice@contoso.example');
      }
      await follow(page, 'Use another account');
      await press(page, /Ben Brown/);
      await see(page, 'Hello, Ben Brown');
    },
  );

  it.runIf(isWholeRun)(
    'signs in a user who is not signed in, at the login route and at a page that requires it',
    async ({ skip }) => {
      const page = await world.newPage(skip);
      await asAlice(page);
      for (const [where, address] of links()) {
        await page.context().clearCookies({ name: 'session' });
        await page.goto(address);
        await follow(page, 'Administration');
        await press(page, /Alice Adams/);
        await see(page, 'Administration');
        expect(await whoIs(page), where).toBe('alice@contoso.example');
        await page.context().clearCookies({ name: 'session' });
        await page.goto(address);
        await follow(page, 'Prize');
        await see(page, 'Hello, Ben Brown');
      }
    },
  );

  it.runIf(isWholeRun)(
    'ends with other_account in a popup, and does not replace the session',
    { tags: ['LR-6'] },
    async ({ skip }) => {
      const page = await world.newPage(skip);
      await asAlice(page);
      for (const [, address] of links()) {
        await page.goto(address);
        const [popup] = await Promise.all([page.waitForEvent('popup'), press(page, 'Open')]);
        await popup.waitForEvent('close');
        expect(await whoIs(page)).toBe('alice@contoso.example');
      }
    },
  );

  it.runIf(isWholeRun)(
    'is recognized by Sec-Fetch-Site through all redirects, until a page is loaded again',
    async ({ skip }) => {
      const page = await world.newPage(skip);
      const sites = sitesOf(page, login);
      await page.goto(`${origin}/api/admin?bounced=1`);
      await see(page, 'Pick an account');
      for (const [, address] of links()) {
        await page.goto(address);
        await follow(page, 'Redirected');
        await see(page, 'Pick an account');
      }
      await page.goto(`${origin}/api/admin`);
      await see(page, 'Pick an account');
      expect(await sites()).toEqual(['none', 'cross-site', 'same-site', 'same-origin']);
    },
  );
});

/** Number of requests that the worker refused because they did not come from a window. */
const refusals = () =>
  world.worker.logLines.filter((line) => line.includes('"rules":"fetch-destination"')).length;

describe('images, frames and scripts of another host, in a browser', () => {
  it.runIf(isWholeRun)('do not affect a sign-in in progress', { tags: ['LR-6'] }, async ({ skip }) => {
    const page = await world.newPage(skip);
    await asAlice(page);
    await page.context().clearCookies({ name: 'session' });
    await page.goto(`${origin}${login}?prompt=select_account`);
    await see(page, 'Pick an account');
    const before = await names(page);
    // Two finished sign-ins and the one in progress.
    expect(before).toHaveLength(3);
    const other = await page.context().newPage();
    for (const [where, address] of links()) {
      const already = refusals();
      await other.goto(`${address}images`);
      await expect.poll(() => refusals() - already, { message: where }).toBe(12 + 6 + 2);
      expect(await names(page), where).toEqual(before);
    }
    await press(page, /Alice Adams/);
    await see(page, 'Hello, Alice Adams');
  });
});
