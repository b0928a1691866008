import { demoClient, demoUsers } from '@entra-bff/directory';
import type { Reply } from '@entra-bff/emulator-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callbackAddress, knownAtEntra } from '../support/callback-address.ts';
import { readSessionRows } from '../support/table-rows.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let otherWorker: Worker;
/** A browser that is signed in at Entra ID as Alice, and not in this app. */
let alice: UserAgent;

/** A worker without a session cache, so that every request reads the table. */
const asksAlways = { SESSION_CACHE_SECONDS: '0' };

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker({ environment: asksAlways });
  otherWorker = await world.startWorker({ environment: asksAlways });
  const browser = worker.browser();
  await signIn(browser, { user: 'alice' });
  await browser.script('POST', '/api/auth/logout');
  alice = knownAtEntra(browser);
  const { tenantId, clientId } = demoClient;
  world.entra.consents.grant({ tenantId, clientId, userId: demoUsers.alice.id, scopes: ['Mail.Read'] });
});

afterAll(() => world.close());

const redemptions = () => world.entra.count('token', 'authorization_code');
const sessionCookies = (answer: WireAnswer) => answer.setCookies.filter((line) => /^session=[^;]/.test(line));
const isSignedIn = async (browser: UserAgent) => (await browser.scriptJson('/api/auth/session'))['signed_in'];

/** Expects a 4xx, no session and no token request. */
async function expectRefused(browser: UserAgent, href: string, status = 400): Promise<WireAnswer> {
  const asked = redemptions();
  const rows = worker.table.writes();
  const answer = await browser.request(href, { headers: { accept: 'text/html' } });
  expect(answer.status, href.slice(0, 200)).toBe(status);
  expect(sessionCookies(answer)).toEqual([]);
  expect(redemptions()).toBe(asked);
  expect(worker.table.writes()).toBe(rows);
  return answer;
}

function changed(address: URL, change: (query: URLSearchParams) => void): string {
  const copy = new URL(address);
  change(copy.searchParams);
  return copy.href;
}

