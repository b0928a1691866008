import { demoClient, demoUsers } from '@entra-bff/directory';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callbackAddress, knownAtEntra } from '../support/callback-address.ts';
import { readSessionRows, removeRows } from '../support/table-rows.ts';
import type { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
/** A browser that is signed in at Entra ID, and not in this app. */
let alice: UserAgent;
let ben: UserAgent;

const { tenantId, clientId } = demoClient;
const asPage = { headers: { accept: 'text/html' } };
const loginPath = '/api/auth/login';

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  grantSignIn(world);
  [alice, ben] = [worker.browser(), worker.browser()];
  await signIn(alice, { user: 'alice' });
  await signIn(ben, { user: 'ben' });
  [alice, ben] = [knownAtEntra(alice), knownAtEntra(ben)];
});

afterAll(() => world.close());
beforeEach(() => removeRows(world));

async function signedIn(known: UserAgent): Promise<UserAgent> {
  world.entra.consents.withdraw(['Mail.Read']);
  const browser = known.clone();
  await browser.navigate(loginPath);
  return browser;
}

/** Returns a ticket for mail. Alice and Ben then consent, so that only the requested scopes matter. */
async function ticketOf(browser: UserAgent): Promise<string> {
  world.entra.consents.withdraw(['Mail.Read']);
  const problem = await browser.scriptJson('/api/graph/v1.0/me/messages');
  expect(problem['code']).toBe('interaction_required');
  for (const { id } of [demoUsers.alice, demoUsers.ben])
    world.entra.consents.grant({ tenantId, clientId, userId: id, scopes: ['Mail.Read'] });
  return new URL(String(problem['login_url']), worker.origin).searchParams.get('ticket') ?? '';
}

const lastTokenForm = (): Readonly<Record<string, string>> =>
  world.entra.requests.findLast(({ kind }) => kind === 'token')?.form ?? {};

/** The authorization request without the values that are new in every sign-in. */
function fixedParts(location: string | undefined): string {
  const url = new URL(location ?? '');
  for (const name of ['state', 'nonce', 'code_challenge', 'client-request-id']) {
    expect(url.searchParams.getAll(name), name).toHaveLength(1);
    url.searchParams.delete(name);
  }
  return url.href;
}

const smuggled = new URLSearchParams({
  scope: 'Directory.Read.All',
  scopes: 'Directory.Read.All',
  claims: '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}',
  prompt: 'none',
  redirect_uri: 'https://evil.example/',
  post_logout_redirect_uri: 'https://evil.example/',
  feature: 'mail',
  display: 'popup.an-evil-popup',
});

describe('a ticket', () => {
  it('that is reused in its session chain requests the same scopes and does not extend its lifetime', {
    tags: ['LR-5'],
  }, async () => {
    const browser = await signedIn(alice);
    const ticket = await ticketOf(browser);
    const { expires_at: limit } = await browser.scriptJson('/api/auth/session');
    const honest = fixedParts(
      (await browser.clone().request(`${loginPath}?ticket=${ticket}`)).headers.location,
    );
    expect(honest).toContain('Mail.Read');
    for (let time = 0; time < 3; time++) {
      const again = await browser.clone().request(`${loginPath}?ticket=${ticket}`);
      expect(fixedParts(again.headers.location)).toBe(honest);
      const end = await browser.navigate(`${loginPath}?ticket=${ticket}&return_to=/mail`);
      expect(end.url.pathname).toBe('/mail');
      expect(lastTokenForm()['scope']?.split(' ').sort()).toEqual([
        'Mail.Read',
        'User.Read',
        'offline_access',
        'openid',
        'profile',
      ]);
      expect(await readSessionRows(world)).toHaveLength(1);
      expect(await browser.scriptJson('/api/auth/session')).toMatchObject({
        username: 'alice@contoso.example',
        expires_at: limit,
      });
    }
  });
});

