import { demoClient } from '@entra-bff/directory';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { callbackAddress } from '../support/callback-address.ts';
import { readSessionRows } from '../support/table-rows.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, userId, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let browser: UserAgent;
/** A copy of the signed-in browser, as of an attacker who has stolen the cookie. */
let kept: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  grantSignIn(world);
});

afterAll(() => world.close());

beforeEach(async () => {
  // For up to two seconds after all sessions were ended, a sign-in is refused (docs/decisions/0028).
  await vi.waitFor(
    async () => {
      browser = worker.browser();
      await signIn(browser, { user: 'alice' });
      expect(await readSessionRows(world)).toHaveLength(1);
    },
    { timeout: 5000 },
  );
  kept = browser.clone();
});

afterEach(async () => {
  worker.table.recover();
  await kept.script('POST', '/api/auth/logout');
  await browser.script('GET', '/api/auth/session');
});

const isSignedIn = async (who: UserAgent) => (await who.clone().scriptJson('/api/auth/session'))['signed_in'];
const logOut = (who: UserAgent) => who.script('POST', '/api/auth/logout');
const logoutUrlOf = ({ body }: WireAnswer) => new URL(String(JSON.parse(body)['logout_url']));

const postForm = (who: UserAgent, fields: Record<string, string>, headers: Record<string, string> = {}) => {
  const body = new URLSearchParams(fields).toString();
  return who.request('/api/auth/logout', {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(body.length),
      origin: worker.origin,
      'sec-fetch-site': 'same-origin',
      ...headers,
    },
  });
};

describe('signing out', () => {
  it('deletes the row and the cookie, so that a stolen cookie is useless', { tags: ['LO-1'] }, async () => {
    const answer = await logOut(browser);
    expect(answer.status).toBe(200);
    expect([...browser.cookies().keys()]).toEqual([]);
    expect(await readSessionRows(world)).toHaveLength(0);
    expect(await isSignedIn(kept)).toBe(false);
    const calls = world.graph.count();
    expect((await kept.script('GET', '/api/graph/v1.0/me')).status).toBe(401);
    expect(world.graph.count()).toBe(calls);
  });

  it('responds alike the second time and without a session', { tags: ['LO-1'] }, async () => {
    await logOut(browser);
    for (const who of [browser, kept.clone(), worker.browser()]) {
      const answer = await logOut(who);
      expect(answer.status).toBe(200);
      expect(logoutUrlOf(answer).pathname).toMatch(/\/oauth2\/v2\.0\/logout$/);
    }
  });

  it('continues at Entra ID with the account as a hint and a constant return address', {
    tags: ['LO-2'],
  }, async () => {
    const answer = await browser.script(
      'POST',
      '/api/auth/logout?post_logout_redirect_uri=https://evil.example/',
    );
    const url = logoutUrlOf(answer);
    expect(url.origin).toBe(world.entra.origin);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      post_logout_redirect_uri: `${worker.origin}/api/auth/callback`,
      logout_hint: expect.stringMatching(/./),
    });
    const hint = url.searchParams.get('logout_hint') ?? '';
    expect((await browser.navigate(url.href, { from: worker.origin })).body).toContain('signed out');
    expect(hint).not.toContain('@');
  });

  it('ends at a page that says that the user is signed out', async () => {
    const url = logoutUrlOf(await logOut(browser));
    const atEntra = await browser.navigate(url.href, { from: worker.origin });
    const returned = await browser.navigate(String(atEntra.headers['refresh']).replace(/^1; url=/, ''), {
      from: world.entra.origin,
    });
    expect([returned.status, returned.url.pathname]).toEqual([200, '/api/auth/logout']);
    expect(returned.body).toContain('<h1>You are signed out</h1>');
  });

  it('ends at the app’s own page if SIGNED_OUT_PATH names it', { tags: ['LO-2'] }, async () => {
    const own = await world.startWorker({ environment: { SIGNED_OUT_PATH: '/goodbye' } });
    // Both workers have the same PUBLIC_BASE_URL.
    const headers = { origin: worker.origin };
    const url = logoutUrlOf(await browser.clone(own.origin).script('POST', '/api/auth/logout', { headers }));
    expect(url.searchParams.get('post_logout_redirect_uri')).toBe(`${worker.origin}/goodbye`);
  });

  it('is only offered to a signed-in user who opens the address of the return from Entra ID', async () => {
    const page = await browser.navigate('/api/auth/callback');
    expect([page.status, page.url.pathname]).toEqual([200, '/api/auth/logout']);
    expect(page.body).toContain('<h1>Sign out?</h1>');
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('ignores every parameter of the return from Entra ID', {
    tags: ['LO-2'],
  }, async () => {
    const back = await browser.request(
      '/api/auth/logout?state=forged&post_logout_redirect_uri=https%3A%2F%2Fevil.example',
    );
    expect(back.body).not.toContain('evil.example');
    expect(await isSignedIn(browser)).toBe(true);
    const { body } = await browser.script('POST', '/api/auth/logout?state=forged&logout_hint=evil');
    expect(body).not.toMatch(/forged|evil/);
  });

  it('ends only this session, and not that of the user’s other browser', async () => {
    const other = worker.browser();
    await signIn(other, { user: 'alice' });
    await logOut(browser);
    expect(await isSignedIn(other)).toBe(true);
    await logOut(other);
  });
});

