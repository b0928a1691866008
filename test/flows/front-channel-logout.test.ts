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

/** As a frame of Entra's page loads it: from another site, with no cookie. */
const fromEntra = (query: string) =>
  other.browser().request(`${route}${query}`, {
    headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'iframe', 'sec-fetch-mode': 'navigate' },
  });

const isSignedIn = async (browser: UserAgent) =>
  (await browser.clone().scriptJson('/api/auth/session'))['signed_in'];

const pass = () => world.pass(6);

describe('signing out elsewhere', () => {
  it('ends all sessions of that sid, on every worker, and nobody else’s', { tags: ['LO-3'] }, async () => {
    const { browser: first, sid } = await signedIn('alice');
    // The same browser at Entra, another session here.
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

  it('is the same answer for a known, an unknown and no sid, twice, and for a foreign issuer', {
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

  it('writes nothing for a sid that nobody has', async () => {
    const before = other.table.writes();
    await fromEntra('?sid=8d9d4f52-0000-4000-8000-000000000001');
    expect(other.table.writes()).toBe(before);
  });

  it('that the table does not hear of is an error, and works when it is asked again', {
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

  it('is reported as off at every sign-in whose ID token has no sid', async () => {
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

  describe('among many that anybody sends', () => {
    /** Stops the table; gives what lets it go on. */
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

    it('waits for its turn and is done', { tags: ['DO-3'] }, async () => {
      const { browser, sid } = await signedIn('alice');
      const table = stopped();
      const answers = Array.from({ length: 32 }, () => fromEntra(`?sid=${randomUUID()}`));
      await expect.poll(table.asked).toBe(32);
      answers.push(...Array.from({ length: 100 }, () => fromEntra(`?sid=${randomUUID()}`)));
      answers.push(fromEntra(`?sid=${sid}`));
      // Nobody else waits for them.
      expect((await other.browser().request('/api/health/live')).status).toBe(200);
      expect(table.asked()).toBe(32);
      table.release();
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(133).fill(200));
      pass();
      expect(await isSignedIn(browser)).toBe(false);
    });

    it('of one sid costs the table two queries at a time, and few of them wait', {
      tags: ['DO-3'],
    }, async () => {
      const table = stopped();
      const sid = randomUUID();
      const statuses: number[] = [];
      const answers = Array.from({ length: 20 }, async () => {
        statuses.push((await fromEntra(`?sid=${sid}`)).status);
      });
      // One is under way and four wait.
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
    'by %s, which is none of Entra’s names, costs no query and is the same answer',
    { tags: ['DO-3'] },
    async (sid) => {
      const before = other.table.counts.list;
      const { status, body } = await fromEntra(`?sid=${sid}`);
      expect([status, body]).toEqual([200, 'Signed out.\n']);
      expect(other.table.counts.list).toBe(before);
    },
  );

  it.each(['image', 'document', 'empty', 'script', 'frame', ''])(
    'loaded as %j, not in a frame, costs no query and ends nothing',
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

  it('from a browser that does not say how it is loaded ends the session', async () => {
    const { browser, sid } = await signedIn('ben');
    await other.browser().request(`${route}?sid=${sid}`);
    pass();
    expect(await isSignedIn(browser)).toBe(false);
  });
});