describe('refuses', () => {
  it('a ticket that is forged, expired, or of another user or browser, and starts a plain sign-in', {
    tags: ['LR-4', 'LR-5'],
  }, async () => {
    const owner = await signedIn(alice);
    const ticket = await ticketOf(owner);
    const bytes = Buffer.from(ticket, 'base64url');
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
    const made = Buffer.from('{"feature":"mail","scopes":["Mail.Read"]}').toString('base64url');
    const attempts: readonly (readonly [what: string, browser: UserAgent, ticket: string])[] = [
      ['changed by a bit', owner.clone(), bytes.toString('base64url')],
      ['made up', owner.clone(), made],
      ['of another user', await signedIn(ben), ticket],
      ["another browser's", await signedIn(alice), ticket],
      ['without a session', alice.clone(), ticket],
    ];
    for (const [what, browser, shown] of attempts) {
      const end = await browser.navigate(`${loginPath}?ticket=${shown}&return_to=/mail`);
      expect(end.url.pathname, what).toBe('/mail');
      expect(lastTokenForm()['scope'], what).toContain('User.Read');
      expect(lastTokenForm()['scope'], what).not.toContain('Mail');
    }
    const [before, after] = [await signedIn(alice), await signedIn(alice)];
    for (const [browser, seconds, hasMail] of [
      [before, 9 * 60, true],
      [after, 10 * 60 + 1, false],
    ] as const) {
      const own = await ticketOf(browser);
      world.advance(seconds);
      try {
        const { headers } = await browser.request(`${loginPath}?ticket=${own}`);
        expect(fixedParts(headers.location).includes('Mail.Read'), String(seconds)).toBe(hasMail);
      } finally {
        world.advance(-seconds);
      }
    }
  });

  it('a ticket inside a return path or at another route', {
    tags: ['LR-4', 'RU-1'],
  }, async () => {
    const browser = await signedIn(alice);
    const ticket = await ticketOf(browser);
    for (const [returnTo, end] of [
      [`/mail?ticket=${ticket.slice(0, 200)}`, `/mail?ticket=${ticket.slice(0, 200)}`],
      [`${loginPath}?ticket=${ticket}`, '/'],
      [`/API/auth/login?ticket=${ticket}`, '/'],
    ] as const) {
      const callback = await callbackAddress(
        browser,
        `${loginPath}?return_to=${encodeURIComponent(returnTo)}`,
      );
      const answer = await browser.request(`${callback.href}&ticket=${ticket}`, asPage);
      expect(answer.headers.location, returnTo).toBe(end);
      expect(lastTokenForm()['scope']).not.toContain('Mail');
    }
  });

  it('scopes, claims, prompts and addresses that are added to the callback', {
    tags: ['LR-4'],
  }, async () => {
    const browser = alice.clone();
    const callback = await callbackAddress(browser, `${loginPath}?return_to=/calendar`);
    const answer = await browser.request(`${callback.href}&${smuggled}`, asPage);
    expect([answer.status, answer.headers.location]).toEqual([303, '/calendar']);
    expect(lastTokenForm()).toMatchObject({ redirect_uri: `${worker.origin}/api/auth/callback` });
    expect(lastTokenForm()['scope']?.split(' ').sort()).toEqual([
      'User.Read',
      'offline_access',
      'openid',
      'profile',
    ]);
    expect(lastTokenForm()['claims'] ?? '').not.toContain('acrs');

    // An automatic restart does not use them either.
    const slow = alice.clone();
    const first = await slow.request(loginPath);
    const late = await callbackAddress(slow);
    world.advance(16 * 60);
    try {
      const restarted = await slow.request(`${late.href}&${smuggled}`, asPage);
      expect(restarted.status).toBe(303);
      expect(fixedParts(restarted.headers.location)).toBe(fixedParts(first.headers.location));
    } finally {
      world.advance(-16 * 60);
    }
  });

  it('addresses that are added to the sign-out, in the query or in the form', {
    tags: ['CS-4', 'RU-1'],
  }, async () => {
    const browser = await signedIn(alice);
    const page = await browser.navigate(`/api/auth/logout?${smuggled}`);
    expect(page.setCookies).toEqual([]);
    expect(page.body).not.toContain('evil');
    const token = /name="form_token" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const body = new URLSearchParams({ form_token: token, ...Object.fromEntries(smuggled) }).toString();
    const answer = await browser.request(`/api/auth/logout?${smuggled}`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(body.length),
        origin: worker.origin,
        'sec-fetch-site': 'same-origin',
      },
    });
    expect(answer.status).toBe(303);
    const { origin, searchParams } = new URL(answer.headers.location ?? '');
    expect(origin).toBe(world.entra.origin);
    expect([...searchParams.keys()].sort()).toEqual(['logout_hint', 'post_logout_redirect_uri']);
    expect(searchParams.get('post_logout_redirect_uri')).toBe(`${worker.origin}/api/auth/callback`);
  });

  it('to send a ticket or a code to other sites in a Referer header', {
    tags: ['LR-6'],
  }, async () => {
    const browser = await signedIn(alice);
    const ticket = await ticketOf(browser);
    const withTicket = `${loginPath}?ticket=${ticket}`;
    const finished = browser.clone();
    const callback = await callbackAddress(finished, withTicket);
    const declined = browser.clone();
    const refusal = await callbackAddress(declined, `${withTicket}&return_to=/mail`);
    refusal.searchParams.delete('code');
    refusal.searchParams.set('error', 'access_denied');
    const inPopup = browser.clone();
    const popup = await callbackAddress(inPopup, `${withTicket}&display=popup.a-popup-of-mine`);
    const answers = {
      redirect: await browser.clone().request(withTicket, asPage),
      refused: await browser.clone().request(`${withTicket}&prompt=consent`, asPage),
      bounce: await worker.browser().request(callback.href, asPage),
      signOut: await browser.clone().request(`/api/auth/logout?ticket=${ticket}`, asPage),
      decline: await declined.request(refusal.href, asPage),
      popup: await inPopup.request(popup.href, asPage),
      arrival: await finished.request(callback.href, asPage),
      replay: await worker.browser().request(`${callback.href}&bounced=1`, asPage),
    };
    expect(Object.values(answers).map(({ status }) => status)).toEqual([
      303, 400, 200, 200, 403, 200, 303, 400,
    ]);
    for (const [what, { headers, body }] of Object.entries(answers)) {
      // Only the sign-out page needs a referrer, for the Origin header of its form.
      expect(headers['referrer-policy'], what).toBe(what === 'signOut' ? 'same-origin' : 'no-referrer');
      expect(headers.location ?? '', what).not.toContain(ticket);
      expect(body, what).not.toContain(ticket);
      expect(body, what).not.toMatch(
        // The icon is a data URL, which the browser does not request.
        /<(?:img|link(?! rel="icon" href="data:)|iframe|script[^>]* src)|<meta[^>]*referrer|referrerpolicy/i,
      );
    }
  });

  it('more than five transactions to another site that opens the login route in a loop', {
    tags: ['LR-6'],
  }, async () => {
    const foreign = {
      withStrictCookies: false,
      headers: {
        accept: 'text/html',
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      },
    };
    const longest = `${loginPath}?feature=mail&display=popup.${'p'.repeat(36)}&return_to=/${'r'.repeat(500)}`;
    const browser = await signedIn(alice);
    const session = browser.cookies().get('session');

    // One request can overwrite one tab at most, because its slot is random. The others complete.
    const tabs = [];
    for (const tab of ['/1', '/2', '/3', '/4', '/5'])
      tabs.push(await callbackAddress(browser, `${loginPath}?return_to=${tab}`));
    await browser.request(longest, foreign);
    const struck = browser.clone();
    struck.cookies().delete('session');
    const statuses = [];
    for (const tab of tabs) statuses.push((await struck.request(tab.href, asPage)).status);
    expect(statuses.toSorted()).toEqual([303, 303, 303, 303, 400]);

    // It misses a single tab in 32 of 40 attempts on average, because it cannot know the slot.
    let missed = 0;
    for (let count = 0; count < 40; count++) {
      const lone = alice.clone();
      await lone.request(loginPath);
      const [[name = '', value] = []] = [...lone.cookies()];
      await lone.request(longest, foreign);
      if (lone.cookies().get(name) === value) missed++;
    }
    expect(missed).toBeGreaterThan(15);

    for (let count = 0; count < 200; count++) await browser.request(longest, foreign);
    const kept = [...browser.cookies()];
    expect(kept.map(([name]) => name).sort()).toEqual(['session', 'tx-0', 'tx-1', 'tx-2', 'tx-3', 'tx-4']);
    const header = kept.map(([name, value]) => `${name}=${value}`).join('; ');
    expect(header.length).toBeLessThan(8 * 1024);
    expect(browser.cookies().get('session')).toBe(session);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({
      username: 'alice@contoso.example',
    });
    expect((await browser.navigate(`${loginPath}?return_to=/newest`)).url.pathname).toBe('/newest');
  });

  it.each([
    'popup.a-popup-id"onload=alert(1)',
    "popup.a-popup-id'-alert(1)-'",
    'popup.a-popup-id</script><script>',
    'popup.a-popup-id&quot;,&quot;x',
    'popup.a-popup-id","outcome":"x',
    'popup.a-popup-id\\u0022',
    'popup.a-popup-id\u2028',
    'popup.a-popup-id\n',
    'popup.a-popup-id%22',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what an attacker would send
    'popup.a-popup-id${alert(1)}',
    'popup.{{a-popup-id}}',
    'popup.a-popup-of-min\u0435',
  ])('the popup id in %j without repeating it', { tags: ['LR-4'] }, async (display) => {
    for (const headers of [asPage.headers, { accept: 'application/json' }]) {
      const answer = await alice
        .clone()
        .request(`${loginPath}?display=${encodeURIComponent(display)}`, { headers });
      expect([answer.status, answer.setCookies]).toEqual([400, []]);
      expect(answer.body).not.toContain(display.slice('popup.'.length));
      expect(answer.body).not.toMatch(/alert|a-popup|onload/);
    }
  });

  it('to change the id, outcome or feature of a popup by parameters of the callback', {
    tags: ['LR-4'],
  }, async () => {
    const browser = alice.clone();
    const callback = await callbackAddress(
      browser,
      `${loginPath}?feature=profile&display=popup.a-popup-of-mine`,
    );
    const extra = new URLSearchParams({
      display: 'popup.an-evil-popup',
      id: '"><script>alert(1)</script>',
      outcome: 'x</script>',
      feature: '"evil',
      type: 'evil',
    });
    const { body, status } = await browser.request(`${callback.href}&${extra}`, asPage);
    expect(status).toBe(200);
    expect(body).not.toMatch(/evil|alert/);
    expect(body.match(/<script/g)).toHaveLength(1);
    const message = /data-message="([^"]*)"/.exec(body)?.[1] ?? '';
    expect(JSON.parse(message.replaceAll('&quot;', '"'))).toEqual({
      type: 'entra-bff:interaction',
      id: 'a-popup-of-mine',
      outcome: 'signed_in',
      feature: 'profile',
    });
  });
});
