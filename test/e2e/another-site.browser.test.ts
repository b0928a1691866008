import type { Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrowserWorld, follow, press, see, startBrowserWorld } from '../support/browser-world.ts';
import { type SmallSite, serve } from '../support/small-site.ts';
import { grantSignIn } from '../support/world.ts';

let world: BrowserWorld;
let origin: string;
/** Another site, and another host of our own: cookies and sites know no ports. */
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

/** Sessions in this app as Alice, and at Entra as Alice and as Ben. */
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

/** What the browser said of where each request to this path comes from. */
function sitesOf(page: Page, path: string): () => Promise<(string | undefined)[]> {
  const requests: Request[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === path) requests.push(request);
  });
  return () => Promise.all(requests.map(async (request) => (await request.allHeaders())['sec-fetch-site']));
}

const names = async (page: Page) =>
  (await page.context().cookies(origin)).map(({ name, value }) => `${name}=${value}`).sort();

describe('a link that another host shows, in a browser', () => {
  it('leaves the signed-in account in place, and goes on at a click of our own page', {
    tags: ['LR-6'],
  }, async ({ skip }) => {
    const page = await world.newPage(skip);
    await asAlice(page);
    for (const [where, address, site] of links()) {
      const sites = sitesOf(page, login);
      const before = await names(page);
      await page.goto(address);
      await follow(page, 'Prize');
      await see(page, 'You are signed in with another account');
      expect(await sites(), where).toEqual([site]);
      expect(await names(page), where).toEqual(before);
      expect(await whoIs(page)).toBe('alice@contoso.example');
    }
    await follow(page, 'Use another account');
    await press(page, /Ben Brown/);
    await see(page, 'Hello, Ben Brown');
  });

  it('signs in who is not signed in, also by way of a page that needs it', async ({ skip }) => {
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
  });

  it('in a window of its own ends as other_account, and the session stays', { tags: ['LR-6'] }, async ({
    skip,
  }) => {
    const page = await world.newPage(skip);
    await asAlice(page);
    for (const [, address] of links()) {
      await page.goto(address);
      const [popup] = await Promise.all([page.waitForEvent('popup'), press(page, 'Open')]);
      await popup.waitForEvent('close');
      expect(await whoIs(page)).toBe('alice@contoso.example');
    }
  });

  it('is told from our own by what began the whole chain of redirects, until a page is loaded again', async ({
    skip,
  }) => {
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
  });
});

/** How often the worker has refused to be anything but a window. */
const refusals = () =>
  world.worker.logLines.filter((line) => line.includes('"rules":"fetch-destination"')).length;

describe('what another host loads beside its own content, in a browser', () => {
  it('uses up no sign-in that is under way', { tags: ['LR-6'] }, async ({ skip }) => {
    const page = await world.newPage(skip);
    await asAlice(page);
    await page.context().clearCookies({ name: 'session' });
    await page.goto(`${origin}${login}?prompt=select_account`);
    await see(page, 'Pick an account');
    const before = await names(page);
    expect(before).toHaveLength(1);
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
