import { randomUUID } from 'node:crypto';
import { demoClient } from '@entra-bff/directory';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let other: Worker;
let sids: string[];

const route = '/api/auth/front-channel-logout';

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  other = await world.startWorker({ environment: { SESSION_CACHE_SECONDS: '0' } });
  grantSignIn(world);
  world.entra.intercept.idTokenClaims = (claims) => {
    sids.push(String(claims['sid']));
    return claims;
  };
});

afterAll(() => world.close());

beforeEach(() => {
  sids = [];
});

async function signedIn(user: string): Promise<{ browser: UserAgent; sid: string }> {
  const browser = worker.browser();
  await signIn(browser, { user });
  return { browser, sid: sids.at(-1) ?? '' };
}

/** Loads the route as a frame of Entra ID's page does: from another site, without cookies. */
const fromEntra = (query: string) =>
  other.browser().request(`${route}${query}`, {
    headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'iframe', 'sec-fetch-mode': 'navigate' },
  });

const isSignedIn = async (browser: UserAgent) =>
  (await browser.clone().scriptJson('/api/auth/session'))['signed_in'];

const pass = () => world.pass(6);

describe('a sign-out of another app', () => {
  it('ends all sessions with its sid on every worker, and no other session', { tags: ['LO-3'] }, async () => {
    const { browser: first, sid } = await signedIn('alice');
    // The same browser at Entra ID has a second session in this app.
    const second = first.clone();
    second.cookies().clear();
    await signIn(second, { user: 'alice' });
    expect(sids.at(-1)).toBe(sid);
    const { browser: stranger } = await signedIn('ben');
    const { browser: elsewhere } = await signedIn('alice');
    expect(sids.at(-1)).not.toBe(sid);

    expect((await fromEntra(`?sid=${sid}`)).status).toBe(200);
    pass();
    expect(await Promise.all([first, second, stranger, elsewhere].map(isSignedIn))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it('gets the same response for a known, unknown, repeated or missing sid and for another issuer', {
    tags: ['LO-3', 'L3'],
  }, async () => {
    const { browser, sid } = await signedIn('ben');
    const answers = await Promise.all(
      [
        '?sid=8d9d4f52-0000-4000-8000-000000000000',
        '',
        '?sid=',
        `?sid=${'x'.repeat(129)}`,
        '?sid=%00',
        `?sid=${sid}&sid=${sid}`,
        `?sid=${sid}&iss=https%3A%2F%2Fevil.example`,
      ].map(fromEntra),
    );
    pass();
    expect(await isSignedIn(browser)).toBe(true);
    const own = encodeURIComponent(`${world.entra.origin}/${demoClient.tenantId}/v2.0`);
    answers.push(await fromEntra(`?sid=${sid}&iss=${own}`), await fromEntra(`?sid=${sid}`));
    pass();
    expect(await isSignedIn(browser)).toBe(false);
    const [first] = answers;
    for (const { status, body, setCookies, headers } of answers) {
      expect([status, body, setCookies]).toEqual([200, first?.body, []]);
      expect(headers['content-security-policy']).toBe(
        `default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors ${world.entra.origin}; sandbox`,
      );
    }
  });

  it('writes nothing for an unknown sid', async () => {
    const before = other.table.writes();
    await fromEntra('?sid=8d9d4f52-0000-4000-8000-000000000001');
    expect(other.table.writes()).toBe(before);
  });

  it('is an error if the table cannot be reached, and works the next time', {
    tags: ['LO-1'],
  }, async () => {
    const { browser, sid } = await signedIn('alice');
    other.table.failAll();
    expect((await fromEntra(`?sid=${sid}`)).status).toBe(503);
    other.table.recover();
    expect((await fromEntra(`?sid=${sid}`)).status).toBe(200);
    pass();
    expect(await isSignedIn(browser)).toBe(false);
  });

  it('is logged as impossible at each sign-in whose ID token has no sid', async () => {
    const withoutSid = await startWorld();
    grantSignIn(withoutSid);
    const { browser, logLines } = await withoutSid.startWorker();
    const warnings = () => logLines.filter((line) => line.includes('"front-channel-logout-off"')).length;
    await signIn(browser(), { user: 'alice' });
    expect(warnings()).toBe(0);
    withoutSid.entra.switches.withheldClaims = 'sid';
    await signIn(browser(), { user: 'alice' });
    await signIn(browser(), { user: 'ben' });
    expect(warnings()).toBe(2);
    await withoutSid.close();
  });

  describe('among many forged ones', () => {
    /** Stops the table. Returns a function that lets it continue. */
    function stopped() {
      const { promise, resolve } = Promise.withResolvers<void>();
      let asked = 0;
      other.table.before = () => {
        asked += 1;
        return promise;
      };
      return {
        asked: () => asked,
        release() {
          other.table.before = undefined;
          resolve();
        },
      };
    }

    it('waits for its turn and succeeds', { tags: ['DO-3'] }, async () => {
      const { browser, sid } = await signedIn('alice');
      const table = stopped();
      const answers = Array.from({ length: 32 }, () => fromEntra(`?sid=${randomUUID()}`));
      await expect.poll(table.asked).toBe(32);
      answers.push(...Array.from({ length: 100 }, () => fromEntra(`?sid=${randomUUID()}`)));
      answers.push(fromEntra(`?sid=${sid}`));
      // Other requests do not wait for them.
      expect((await other.browser().request('/api/health/live')).status).toBe(200);
      expect(table.asked()).toBe(32);
      table.release();
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(133).fill(200));
      pass();
      expect(await isSignedIn(browser)).toBe(false);
    });

    it('causes at most two queries at a time for one sid, and few requests wait', {
      tags: ['DO-3'],
    }, async () => {
      const table = stopped();
      const sid = randomUUID();
      const statuses: number[] = [];
      const answers = Array.from({ length: 20 }, async () => {
        statuses.push((await fromEntra(`?sid=${sid}`)).status);
      });
      // One is running and four wait.
      await expect.poll(() => statuses).toEqual(Array(15).fill(429));
      expect(table.asked()).toBe(1);
      const before = other.table.counts.list;
      table.release();
      await Promise.all(answers);
      expect(statuses.slice(15)).toEqual(Array(5).fill(200));
      expect(other.table.counts.list - before).toBeLessThanOrEqual(1);
    });
  });

  it.each([
    'none',
    'x'.repeat(36),
    '8d9d4f52-0000-4000-8000-00000000000',
    '8d9d4f5200004000800000000000000z',
  ])(
    'with %s, which cannot be a sid of Entra ID, causes no query and gets the same response',
    { tags: ['DO-3'] },
    async (sid) => {
      const before = other.table.counts.list;
      const { status, body } = await fromEntra(`?sid=${sid}`);
      expect([status, body]).toEqual([200, 'Signed out.\n']);
      expect(other.table.counts.list).toBe(before);
    },
  );

  it.each(['image', 'document', 'empty', 'script', 'frame', ''])(
    'causes no query and ends nothing if it is loaded as %j instead of in a frame',
    { tags: ['LO-3'] },
    async (destination) => {
      const { browser, sid } = await signedIn('ben');
      const before = other.table.counts.list;
      const answer = await other.browser().request(`${route}?sid=${sid}`, {
        headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': destination },
      });
      expect([answer.status, answer.body]).toEqual([200, 'Signed out.\n']);
      expect(other.table.counts.list).toBe(before);
      pass();
      expect(await isSignedIn(browser)).toBe(true);
    },
  );

  it('ends the session if the browser does not send Sec-Fetch-Dest', async () => {
    const { browser, sid } = await signedIn('ben');
    await other.browser().request(`${route}?sid=${sid}`);
    pass();
    expect(await isSignedIn(browser)).toBe(false);
  });
});