describe('a sign-in that is in progress', () => {
  const ownSessions = async (who: UserAgent) => {
    const answer = await who.clone().scriptJson('/api/auth/sessions');
    return (answer['sessions'] as readonly { id: string }[]).map(({ id }) => id);
  };
  const alice = userId('alice');
  const ways: Record<string, (who: UserAgent) => Promise<WireAnswer>> = {
    'a script': logOut,
    'the form': async (who) => {
      const page = await who.request('/api/auth/logout', { headers: { accept: 'text/html' } });
      return postForm(who, { form_token: /name="form_token" value="([^"]+)"/.exec(page.body)?.[1] ?? '' });
    },
    'a script, while the store does not answer': (who) => {
      worker.table.failAll();
      return logOut(who);
    },
    'the list of own sessions': async (who) =>
      who.script('DELETE', `/api/auth/sessions/${(await ownSessions(who))[0]}`),
    'the console, all of the administrator’s own': (who) =>
      who.script('DELETE', `/api/admin/users/${alice}/sessions`),
    'the console, this one': async (who) =>
      who.script('DELETE', `/api/admin/users/${alice}/sessions/${(await ownSessions(who))[0]}`),
    'the console, at Entra as well': (who) => who.script('POST', `/api/admin/users/${alice}/sign-out`),
  };

  it.each(Object.keys(ways))(
    'does not sign the user in after a sign-out by %s',
    { tags: ['LO-5'] },
    async (way) => {
      world.entra.consents.grant({
        tenantId: demoClient.tenantId,
        clientId: demoClient.clientId,
        userId: alice,
        scopes: ['User.RevokeSessions.All'],
      });
      const callbacks = [await callbackAddress(browser), await callbackAddress(browser)];
      const answer = await ways[way]?.(browser);
      worker.table.recover();
      expect(answer?.status, answer?.body).toBeLessThan(400);
      expect([...browser.cookies().keys()].filter((name) => name !== 'logout-pending')).toEqual([]);
      for (const { href } of callbacks) {
        const page = await browser.navigate(href, { from: world.entra.origin });
        expect([page.status, page.body.includes('login_transaction_invalid')]).toEqual([400, true]);
      }
      expect(await isSignedIn(browser)).toBe(false);
      expect(await readSessionRows(world)).toEqual([]);
    },
  );
});

