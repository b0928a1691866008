import { demoClient, demoUsers } from '@entra-bff/directory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callbackAddress, knownAtEntra } from '../support/callback-address.ts';
import { removeRows } from '../support/table-rows.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
/** A browser that is signed in at Entra ID as Alice, and not in this app. */
let alice: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker({ environment: { SESSION_CACHE_SECONDS: '0' } });
  const browser = worker.browser();
  await signIn(browser, { user: 'alice' });
  alice = knownAtEntra(browser);
  const { tenantId, clientId } = demoClient;
  world.entra.consents.grant({ tenantId, clientId, userId: demoUsers.alice.id, scopes: ['Mail.Read'] });
});

afterAll(() => world.close());

const mailSignIn = '/api/auth/login?return_to=/mail%23third';
const isSignedIn = async (browser: UserAgent) => (await browser.scriptJson('/api/auth/session'))['signed_in'];
const asPage = { headers: { accept: 'text/html' } };

/** Loads a callback and expects that no code is redeemed, no row is written and no cookie is set. */
async function loadAgain(browser: UserAgent, href: string, accept = 'text/html'): Promise<WireAnswer> {
  const redemptions = world.entra.count('token');
  const rows = worker.table.writes();
  const answer = await browser.request(href, { headers: { accept } });
  expect(answer.setCookies).toEqual([]);
  expect(world.entra.count('token')).toBe(redemptions);
  expect(worker.table.writes()).toBe(rows);
  return answer;
}

/** The address that Entra ID returns the browser to, if its page is loaded once more: the same state and a new code. */
async function withNewCode(browser: UserAgent, authorizeUrl: string): Promise<string> {
  const { location } = (await browser.request(authorizeUrl)).headers;
  return location ?? '';
}

function changed(href: string, changes: Readonly<Record<string, string>>): string {
  const copy = new URL(href);
  for (const [name, value] of Object.entries(changes)) copy.searchParams.set(name, value);
  return copy.href;
}

async function finish(browser: UserAgent, from = mailSignIn): Promise<string> {
  const { href } = await callbackAddress(browser, from);
  await browser.request(href);
  return href;
}

async function decline(browser: UserAgent, from: string): Promise<string> {
  const { origin, pathname, searchParams } = await callbackAddress(browser, from);
  const declined = new URLSearchParams({
    state: searchParams.get('state') ?? '',
    error: 'access_denied',
    error_description: 'AADSTS65004: x',
  });
  const href = `${origin}${pathname}?${declined}`;
  expect((await browser.request(href, asPage)).status).toBe(403);
  return href;
}

