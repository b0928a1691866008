import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSessionRows, removeRows } from '../support/table-rows.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { answerEntra, grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
/** A browser that is signed in to this app as Alice, and at Entra ID as Alice and as Ben. */
let both: UserAgent;

const login = '/api/auth/login';
const asBen = `${login}?login_hint=ben%40contoso.example&return_to=/mail`;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  grantSignIn(world);
  both = worker.browser();
  await signIn(both, { user: 'ben' });
  await signIn(both, { user: 'alice', from: `${login}?prompt=select_account` });
});

afterAll(() => world.close());

type Site = 'cross-site' | 'same-site' | 'same-origin' | 'none' | undefined;

/** Follows a link. The browser may send where the link was; Entra ID knows the account. */
async function follow(browser: UserAgent, path: string, site: Site): Promise<WireAnswer> {
  const started = await browser.request(path, {
    // A sibling host belongs to the same site, so its links send Strict cookies.
    withStrictCookies: site !== 'cross-site',
    headers: {
      accept: 'text/html',
      ...(site === undefined
        ? {}
        : { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }),
    },
  });
  return finish(browser, started);
}

async function finish(browser: UserAgent, started: WireAnswer): Promise<WireAnswer> {
  expect(started.status, started.body).toBe(303);
  return browser.navigate(started.headers.location ?? '', { from: worker.origin });
}

const whoIs = async (browser: UserAgent) =>
  (await browser.clone().scriptJson('/api/auth/session'))['username'] ?? null;

describe('a link that starts a sign-in with another account', () => {
  it.each(['cross-site', 'same-site'] as const)(
    'does not replace the session if it is on another host (%s), and a page offers the other account',
    { tags: ['LR-6'] },
    async (site) => {
      const browser = both.clone();
      const before = { cookie: browser.cookies().get('session'), rows: await readSessionRows(world) };
      const page = await follow(browser, asBen, site);
      expect([page.status, page.url.pathname]).toEqual([403, '/api/auth/callback']);
      expect(page.body).toContain('<h1>You are signed in with another account</h1>');
      expect(await readSessionRows(world)).toEqual(before.rows);
      expect(browser.cookies().get('session')).toBe(before.cookie);
      expect(await whoIs(browser)).toBe('alice@contoso.example');
      // The finished sign-in leaves its cookie, with which a reload shows the same page and does nothing.
      const others = [...browser.cookies().keys()].filter((name) => !/^tx-\d$/.test(name));
      expect(others).toEqual(['session']);
      expect((await browser.navigate(page.url.href)).body).toContain(
        'You are signed in with another account',
      );
      expect(await readSessionRows(world)).toEqual(before.rows);
    },
  );

  it('continues with the other account after a click on that page', async () => {
    const browser = both.clone();
    const page = await follow(browser, asBen, 'cross-site');
    const [, href = ''] = /href="([^"]*)">Use another account</.exec(page.body) ?? [];
    expect(href).toBe(`${login}?prompt=select_account&amp;return_to=%2Fmail`);
    const end = await signIn(browser, { user: 'ben', from: href.replaceAll('&amp;', '&') });
    expect(end.url.pathname).toBe('/mail');
    expect(await whoIs(browser)).toBe('ben@contoso.example');
    await signIn(both, { user: 'alice', from: `${login}?prompt=select_account` });
  });

  it('is reported to a script as other_account with the address of a new sign-in', async () => {
    const browser = both.clone();
    const started = await browser.request(asBen, { headers: { 'sec-fetch-site': 'same-site' } });
    const answered = await browser.request(started.headers.location ?? '');
    const end = await browser.request(answered.headers.location ?? '', {
      headers: { accept: 'application/json' },
    });
    expect([end.status, JSON.parse(end.body)]).toMatchObject([
      403,
      {
        code: 'authorization_denied',
        outcome: 'other_account',
        login_url: `${login}?prompt=select_account&return_to=%2Fmail`,
      },
    ]);
  });

  it.each([asBen, `${login}?domain_hint=contoso.example&login_hint=ben%40contoso.example`])(
    'does not replace the session if it names an account and is in an email or a QR code: %s',
    { tags: ['LR-6'] },
    async (link) => {
      const browser = both.clone();
      expect((await follow(browser, link, 'none')).status).toBe(403);
      expect(await whoIs(browser)).toBe('alice@contoso.example');
    },
  );

  it('signs in with the account that the user picks if it was entered in the address bar', async () => {
    const browser = both.clone();
    const started = await browser.request(`${login}?prompt=select_account&return_to=/mail`, {
      headers: {
        accept: 'text/html',
        'sec-fetch-site': 'none',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      },
    });
    const page = await browser.navigate(started.headers.location ?? '', { from: worker.origin });
    expect((await answerEntra(browser, page, { user: 'ben' })).url.pathname).toBe('/mail');
    expect(await whoIs(browser)).toBe('ben@contoso.example');
    await signIn(both, { user: 'alice', from: `${login}?prompt=select_account` });
  });

  it.each(['same-origin', undefined] as const)(
    'signs in with the other account if it is on a page of this service (%s)',
    async (site) => {
      const browser = both.clone();
      const end = await follow(browser, asBen, site);
      expect(end.url.pathname).toBe('/mail');
      expect(await whoIs(browser)).toBe('ben@contoso.example');
      await signIn(both, { user: 'alice', from: `${login}?prompt=select_account` });
    },
  );

  it('does not replace the session if the browser sends neither Sec-Fetch-Site nor Strict cookies', {
    tags: ['LR-6'],
  }, async () => {
    const browser = both.clone();
    const started = await browser.request(asBen, { withStrictCookies: false });
    expect((await finish(browser, started)).status).toBe(403);
    expect(await whoIs(browser)).toBe('alice@contoso.example');
  });

  it('does not replace the session after an automatic restart', {
    tags: ['LR-6'],
  }, async () => {
    const browser = both.clone();
    const started = await browser.request(`${login}?prompt=select_account`, {
      withStrictCookies: false,
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    const state = new URL(started.headers.location ?? '').searchParams.get('state') ?? '';
    world.advance(16 * 60);
    try {
      const restarted = await browser.request(`/api/auth/callback?code=late&state=${state}`);
      expect(new URL(restarted.headers.location ?? '').origin).toBe(world.entra.origin);
      const picker = await finish(browser, restarted);
      expect((await answerEntra(browser, picker, { user: 'ben' })).status).toBe(403);
      expect(await whoIs(browser)).toBe('alice@contoso.example');
    } finally {
      world.advance(-16 * 60);
    }
  });
});