describe('the page', () => {
  it('asks for confirmation and changes nothing', { tags: ['LO-1', 'CS-4'] }, async () => {
    const page = await browser.navigate('/api/auth/logout');
    expect(page.status).toBe(200);
    expect(page.body).toContain('Alice Adams');
    expect(page.setCookies).toEqual([]);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('signs out when its form is submitted, and continues at Entra ID', async () => {
    const page = await browser.navigate('/api/auth/logout');
    const next = await browser.submit(page, {});
    expect(next.url.origin).toBe(world.entra.origin);
    expect(browser.cookies().has('session')).toBe(false);
    expect(await isSignedIn(kept)).toBe(false);
    expect(await readSessionRows(world)).toHaveLength(0);
  });

  it('says that the browser is signed out if there is no session', async () => {
    const page = await worker.browser().navigate('/api/auth/logout');
    expect(page.body).toContain('You are signed out');
    expect(page.body).not.toContain('<form');
  });

  describe('refuses', () => {
    const tokenOf = async (who: UserAgent) =>
      /name="form_token" value="([^"]+)"/.exec((await who.clone().navigate('/api/auth/logout')).body)?.[1] ??
      '';

    it('a form with a missing or forged token, or with one of another session', async () => {
      const other = worker.browser();
      await signIn(other, { user: 'ben' });
      const foreign = await tokenOf(other);
      expect(foreign).not.toBe('');
      for (const fields of [{}, { form_token: '' }, { form_token: 'x' }, { form_token: foreign }]) {
        expect((await postForm(browser.clone(), fields)).status).toBe(403);
      }
      expect(await isSignedIn(browser)).toBe(true);
      await logOut(other);
    });

    it('a form from another origin, even with a valid token', async () => {
      const form_token = await tokenOf(browser);
      for (const headers of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: world.entra.origin },
        { origin: `${worker.origin}.evil.example` },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
      ]) {
        expect((await postForm(browser.clone(), { form_token }, headers)).status).toBe(403);
      }
      expect(await isSignedIn(browser)).toBe(true);
    });

    it('a form token that is an hour old', async () => {
      const form_token = await tokenOf(browser);
      world.advance(3601);
      expect((await postForm(browser.clone(), { form_token })).status).toBe(403);
      world.advance(-3601);
      expect(await isSignedIn(browser)).toBe(true);
    });

    it('a script without the CSRF header, and all other methods', {
      tags: ['CS-1', 'CS-4'],
    }, async () => {
      const bare = await browser.clone().request('/api/auth/logout', { method: 'POST' });
      expect(bare.status).toBe(403);
      const foreign = { headers: { origin: 'https://evil.example' } };
      expect((await browser.clone().script('POST', '/api/auth/logout', foreign)).status).toBe(403);
      for (const method of ['PUT', 'DELETE', 'PATCH', 'HEAD']) {
        expect((await browser.clone().script(method, '/api/auth/logout')).status).toBe(405);
      }
      const image = {
        headers: { accept: 'image/*', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      };
      expect((await browser.clone().request('/api/auth/logout', image)).status).toBe(403);
      expect(await isSignedIn(browser)).toBe(true);
    });
  });
});

describe('signing out while the store is down', { tags: ['LO-1'] }, () => {
  it('clears the cookie, reports that it is incomplete, and completes at the next visit', async () => {
    worker.table.failAll();
    const answer = await logOut(browser);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ complete: false, logout_url: expect.any(String) });
    expect([...browser.cookies().keys()]).toEqual(['logout-pending']);
    expect(await readSessionRows(world)).toHaveLength(1);

    // The store is still down. The sign-out stays pending, and the browser counts as signed out.
    await browser.script('GET', '/api/auth/session');
    expect([...browser.cookies().keys()]).toEqual(['logout-pending']);

    worker.table.recover();
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: false });
    expect([...browser.cookies().keys()]).toEqual([]);
    expect(await readSessionRows(world)).toHaveLength(0);
    expect(await isSignedIn(kept)).toBe(false);
  });

  it('shows a page that reports it if the form was used', async () => {
    const page = await browser.navigate('/api/auth/logout');
    worker.table.failing.add('remove');
    const answer = await browser.submit(page, {});
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('not on the server yet');
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    expect(browser.cookies().has('session')).toBe(false);
    worker.table.recover();
    await browser.request('/api/auth/login');
    expect(await readSessionRows(world)).toHaveLength(0);
    expect(await isSignedIn(kept)).toBe(false);
  });

  it('leaves a cookie that can delete this row but open no session', async () => {
    worker.table.failing.add('remove');
    await logOut(browser);
    worker.table.recover();
    const pending = browser.cookies().get('logout-pending') ?? '';
    // The row still exists, but the worker that received the sign-out refuses it.
    expect(await readSessionRows(world)).toHaveLength(1);
    expect(await isSignedIn(kept)).toBe(false);
    const thief = worker.browser();
    thief.cookies().set('session', pending);
    expect(await isSignedIn(thief)).toBe(false);
    // In the browser of another user it ends only that session.
    const ben = worker.browser();
    await signIn(ben, { user: 'ben' });
    ben.cookies().set('logout-pending', pending);
    expect(await ben.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true, name: 'Ben Brown' });
    expect(await readSessionRows(world)).toHaveLength(1);
    await logOut(ben);
  });

  it('does not end the session of a later sign-in', async () => {
    worker.table.failing.add('remove');
    await logOut(browser);
    worker.table.recover();
    await signIn(browser, { user: 'alice' });
    expect(await isSignedIn(browser)).toBe(true);
    expect(browser.cookies().has('logout-pending')).toBe(false);
    expect(await isSignedIn(kept)).toBe(false);
    await logOut(browser);
  });
});
