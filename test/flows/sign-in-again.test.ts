import { demoUsers } from '@entra-bff/directory';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { knownAtEntra } from '../support/callback-address.ts';
import { readSessionRows } from '../support/table-rows.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import {
  answerEntra,
  grantSignIn,
  signIn,
  startWorld,
  userId,
  type Worker,
  type World,
} from '../support/world.ts';

let world: World;
let worker: Worker;
/** A browser that is signed in at Entra ID as Alice, and not in this app. */
let alice: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  const browser = worker.browser();
  await signIn(browser, { user: 'alice' });
  alice = knownAtEntra(browser);
});

afterEach(() => {
  world.entra.consents.revoke(demoUsers.alice.id);
  grantSignIn(world, 'Alice Adams');
  world.entra.intercept.idTokenClaims = undefined;
  world.entra.switches.accessTokenLifetimeSeconds = 60 * 60;
});

afterAll(() => world.close());

const sessionOf = (browser: UserAgent) => browser.scriptJson('/api/auth/session');
const messages = (browser: UserAgent) => browser.script('GET', '/api/graph/v1.0/me/messages');

async function signedIn(): Promise<UserAgent> {
  const browser = alice.clone();
  await browser.navigate('/api/auth/login');
  return browser;
}

/** Returns where the login route sends this browser for this `login_url`. */
async function askedOfEntra(browser: UserAgent, loginUrl: string): Promise<URLSearchParams> {
  return new URL((await browser.request(loginUrl)).headers.location ?? '').searchParams;
}

async function ticketOf(browser: UserAgent): Promise<string> {
  const answer = await messages(browser);
  expect(answer.status).toBe(401);
  const problem: { code?: unknown; login_url?: unknown } = JSON.parse(answer.body);
  expect(problem.code).toBe('interaction_required');
  return String(problem.login_url);
}

const plainScopes = 'User.Read openid profile offline_access';
const sorted = (scope: string | null) => (scope ?? '').split(' ').sort().join(' ');

describe('signing in again', () => {
  it('as the same user creates a new cookie and row, and removes the old ones', {
    tags: ['CB-9'],
  }, async () => {
    const browser = await signedIn();
    const old = browser.clone();
    const before = await readSessionRows(world);
    await browser.navigate('/api/auth/login');
    expect(browser.cookies().get('session')).not.toBe(old.cookies().get('session'));
    expect(await sessionOf(old)).toMatchObject({ signed_in: false });
    // A late response for the replaced session must not delete the new session's cookie.
    expect(old.cookies().has('session')).toBe(true);
    expect(await sessionOf(browser)).toMatchObject({ signed_in: true });
    const after = await readSessionRows(world);
    expect(after).toHaveLength(before.length);
    expect(after.map(({ rowKey }) => rowKey)).not.toEqual(before.map(({ rowKey }) => rowKey));
  });

  it('as another user leaves nothing of the first user', { tags: ['CB-9'] }, async () => {
    // Its own browser at Entra ID, because all copies share an account that is added there.
    const browser = worker.browser();
    await signIn(browser, { user: 'alice' });
    const old = browser.clone();
    const ticket = await ticketOf(browser);
    const page = await browser.navigate('/api/auth/login?prompt=select_account&return_to=/mail');
    const home = await answerEntra(browser, page, { user: 'ben' });
    expect(home.url.pathname).toBe('/mail');
    expect(await sessionOf(browser)).toMatchObject({ username: 'ben@contoso.example', roles: [] });
    expect(await sessionOf(old)).toMatchObject({ signed_in: false });
    const me: unknown = JSON.parse((await browser.script('GET', '/api/graph/v1.0/me')).body);
    expect(me).toMatchObject({ id: userId('ben') });
    // Alice's ticket has no effect for Ben.
    expect(sorted((await askedOfEntra(browser, ticket)).get('scope'))).toBe(sorted(plainScopes));
  });

  it('without a new authentication does not extend the absolute limit', { tags: ['LR-6'] }, async () => {
    const browser = await signedIn();
    const { expires_at: limit } = await sessionOf(browser);
    world.advance(600);
    try {
      await browser.navigate('/api/auth/login?prompt=none');
      const silent = await sessionOf(browser);
      expect(silent).toMatchObject({ signed_in: true, expires_at: limit });
      const left = Math.floor((Date.parse(String(limit)) - Date.now()) / 1000) - 600;
      const cookie = browser.received
        .flatMap(({ setCookies }) => setCookies)
        .findLast((line) => /^session=[^;]/.test(line));
      const maxAge = Number(cookie?.match(/max-age=(\d+)/)?.[1]);
      expect(Math.abs(maxAge - left)).toBeLessThan(10);

      world.entra.intercept.idTokenClaims = (claims) => ({
        ...claims,
        auth_time: Number(claims['auth_time']) + 600,
      });
      await browser.navigate('/api/auth/login');
      const { expires_at: moved } = await sessionOf(browser);
      expect(Date.parse(String(moved)) - Date.parse(String(limit))).toBeGreaterThan(590_000);
    } finally {
      world.advance(-600);
    }
  });
});

