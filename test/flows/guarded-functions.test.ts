import { defaultEntraSwitches } from '@entra-bff/entra-emulator';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UserAgent } from '../support/user-agent.ts';
import { answerEntra, grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let alice: UserAgent;
let ben: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker({
    extension: 'guardedRoutes',
    environment: { SESSION_IDLE_SECONDS: '43200' },
  });
  grantSignIn(world);
});

afterAll(() => world.close());

beforeEach(async () => {
  Object.assign(world.entra.switches, defaultEntraSwitches());
  world.graph.respondWith(undefined);
  alice = await signedIn('alice');
  ben = await signedIn('ben');
});

async function signedIn(user: string): Promise<UserAgent> {
  const browser = worker.browser();
  await signIn(browser, { user });
  return browser;
}

const open = async (browser: UserAgent, name: string) => {
  const { status, body } = await browser.script('GET', `/api/only-${name}`);
  return { status, answer: JSON.parse(body) as Record<string, unknown> };
};
const statusOf = async (browser: UserAgent, name: string) => (await open(browser, name)).status;

describe('a guard with groups', () => {
  it('admits members of any of its groups by the claim alone', async () => {
    const before = world.graph.count();
    expect(await statusOf(alice, 'engineers')).toBe(200);
    expect(await statusOf(alice, 'everyone')).toBe(200);
    expect(await open(ben, 'engineers')).toMatchObject({
      status: 403,
      answer: { code: 'claim_required', required_groups: ['0d9a7f34-6a1b-4c52-8a77-21c3f0b6e102'] },
    });
    expect(world.graph.count()).toBe(before);
  });

  describe('for a user with more groups than a token can hold', () => {
    beforeEach(async () => {
      world.entra.switches.groupLimit = 0;
      world.pass(400);
      alice = await signedIn('alice');
      ben = await signedIn('ben');
    });

    it('asks Graph, and caches the answer for five minutes', async () => {
      const before = world.graph.count();
      expect(await statusOf(alice, 'engineers')).toBe(200);
      expect(await statusOf(alice, 'engineers')).toBe(200);
      expect(await statusOf(ben, 'engineers')).toBe(403);
      expect(await statusOf(ben, 'everyone')).toBe(200);
      expect(world.graph.count() - before).toBe(3);
      world.pass(301);
      expect(await statusOf(alice, 'engineers')).toBe(200);
      expect(world.graph.count() - before).toBe(4);
    });

    it('asks Graph once for concurrent calls, and obeys Retry-After', {
      tags: ['DO-3'],
    }, async () => {
      const before = world.graph.count();
      const calls = Array.from({ length: 30 }, () => statusOf(alice, 'engineers'));
      expect(await Promise.all(calls)).toEqual(Array(30).fill(200));
      expect(world.graph.count() - before).toBe(1);
      world.graph.respondWith(
        (_request, response) => void response.writeHead(429, { 'retry-after': '60' }).end(),
      );
      const refused = [await statusOf(ben, 'engineers'), await statusOf(ben, 'engineers')];
      expect(refused.every((status) => status >= 429)).toBe(true);
      expect(world.graph.count() - before).toBe(2);
      world.graph.respondWith(undefined);
      world.pass(60);
      expect(await statusOf(ben, 'engineers')).toBe(403);
    });

    it('does not ask Graph if no guard needs groups', async () => {
      const before = world.graph.count();
      expect(await statusOf(alice, 'contoso')).toBe(200);
      expect(world.graph.count()).toBe(before);
    });

    it('refuses if Graph does not answer or returns no list', { tags: ['RG-5'] }, async () => {
      world.graph.respondWith((_request, response) => void response.writeHead(503).end());
      expect(await statusOf(alice, 'engineers')).toBe(502);
      world.pass(6);
      world.graph.respondWith(
        (_request, response) =>
          void response.writeHead(200, { 'content-type': 'application/json' }).end('{"value":"all"}'),
      );
      expect(await statusOf(alice, 'engineers')).toBe(403);
    });
  });
});

describe('a guard with a tenant', () => {
  it('treats a guest as a user of the inviting tenant, with the roles there', {
    tags: ['RG-6'],
  }, async () => {
    const gus = await signedIn('gus');
    expect(await statusOf(gus, 'contoso')).toBe(200);
    expect(await statusOf(gus, 'admin-or-engineer')).toBe(403);
  });
});

describe('a guard with alternatives', () => {
  it('admits a user who satisfies one of them', async () => {
    expect(await statusOf(alice, 'admin-or-engineer')).toBe(200);
    expect(await open(ben, 'admin-or-engineer')).toMatchObject({
      status: 403,
      answer: { any_of: [{ required_roles: ['Admin'] }, { required_groups: [expect.any(String)] }] },
    });
  });
});