describe('a callback', () => {
  it('is loaded once more to get the Strict cookies if another site led to it', {
    tags: ['LR-2'],
  }, async () => {
    const browser = alice.clone();
    const callback = await callbackAddress(browser);
    const asked = redemptions();
    const bounce = await browser.request(callback.href, { withStrictCookies: false });
    expect(bounce.status).toBe(200);
    const again = `${callback.pathname}${callback.search}&bounced=1`;
    expect(bounce.headers['refresh']).toBe(`0; url=${again}`);
    expect(bounce.headers['cache-control']).toBe('no-store');
    expect(bounce.headers['content-security-policy']).not.toMatch(/sandbox|script/);
    expect(bounce.body).toContain(`href="${again.replaceAll('&', '&amp;')}"`);
    expect(bounce.setCookies).toEqual([]);
    expect(redemptions()).toBe(asked);
    expect((await browser.request(again)).status).toBe(303);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('is completed at once if it has its cookie, bounced or not', { tags: ['LR-2'] }, async () => {
    for (const marker of ['', '&bounced=1']) {
      const browser = alice.clone();
      const callback = await callbackAddress(browser);
      const answer = await browser.request(callback.href + marker);
      expect(answer.status).toBe(303);
      expect(sessionCookies(answer)).toHaveLength(1);
    }
  });

  it('redirects to an address without code and state, and leaves the session and a finished transaction', {
    tags: ['CB-9'],
  }, async () => {
    const browser = alice.clone();
    const callback = await callbackAddress(browser, '/api/auth/login?return_to=/mail');
    const answer = await browser.request(callback.href);
    expect(answer.headers.location).toBe('/mail');
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
    const slot = callback.searchParams.get('state')?.[0];
    expect([...browser.cookies().keys()].toSorted()).toEqual(['session', `tx-${slot}`]);
  });

  it('completes both sign-ins of two tabs, in either order', {
    tags: ['LR-6'],
  }, async () => {
    const browser = alice.clone();
    const first = await callbackAddress(browser, '/api/auth/login?return_to=/first');
    const second = await callbackAddress(browser, '/api/auth/login?return_to=/second');
    expect((await browser.request(second.href)).headers.location).toBe('/second');
    expect((await browser.request(first.href)).headers.location).toBe('/first');
    expect(browser.cookies().size).toBe(3);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('still works after HEAD, OPTIONS and prefetch requests', { tags: ['CB-7'] }, async () => {
    const browser = alice.clone();
    const { href } = await callbackAddress(browser);
    const asked = redemptions();
    for (const method of ['HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE', 'PATCH']) {
      expect((await browser.request(href, { method })).status).toBe(405);
    }
    const ahead = [
      { 'sec-purpose': 'prefetch' },
      { 'sec-purpose': 'prefetch;prerender' },
      { 'sec-purpose': 'prefetch;anonymous-client-ip' },
      { purpose: 'prefetch' },
      { purpose: 'Prefetch' },
    ];
    for (const headers of ahead) {
      const answer = await browser.request(href, { headers });
      expect(answer.status).toBe(400);
      expect(answer.setCookies).toEqual([]);
    }
    expect(redemptions()).toBe(asked);
    expect(sessionCookies(await browser.request(href))).toHaveLength(1);
    expect(redemptions()).toBe(asked + 1);
  });

  it('redirects to the return path, without a prompt, if it is loaded again in a signed-in browser', {
    tags: ['CB-2'],
  }, async () => {
    const browser = alice.clone();
    const before = browser.clone();
    const callback = await callbackAddress(browser, '/api/auth/login?return_to=/mail');
    before.jar.set('localhost', new Map(browser.cookies()));
    await browser.request(callback.href);
    const session = browser.cookies().get('session') ?? '';
    // After the back button, the browser may still have the transaction's cookie besides the session's.
    before.cookies().set('session', session);
    const again = await before.request(callback.href);
    expect(again.status).toBe(303);
    expect(again.headers.location).toBe('/mail');
    expect(sessionCookies(again)).toEqual([]);
    expect(before.cookies().get('session')).toBe(session);
    // Without the cookie, for example after a sign-out, the page says so.
    const without = browser.clone();
    for (const name of [...without.cookies().keys()]) if (name !== 'session') without.cookies().delete(name);
    expect((await without.request(`${callback.href}&bounced=1`)).status).toBe(400);
  });

  it('restarts the sign-in once if the code has been used, then shows a page', {
    tags: ['CB-2'],
  }, async () => {
    const thief = alice.clone();
    const callback = await callbackAddress(thief, '/api/auth/login?return_to=/mail&feature=mail');
    const owner = thief.clone();
    await owner.request(callback.href);
    const restarted = await thief.request(callback.href);
    expect(restarted.status).toBe(303);
    const location = new URL(restarted.headers.location ?? '');
    expect(location.origin).toBe(world.entra.origin);
    expect(location.searchParams.get('scope')).toContain('Mail.Read');
    expect(location.searchParams.get('state')).not.toBe(callback.searchParams.get('state'));
    expect([...thief.cookies().keys()]).toContain(`tx-${location.searchParams.get('state')?.[0]}`);
    const refused = await thief.request(
      changed(callback, (query) => query.set('state', location.searchParams.get('state') ?? '')),
      { headers: { accept: 'text/html' } },
    );
    expect(refused.status).toBe(403);
    expect(refused.body).toContain('href="/mail"');
    expect(sessionCookies(refused)).toEqual([]);
    expect(await isSignedIn(thief)).toBe(false);
  });

  it('does not count as consent if the code has been used and the session lacks the permission', {
    tags: ['CB-2'],
  }, async () => {
    const browser = alice.clone();
    await signIn(browser, { user: 'alice' });
    const callback = await callbackAddress(browser, '/api/auth/login?return_to=/mail&feature=mail');
    const first = browser.clone();
    await first.request(callback.href);
    const transaction = new Map(browser.cookies());
    const restarted = await browser.request(callback.href);
    expect(new URL(restarted.headers.location ?? '').origin).toBe(world.entra.origin);

    // If the first use granted the permission, the sign-in is complete.
    const session = first.cookies().get('session') ?? '';
    first.jar.set('localhost', transaction.set('session', session));
    const answered = await first.request(callback.href);
    expect([answered.status, answered.headers.location]).toEqual([303, '/mail']);
  });

  it('completes the sign-in after a restart', { tags: ['CB-2'] }, async () => {
    const browser = alice.clone();
    const callback = await callbackAddress(browser, '/api/auth/login?return_to=/mail');
    await browser.clone().request(callback.href);
    const page = await browser.navigate(callback.href);
    expect(page.url.pathname).toBe('/mail');
    expect(await isSignedIn(browser)).toBe(true);
  });

  it.each([
    ['access_denied', '', 403, 'consent_declined', 'consent_declined'],
    ['access_denied', 'AADSTS90094: x', 403, 'admin_consent_required', 'admin_consent_required'],
    ['login_required', 'AADSTS50058: x', 403, 'authorization_denied', 'login_required'],
    ['access_denied', 'AADSTS50105: x', 403, 'authorization_denied', 'sign_in_refused'],
    ['invalid_request', 'AADSTS900144: x', 503, 'registration_invalid', 'registration_invalid'],
    ['temporarily_unavailable', '', 503, 'sign_in_service_unavailable', 'sign_in_service_unavailable'],
    ['never_heard_of', '', 403, 'authorization_denied', 'sign_in_refused'],
  ])(
    'responds to %s "%s" with %i %s and the outcome %s',
    { tags: ['CB-5'] },
    async (error, description, status, code, outcome) => {
      const browser = alice.clone();
      const callback = await callbackAddress(browser, '/api/auth/login?return_to=/mail');
      const href = changed(callback, (query) => {
        query.delete('code');
        query.set('error', error);
        query.set('error_description', description);
      });
      const asked = redemptions();
      const answer = await browser.request(href, { headers: { accept: 'application/json' } });
      expect(answer.status).toBe(status);
      expect(JSON.parse(answer.body)).toMatchObject({
        code,
        outcome,
        login_url: '/api/auth/login?return_to=%2Fmail',
      });
      expect(redemptions()).toBe(asked);
      expect([...browser.cookies().keys()]).toEqual([expect.stringMatching(/^tx-[0-4]$/)]);
      expect(await isSignedIn(browser)).toBe(false);
    },
  );

  describe('that is sent 20 times at once to two workers', () => {
    it('creates at most one session and responds without a 5xx', { tags: ['CB-2'] }, async () => {
      const { answers, newRows } = await replay(alice.clone());
      expect(answers.flatMap(sessionCookies)).toHaveLength(1);
      expect(newRows).toBe(1);
      expect(answers.every(({ status }) => status === 303)).toBe(true);
    });

    it('creates at most one session even if Entra ID redeems a code repeatedly', {
      tags: ['CB-2'],
    }, async () => {
      let generous: Promise<Reply> | undefined;
      const release = Promise.withResolvers<Reply>();
      world.entra.intercept.tokenResponse = (reply) => {
        if (reply.status === 200) release.resolve(reply);
        generous ??= release.promise;
        return generous;
      };
      try {
        const { answers, newRows } = await replay(alice.clone());
        expect(answers.flatMap(sessionCookies)).toHaveLength(1);
        expect(newRows).toBe(1);
        expect(answers.every(({ status }) => status === 303)).toBe(true);
      } finally {
        world.entra.intercept.tokenResponse = undefined;
      }
    });

    async function replay(browser: UserAgent) {
      const { pathname, search } = await callbackAddress(browser);
      const rows = (await readSessionRows(world)).length;
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          browser.clone().request(`${(index % 2 ? worker : otherWorker).origin}${pathname}${search}`),
        ),
      );
      return { answers, newRows: (await readSessionRows(world)).length - rows };
    }
  });

  describe('refuses', () => {
    it('a missing, unknown, foreign or malformed state, without a token request', {
      tags: ['CB-1'],
    }, async () => {
      const browser = alice.clone();
      const other = alice.clone();
      const callback = await callbackAddress(browser);
      const foreign = await callbackAddress(other);
      const state = callback.searchParams.get('state') ?? '';
      const slot = state[0] ?? '';
      const states = [
        '',
        '0',
        state.slice(2),
        `${slot}.${'A'.repeat(43)}`,
        foreign.searchParams.get('state') ?? '',
        `${state}A`,
        state.toUpperCase(),
        ` ${state}`,
        `${state}\u0000`,
        `${state},${state}`,
        `["${state}"]`,
        '__proto__',
        `${slot}.${'a'.repeat(6_000)}`,
      ];
      for (const wrong of states) {
        await expectRefused(browser, `${changed(callback, (query) => query.set('state', wrong))}&bounced=1`);
      }
      await expectRefused(browser, `${changed(callback, (query) => query.delete('state'))}&bounced=1`);
      const brackets = changed(callback, (query) => {
        query.delete('state');
        query.append('state[]', state);
      });
      await expectRefused(browser, brackets);
      // The transaction is still valid for the genuine callback.
      expect(sessionCookies(await browser.request(callback.href))).toHaveLength(1);
    });

    it('a sign-in that was started in another browser, even if this browser has started one too', {
      tags: ['CB-1', 'LR-2'],
    }, async () => {
      const attacker = alice.clone();
      const victim = alice.clone();
      const callback = await callbackAddress(attacker);
      for (let slot = 0; slot < 5; slot++) await callbackAddress(victim);
      await expectRefused(victim, callback.href);
      await expectRefused(worker.browser(), `${callback.href}&bounced=1`);
    });

    it('a bounced callback without its cookie, with a page instead of another bounce', {
      tags: ['LR-2'],
    }, async () => {
      const browser = alice.clone();
      const callback = await callbackAddress(browser);
      const page = await expectRefused(worker.browser(), `${callback.href}&bounced=1`);
      expect(page.headers['refresh']).toBeUndefined();
      expect(page.headers['content-type']).toMatch(/^text\/html/);
      expect(page.body).toContain('login_transaction_invalid');
      expect(page.body).toContain('href="/api/auth/login"');
    });

    it('a code of another transaction by the nonce, if Entra ID does not check PKCE', {
      tags: ['CB-3'],
    }, async () => {
      const browser = alice.clone();
      const first = await callbackAddress(browser);
      const second = await callbackAddress(browser);
      const [good] = await answersOfEntra(() => browser.clone().request(second.href));
      world.entra.intercept.tokenResponse = () => good ?? { status: 500, headers: {}, body: '' };
      try {
        const mixed = changed(first, (query) => query.set('code', second.searchParams.get('code') ?? ''));
        const writes = worker.table.writes();
        const answer = await browser.request(mixed, { headers: { accept: 'application/json' } });
        expect(answer.status).toBe(403);
        expect(JSON.parse(answer.body)).toMatchObject({
          code: 'authorization_denied',
          outcome: 'sign_in_refused',
        });
        expect(sessionCookies(answer)).toEqual([]);
        expect(worker.table.writes()).toBe(writes);
        expect(worker.logLines.at(-1)).toContain('nonce');
      } finally {
        world.entra.intercept.tokenResponse = undefined;
      }
    });

    it('a code of another transaction by the verifier', { tags: ['CB-3'] }, async () => {
      const browser = alice.clone();
      const first = await callbackAddress(browser);
      const second = await callbackAddress(browser);
      const mixed = changed(first, (query) => query.set('code', second.searchParams.get('code') ?? ''));
      const answer = await browser.request(mixed);
      expect(sessionCookies(answer)).toEqual([]);
      expect(new URL(answer.headers.location ?? '').origin).toBe(world.entra.origin);
      // Matching pairs still work.
      expect(sessionCookies(await browser.request(second.href))).toHaveLength(1);
    });

    it('a repeated parameter in any letter case, and code and error together', {
      tags: ['CB-4'],
    }, async () => {
      const browser = alice.clone();
      const { href } = await callbackAddress(browser);
      const state = new URL(href).searchParams.get('state') ?? '';
      const additions = [
        `state=${state}`,
        'state=x',
        'STATE=x',
        'State=',
        'code=x',
        'CODE=x',
        '%63ode=x',
        'error=a&error=b',
        'iss=a&iss=b',
        'iss=a&ISS=b',
        'session_state=x',
        'error=access_denied',
        'error=',
        'id_token=x',
        'access_token=x',
        'bounced=1&bounced=1',
        'bounced=0&Bounced=1',
        'x=%ff',
      ];
      for (const addition of additions) {
        await expectRefused(browser, `${href}&${addition}`);
        await expectRefused(browser, href.replace('?', `?${addition}&`));
      }
      expect(sessionCookies(await browser.request(href))).toHaveLength(1);
    });

    it('two codes or errors that a front end joined with a comma, and then accepts the genuine one', {
      tags: ['CB-4'],
    }, async () => {
      const browser = alice.clone();
      const callback = await callbackAddress(browser);
      const code = callback.searchParams.get('code') ?? '';
      for (const joined of [`${code},EVIL`, `EVIL,${code}`, `${code},${code}`, `${code},`, `,${code}`, ',']) {
        await expectRefused(
          browser,
          changed(callback, (query) => query.set('code', joined)),
        );
      }
      const declined = changed(callback, (query) => {
        query.delete('code');
        query.set('error', 'access_denied,server_error');
      });
      await expectRefused(browser, declined);
      expect(sessionCookies(await browser.request(callback.href))).toHaveLength(1);
    });

    it('a code that is missing, empty or too long', { tags: ['CB-7'] }, async () => {
      const browser = alice.clone();
      const callback = await callbackAddress(browser);
      await expectRefused(
        browser,
        changed(callback, (query) => query.delete('code')),
      );
      await expectRefused(
        browser,
        changed(callback, (query) => query.set('code', '')),
      );
      // The host refuses such an address before it reaches the service.
      await expectRefused(
        browser,
        changed(callback, (query) => query.set('code', 'a'.repeat(9 * 1024))),
        414,
      );
    });

    it('an error without a valid state', { tags: ['CB-5'] }, async () => {
      const path = '/api/auth/callback';
      await expectRefused(alice.clone(), `${path}?error=access_denied`);
      await expectRefused(alice.clone(), `${path}?error=access_denied&state=0.${'a'.repeat(43)}&bounced=1`);
    });

    it('to repeat any text of an error in a page, problem, header or log', { tags: ['CB-5'] }, async () => {
      const payloads = [
        '<script>alert("canary")</script>',
        '"><img src=x onerror=canary>',
        'canary\r\nset-cookie: session=canary',
        '\u001b[31mcanary\u001b[0m',
        "javascript:canary//'",
        '{{canary}}<%= canary %>',
        'canary\u2028canary',
      ];
      for (const [index, payload] of payloads.entries()) {
        const browser = alice.clone();
        const callback = await callbackAddress(browser, '/api/auth/login?feature=mail');
        const href = changed(callback, (query) => {
          query.delete('code');
          for (const name of ['error', 'error_description', 'error_uri', 'error_subcode'])
            query.set(name, payload);
        });
        const lines = worker.logLines.length;
        const accept = index % 2 ? 'application/json' : 'text/html';
        const answer = await browser.request(href, { headers: { accept } });
        expect(answer.status).toBe(403);
        expect(answer.headers['content-type']).toMatch(index % 2 ? /problem\+json/ : /text\/html/);
        const said = [answer.body, JSON.stringify(answer.headers), ...worker.logLines.slice(lines)].join(
          '\n',
        );
        expect(said).not.toMatch(/canary/i);
        expect(answer.setCookies).toHaveLength(1);
        // The error ended the transaction, so the genuine callback is too late.
        await expectRefused(browser, `${callback.href}&bounced=1`, 403);
      }
    });
  });

  describe('while the table fails', () => {
    it('creates no session if the row cannot be written, and the next attempt works', {
      tags: ['CB-8'],
    }, async () => {
      const browser = alice.clone();
      const callback = await callbackAddress(browser, '/api/auth/login?return_to=/mail');
      const rows = await readSessionRows(world);
      worker.table.failing.add('insert');
      const answer = await browser.request(callback.href, { headers: { accept: 'text/html' } });
      worker.table.recover();
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBeDefined();
      expect(answer.body).toContain('Sign-in is temporarily unavailable');
      expect(answer.body).toContain('href="/api/auth/login?return_to=%2Fmail"');
      expect(sessionCookies(answer)).toEqual([]);
      expect(await isSignedIn(browser)).toBe(false);
      expect(await readSessionRows(world)).toEqual(rows);
      // Reloading the failed page restarts the sign-in.
      expect((await browser.navigate(callback.href)).url.pathname).toBe('/mail');
      expect(await isSignedIn(browser)).toBe(true);
    });

    it('leaves no session that can be opened if the write succeeded and its response was lost', {
      tags: ['CB-8'],
    }, async () => {
      const browser = alice.clone();
      const callback = await callbackAddress(browser);
      const { insert } = worker.table;
      worker.table.insert = async (row) => {
        await insert(row);
        throw new Error('connection reset');
      };
      const answer = await browser.request(callback.href);
      worker.table.insert = insert;
      expect(answer.status).toBe(500);
      expect(answer.body).not.toContain('reset');
      expect(sessionCookies(answer)).toEqual([]);
      expect(await isSignedIn(browser)).toBe(false);
      expect((await browser.navigate(callback.href)).url.pathname).toBe('/');
      expect(await isSignedIn(browser)).toBe(true);
    });

    it('leaves no session without a browser if the last reads of the table fail', {
      tags: ['CB-8'],
    }, async () => {
      const browser = alice.clone();
      const callback = await callbackAddress(browser);
      const before = await readSessionRows(world);
      let inserted = 0;
      worker.table.before = (operation) => {
        // The bucket, the index row and the session are written. All reads after that fail.
        if (operation === 'insert') inserted++;
        if (operation === 'read' && inserted === 3) worker.table.failing.add('read');
      };
      const answer = await browser.request(callback.href);
      worker.table.before = undefined;
      worker.table.recover();
      expect([answer.status, inserted, sessionCookies(answer)]).toEqual([503, 3, []]);
      expect(await readSessionRows(world)).toEqual(before);
      expect((await browser.navigate(callback.href)).url.pathname).toBe('/');
      expect(await isSignedIn(browser)).toBe(true);
    });

    it('keeps code and transaction if the session of this browser cannot be read', {
      tags: ['CB-8'],
    }, async () => {
      const browser = alice.clone();
      await browser.navigate('/api/auth/login');
      const callback = await callbackAddress(browser, '/api/auth/login?return_to=/mail');
      const before = new Map(browser.cookies());
      worker.table.failing.add('read');
      await expectRefused(browser, callback.href, 503);
      worker.table.recover();
      expect(browser.cookies()).toEqual(before);
      expect((await browser.request(callback.href)).headers.location).toBe('/mail');
    });

    it('signs in and logs a warning if the replaced session cannot be removed', {
      tags: ['CB-9'],
    }, async () => {
      const browser = alice.clone();
      await browser.navigate('/api/auth/login');
      const old = browser.cookies().get('session');
      const callback = await callbackAddress(browser);
      worker.table.failing.add('remove');
      const answer = await browser.request(callback.href);
      worker.table.recover();
      expect(sessionCookies(answer)).toHaveLength(1);
      expect(browser.cookies().get('session')).not.toBe(old);
      expect(worker.logLines.join('\n')).toContain('replaced-session-not-removed');
    });
  });
});

/** Returns the responses of the token endpoint while `action` runs. */
async function answersOfEntra(action: () => Promise<unknown>): Promise<Reply[]> {
  const replies: Reply[] = [];
  world.entra.intercept.tokenResponse = (reply) => {
    replies.push(reply);
    return reply;
  };
  try {
    await action();
  } finally {
    world.entra.intercept.tokenResponse = undefined;
  }
  return replies;
}