describe('the callback of a finished sign-in', () => {
  it('leads a signed-in user to the return path again, after a reload and with a new code', {
    tags: ['CB-2'],
  }, async () => {
    const browser = alice.clone();
    const started = await browser.request(mailSignIn);
    const authorizeUrl = started.headers.location ?? '';
    const href = await withNewCode(browser, authorizeUrl);
    const first = await browser.request(href);
    expect(first.headers.location).toBe('/mail#third');
    const session = browser.cookies().get('session');
    for (const again of [href, await withNewCode(browser, authorizeUrl)]) {
      const bounce = await browser.request(again, { withStrictCookies: false });
      const answer = await loadAgain(browser, String(bounce.headers['refresh']).replace('0; url=', ''));
      expect([answer.status, answer.headers.location]).toEqual([303, '/mail#third']);
    }
    expect(browser.cookies().get('session')).toBe(session);
  });

  it('leads to its own return path after further sign-ins of the user', async () => {
    const browser = alice.clone();
    const callbacks = new Map<string, string>();
    for (const path of ['/one', '/two', '/three']) {
      callbacks.set(path, await finish(browser, `/api/auth/login?feature=mail&return_to=${path}`));
    }
    for (const [path, href] of callbacks) {
      expect((await loadAgain(browser, href)).headers.location).toBe(path);
    }
  });

  it('leads on if the sign-in took too long and was completed after its restart', async () => {
    const browser = alice.clone();
    const { href } = await callbackAddress(browser, mailSignIn);
    world.advance(16 * 60);
    try {
      expect((await browser.navigate(href)).url.pathname).toBe('/mail');
      expect((await loadAgain(browser, href)).headers.location).toBe('/mail#third');
    } finally {
      world.advance(-16 * 60);
    }
  });

  it('shows the last page of a popup again', { tags: ['CB-2'] }, async () => {
    const browser = alice.clone();
    const href = await finish(browser, `${mailSignIn}&display=popup.an-id-of-mine`);
    const page = await loadAgain(browser, href);
    expect(page.status).toBe(200);
    expect(page.body).toContain('an-id-of-mine');
    expect(page.body).toContain('signed_in');
  });

  it('says that the user is no longer signed in, and offers a sign-in to the return path', async () => {
    const browser = alice.clone();
    const href = await finish(browser, `${mailSignIn}&feature=mail`);
    await removeRows(world);
    expect(await isSignedIn(browser)).toBe(false);
    const lines = worker.logLines.length;
    const page = await loadAgain(browser, href);
    expect(page.status).toBe(400);
    expect(page.body).toContain('You are not signed in');
    expect(page.body).toContain('href="/api/auth/login?return_to=%2Fmail%23third"');
    expect(worker.logLines.slice(lines).join('\n')).toMatch(/sign-in-refused.*already_completed/);
    const problem = await loadAgain(browser, href, 'application/json');
    expect(JSON.parse(problem.body)).toMatchObject({
      code: 'login_transaction_invalid',
      status: 400,
      outcome: 'login_required',
      feature: 'mail',
      login_url: '/api/auth/login?return_to=%2Fmail%23third',
    });
  });

  it('shows the failure of the sign-in again, records it once, and leads on once the user has what it was for', {
    tags: ['CB-5'],
  }, async () => {
    const browser = alice.clone();
    await finish(browser);
    const href = await decline(browser, `${mailSignIn}&feature=mail`);
    const lines = worker.logLines.length;
    for (const again of [href, changed(href, { error: 'server_error' })]) {
      const page = await loadAgain(browser, again);
      expect(page.status).toBe(403);
      expect(page.body).toContain('Permission declined');
    }
    expect(worker.logLines.slice(lines).join('\n')).not.toMatch(/consent-declined|sign-in/);
    await finish(browser, '/api/auth/login?feature=mail');
    expect((await loadAgain(browser, href)).headers.location).toBe('/mail#third');
  });

  describe('refuses', () => {
    it('to sign a user in, in the same and in another browser', { tags: ['CB-2', 'LR-2'] }, async () => {
      const browser = alice.clone();
      const started = await browser.request(mailSignIn);
      const authorizeUrl = started.headers.location ?? '';
      const href = await withNewCode(browser, authorizeUrl);
      await browser.request(href);
      const withoutSession = browser.clone();
      withoutSession.cookies().delete('session');
      const declined = alice.clone();
      const declinedHref = await decline(declined, mailSignIn);
      const code = new URL(await withNewCode(browser, authorizeUrl)).searchParams.get('code') ?? '';
      for (const [who, address, status] of [
        [withoutSession, href, 400],
        [withoutSession, changed(href, { code }), 400],
        [declined, declinedHref.replace(/&error=.*/, `&code=${code}`), 403],
      ] as const) {
        expect((await loadAgain(who, address)).status).toBe(status);
        expect(await isSignedIn(who)).toBe(false);
      }
    });

    it('another state, and every parameter that a link adds', { tags: ['CB-1', 'RU-1'] }, async () => {
      const browser = alice.clone();
      const href = await finish(browser);
      const state = new URL(href).searchParams.get('state') ?? '';
      for (const forged of [
        `${state[0]}.${'A'.repeat(43)}`,
        `${(Number(state[0]) + 1) % 5}${state.slice(1)}`,
      ]) {
        const page = await loadAgain(browser, `${changed(href, { state: forged })}&bounced=1`);
        expect([page.status, page.body.includes('login_transaction_invalid')]).toEqual([400, true]);
      }
      const added = `${href}&return_to=//evil.test&returnPath=/evil&redirect_uri=https://evil.test`;
      expect((await loadAgain(browser, added)).headers.location).toBe('/mail#third');
    });

    it('to survive a sign-out', { tags: ['LO-1'] }, async () => {
      const browser = alice.clone();
      const callbacks = [await finish(browser), await finish(browser), await decline(browser, mailSignIn)];
      await browser.script('POST', '/api/auth/logout');
      expect([...browser.cookies().keys()]).toEqual([]);
      for (const href of callbacks) {
        const page = await loadAgain(browser, `${href}&bounced=1`);
        expect([page.status, page.body.includes('login_transaction_invalid')]).toEqual([400, true]);
        expect(page.body).not.toContain('/mail');
      }
    });
  });
});