describe('a sign-in that the user does not complete', () => {
  it('shows a way back and a way to decide again if the user declines, and creates no session', {
    tags: ['CB-5'],
  }, async () => {
    const browser = worker.browser();
    const page = await signIn(browser, {
      user: 'gus',
      decision: 'decline',
      from: '/api/auth/login?return_to=/mail%3Fa=1%26b=2',
    });
    expect(page.status).toBe(403);
    expect(linksOf(page)).toEqual(['/mail?a=1&b=2', '/api/auth/login?return_to=%2Fmail%3Fa%3D1%26b%3D2']);
    expect(page.body).toContain('consent_declined');
    expect(browser.cookies().has('session')).toBe(false);
    // The second link asks again. After consent, the sign-in ends where the first one was to end.
    const home = await answerEntra(browser, await browser.navigate(linksOf(page)[1] ?? ''), { user: 'gus' });
    expect(home.url.pathname + home.url.search).toBe('/mail?a=1&b=2');
    expect(await sessionOf(browser)).toMatchObject({ signed_in: true, name: 'Gus Guest' });
  });

  it('is canceled, not declined, if the user goes back during multifactor authentication', {
    tags: ['CB-5'],
  }, async () => {
    const browser = worker.browser();
    const page = await signIn(browser, { user: 'mia', factor: 'cancel' });
    expect(page.status).toBe(403);
    expect(page.body).toContain('Sign-in canceled');
    expect(linksOf(page)).toEqual(['/', '/api/auth/login?return_to=%2F']);
    expect(browser.cookies().has('session')).toBe(false);
  });

  it('is login_required if prompt=none would need a prompt', { tags: ['CB-5'] }, async () => {
    const browser = worker.browser();
    const page = await browser.navigate('/api/auth/login?prompt=none&return_to=/mail', {
      headers: { accept: 'application/problem+json' },
    });
    expect(page.status).toBe(403);
    expect(page.body).toContain('Sign in to continue');
    expect(linksOf(page)).toEqual(['/mail', '/api/auth/login?return_to=%2Fmail']);
    expect(browser.cookies().has('session')).toBe(false);
  });

  it('keeps the session and remembers the denial of a feature, and only a click asks again', {
    tags: ['CB-5'],
  }, async () => {
    const browser = await signedIn();
    const ticket = await ticketOf(browser);
    expect(sorted((await askedOfEntra(browser.clone(), ticket)).get('scope'))).toBe(
      sorted(`${plainScopes} Mail.Read`),
    );
    const session = browser.cookies().get('session');
    const asked = await browser.navigate(`${ticket}&return_to=/mail`);
    const page = await answerEntra(browser, asked, { user: 'alice', decision: 'decline' });
    expect(page.status).toBe(403);
    expect(linksOf(page)).toEqual(['/mail', '/api/auth/login?feature=mail&return_to=%2Fmail']);
    expect(browser.cookies().get('session')).toBe(session);
    expect(await sessionOf(browser)).toMatchObject({ signed_in: true, features: { mail: 'declined' } });

    const refused = await messages(browser);
    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.body)).toMatchObject({
      code: 'consent_declined',
      feature: 'mail',
      login_url: '/api/auth/login?feature=mail',
    });

    // A plain sign-in keeps the denial. The click removes it.
    await browser.navigate('/api/auth/login');
    expect(await sessionOf(browser)).toMatchObject({ features: { mail: 'declined' } });
    const again = await browser.navigate('/api/auth/login?feature=mail&return_to=/mail');
    await answerEntra(browser, again, { user: 'alice' });
    expect(await sessionOf(browser)).toMatchObject({ features: { mail: 'granted' } });
    expect((await messages(browser)).status).toBe(200);
  });

  it('can be repeated with a ticket after consent that followed a denial is revoked at Entra ID', {
    tags: ['CB-5'],
  }, async () => {
    world.entra.switches.accessTokenLifetimeSeconds = 20;
    const browser = await signedIn();
    await answerEntra(browser, await browser.navigate('/api/auth/login?feature=mail'), {
      user: 'alice',
      decision: 'decline',
    });
    await answerEntra(browser, await browser.navigate('/api/auth/login?feature=mail'), { user: 'alice' });
    world.entra.consents.revoke(demoUsers.alice.id);
    // The access token is too old, so Entra ID decides.
    const answer = await messages(browser);
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'interaction_required',
      reason: 'consent_required',
    });
  });
});