describe('a link on another site', () => {
  it('signs in a user who is not signed in, at the login route and at a page that requires it', async () => {
    for (const path of [asBen, '/api/admin']) {
      const browser = both.clone();
      browser.cookies().delete('session');
      const arrived = await browser.navigate(path, { from: 'https://mail.example' });
      await answerEntra(browser, arrived, { user: 'alice' });
      expect(await whoIs(browser), path).toBe(`${path === asBen ? 'ben' : 'alice'}@contoso.example`);
    }
  });

  it('to a page does not replace a session that was created in the meantime, even after a bounce', {
    tags: ['LR-6'],
  }, async () => {
    await removeRows(world);
    const browser = both.clone();
    browser.cookies().delete('session');
    const link = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const bounce = await browser.request('/api/admin', {
      headers: { ...link, 'sec-fetch-site': 'cross-site' },
      withStrictCookies: false,
    });
    const again = String(bounce.headers['refresh']).replace('0; url=', '');
    const own = { headers: { ...link, 'sec-fetch-site': 'same-origin' } };
    const sent = await browser.request(again, own);
    const started = await browser.request(sent.headers.location ?? '', own);
    const location = new URL(started.headers.location ?? '');
    location.searchParams.set('login_hint', 'ben@contoso.example');
    await signIn(browser, { user: 'alice', from: `${login}?prompt=select_account` });
    const page = await browser.navigate(location.href, { from: worker.origin });
    expect(page.status).toBe(403);
    expect(await whoIs(browser)).toBe('alice@contoso.example');
  });

  it('signs the same account in again', async () => {
    const browser = worker.browser();
    await signIn(browser, { user: 'alice' });
    const page = await follow(browser, `${login}?return_to=/mail`, 'cross-site');
    expect(page.url.pathname).toBe('/mail');
    expect(await whoIs(browser)).toBe('alice@contoso.example');
  });
});