describe('a guard with an authentication context', { tags: ['AD-1'] }, () => {
  it('requires a stronger sign-in, and admits the user after it', async () => {
    const refused = await open(ben, 'strong');
    expect(refused).toMatchObject({
      status: 401,
      answer: { code: 'interaction_required', reason: 'stronger_sign_in_required', scopes: [] },
    });
    const entra = await ben.navigate(String(refused.answer['login_url']));
    await answerEntra(ben, entra, { user: 'ben' });
    expect(await statusOf(ben, 'strong')).toBe(200);
    // A renewal keeps the authentication context of the sign-in.
    world.advance(3601);
    expect(await statusOf(ben, 'strong')).toBe(200);
  });

  it('refuses a sign-in without the required context, and the session does not change', async () => {
    const refused = await open(ben, 'strong');
    world.entra.switches.withheldClaims = 'acrs';
    const entra = await ben.navigate(String(refused.answer['login_url']));
    const end = await answerEntra(ben, entra, { user: 'ben' });
    expect(end.status).toBe(403);
    expect(end.body).toContain('Sign-in was not accepted');
    expect(await statusOf(ben, 'contoso')).toBe(200);
    expect(await statusOf(ben, 'strong')).toBe(401);
  });

  it('is not satisfied by a sign-in with another account', async () => {
    const refused = await open(ben, 'strong');
    world.entra.signAllUsersOut();
    const entra = await ben.navigate(String(refused.answer['login_url']));
    const end = await answerEntra(ben, entra, { user: 'alice' });
    expect([end.status, end.body.includes('Different account')]).toEqual([403, true]);
    expect(await ben.scriptJson('/api/auth/session')).toMatchObject({ username: 'ben@contoso.example' });
  });
});

describe('a guard with the age of the sign-in', { tags: ['AD-1'] }, () => {
  it('measures the time since the sign-in, not since the session was created', async () => {
    expect(await statusOf(ben, 'recent')).toBe(200);
    world.advance(601);
    expect(await statusOf(ben, 'recent')).toBe(401);
    // Entra ID signs the user in again without a prompt, which proves nothing new.
    await signIn(ben, { user: 'ben' });
    expect(await open(ben, 'recent')).toMatchObject({
      status: 401,
      answer: { reason: 'recent_sign_in_required' },
    });
  });

  it('is satisfied by a sign-in with the ticket, whose prompt a link cannot remove', async () => {
    world.advance(601);
    const { answer } = await open(ben, 'recent');
    const entra = await ben.navigate(`${answer['login_url']}&prompt=none`);
    expect(entra.url.searchParams.get('prompt')).toBe('login');
    await answerEntra(ben, entra, { user: 'ben' });
    expect(await statusOf(ben, 'recent')).toBe(200);
  });

  it('is not satisfied by a sign-in with another account, and the session does not change', async () => {
    world.advance(601);
    const { answer } = await open(ben, 'recent');
    world.entra.signAllUsersOut();
    const entra = await ben.navigate(String(answer['login_url']));
    const end = await answerEntra(ben, entra, { user: 'alice' });
    expect([end.status, end.body.includes('Different account')]).toEqual([403, true]);
    expect(await ben.scriptJson('/api/auth/session')).toMatchObject({ username: 'ben@contoso.example' });
  });

  it('refuses without a useless sign-in if the registration does not issue auth_time', async () => {
    world.entra.switches.withheldClaims = 'auth_time';
    const browser = await signedIn('ben');
    expect(await open(browser, 'recent')).toMatchObject({
      status: 403,
      answer: { code: 'claim_required', required_claim: 'auth_time' },
    });
  });
});

describe('guests', () => {
  it('cannot sign in if the settings refuse guests', { tags: ['RG-6'] }, async () => {
    const strictWorld = await startWorld();
    try {
      const strict = await strictWorld.startWorker({ environment: { ENTRA_GUESTS: 'refuse' } });
      grantSignIn(strictWorld);
      const guest = strict.browser();
      expect((await signIn(guest, { user: 'gus' })).status).toBe(403);
      expect(await guest.scriptJson('/api/auth/session')).toMatchObject({ signed_in: false });
      const member = strict.browser();
      await signIn(member, { user: 'ben' });
      expect(await member.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
    } finally {
      await strictWorld.close();
    }
  });

  it('are signed out at the next revalidation if the settings now refuse guests', async () => {
    const gus = await signedIn('gus');
    const strict = await world.startWorker({
      environment: { ENTRA_GUESTS: 'refuse', SESSION_IDLE_SECONDS: '43200' },
    });
    world.advance(3601);
    const { status, body } = await gus.clone(strict.origin).script('GET', '/api/graph/v1.0/me');
    expect([status, JSON.parse(body).code]).toEqual([401, 'session_required']);
  });
});