describe('a ticket', () => {
  it('stays valid after the same user signs in again', { tags: ['LR-4'] }, async () => {
    const browser = await signedIn();
    const ticket = await ticketOf(browser);
    await browser.navigate('/api/auth/login');
    const asked = await askedOfEntra(browser, ticket);
    expect(sorted(asked.get('scope'))).toBe(sorted(`${plainScopes} Mail.Read`));
    expect(asked.get('login_hint')).toBeTruthy();
  });

  describe('refuses', () => {
    it('to open if it is forged, changed, expired, of another session or used without a session', {
      tags: ['LR-4'],
    }, async () => {
      const browser = await signedIn();
      const other = await signedIn();
      const plain = await askedOfEntra(browser.clone(), '/api/auth/login');
      const ticket = await ticketOf(browser);
      const foreign = await ticketOf(other);
      const path = ticket.slice(0, ticket.indexOf('=') + 1);
      const value = ticket.slice(path.length);
      const forgeries = [
        foreign,
        path,
        `${path}x`,
        `${path}${value.slice(0, -4)}AAAA`,
        `${path}B${value.slice(1)}`,
        `${ticket}A`,
        `${path}${Buffer.from('{"feature":"mail","scopes":["Mail.Read"]}').toString('base64url')}`,
        // Other sealed values of this service.
        `${path}${browser.cookies().get('session')}`,
        `${path}${await transactionCookieOf(browser.clone())}`,
        `${ticket.replace(value, `%20${value}`)}`,
      ];
      for (const forged of forgeries) {
        const asked = await askedOfEntra(browser.clone(), forged);
        expect(sorted(asked.get('scope')), forged).toBe(sorted(plainScopes));
        expect(asked.get('claims')).toBe(plain.get('claims'));
      }
      const signedOut = knownAtEntra(browser);
      expect(sorted((await askedOfEntra(signedOut, ticket)).get('scope'))).toBe(sorted(plainScopes));
      world.advance(11 * 60);
      try {
        expect(sorted((await askedOfEntra(browser, ticket)).get('scope'))).toBe(sorted(plainScopes));
      } finally {
        world.advance(-11 * 60);
      }
    });

    it('scopes and claims that a link adds', { tags: ['LR-4'] }, async () => {
      const browser = await signedIn();
      const ticket = await ticketOf(browser);
      const plain = await askedOfEntra(browser.clone(), '/api/auth/login');
      const asked = await askedOfEntra(
        browser,
        `${ticket}&scopes=Directory.Read.All&scope=x&claims=%7B%7D&feature=profile`,
      );
      expect(sorted(asked.get('scope'))).toBe(sorted(`${plainScopes} Mail.Read`));
      expect(asked.get('claims')).toBe(plain.get('claims'));
    });
  });
});

async function transactionCookieOf(browser: UserAgent): Promise<string> {
  await browser.request('/api/auth/login');
  const [, value = ''] = [...browser.cookies()].find(([name]) => name.startsWith('tx-')) ?? [];
  return value;
}

/** The links that a page offers, in order. */
function linksOf({ body }: WireAnswer): string[] {
  return [...body.matchAll(/<a class="button[^"]*" href="([^"]*)"/g)].map(([, href = '']) =>
    href.replaceAll('&amp;', '&'),
  );
}
