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
  it('lets in members, by another group as well, from the claim alone', async () => {
    const before = world.graph.count();
    expect(await statusOf(alice, 'engineers')).toBe(200);
    expect(await statusOf(alice, 'everyone')).toBe(200);
    expect(await open(ben, 'engineers')).toMatchObject({
      status: 403,
      answer: { code: 'claim_required', required_groups: ['0d9a7f34-6a1b-4c52-8a77-21c3f0b6e102'] },
    });
    expect(world.graph.count()).toBe(before);
  });

  describe('of a person in more groups than a token names', () => {
    beforeEach(async () => {
      world.entra.switches.groupLimit = 0;
      world.pass(400);
      alice = await signedIn('alice');
      ben = await signedIn('ben');
    });

    it('asks Graph, once for a while', async () => {
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

    it('asks Graph once for many calls at once, and leaves one alone that asks for less', {
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
      world.pass(6);
      expect(await statusOf(ben, 'engineers')).toBe(403);
    });

    it('asks nobody where no guard needs it', async () => {
      const before = world.graph.count();
      expect(await statusOf(alice, 'contoso')).toBe(200);
      expect(world.graph.count()).toBe(before);
    });

    it('lets nobody in when Graph does not answer, or says nothing', { tags: ['RG-5'] }, async () => {
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
  it('counts a guest as one of the tenant that invited them, with its roles', {
    tags: ['RG-6'],
  }, async () => {
    const gus = await signedIn('gus');
    expect(await statusOf(gus, 'contoso')).toBe(200);
    expect(await statusOf(gus, 'admin-or-engineer')).toBe(403);
  });
});

describe('a guard with alternatives', () => {
  it('lets in whoever satisfies one of them', async () => {
    expect(await statusOf(alice, 'admin-or-engineer')).toBe(200);
    expect(await open(ben, 'admin-or-engineer')).toMatchObject({
      status: 403,
      answer: { any_of: [{ required_roles: ['Admin'] }, { required_groups: [expect.any(String)] }] },
    });
  });
});

describe('a guard with an authentication context', { tags: ['AD-1'] }, () => {
  it('asks for a stronger sign-in, and lets in whoever has brought one', async () => {
    const refused = await open(ben, 'strong');
    expect(refused).toMatchObject({
      status: 401,
      answer: { code: 'interaction_required', reason: 'stronger_sign_in_required', scopes: [] },
    });
    const entra = await ben.navigate(String(refused.answer['login_url']));
    await answerEntra(ben, entra, { user: 'ben' });
    expect(await statusOf(ben, 'strong')).toBe(200);
    // It is a fact of this sign-in: a renewal keeps it.
    world.advance(3601);
    expect(await statusOf(ben, 'strong')).toBe(200);
  });

  it('is not satisfied by an answer that does not say so: the sign-in is refused, and nothing changes', async () => {
    const refused = await open(ben, 'strong');
    world.entra.switches.withheldClaims = 'acrs';
    const entra = await ben.navigate(String(refused.answer['login_url']));
    const end = await answerEntra(ben, entra, { user: 'ben' });
    expect(end.status).toBe(403);
    expect(end.body).toContain('Sign-in was not accepted');
    expect(await statusOf(ben, 'contoso')).toBe(200);
    expect(await statusOf(ben, 'strong')).toBe(401);
  });

  it('is not answered by another account', async () => {
    const refused = await open(ben, 'strong');
    world.entra.signAllUsersOut();
    const entra = await ben.navigate(String(refused.answer['login_url']));
    const end = await answerEntra(ben, entra, { user: 'alice' });
    expect([end.status, end.body.includes('Different account')]).toEqual([403, true]);
    expect(await ben.scriptJson('/api/auth/session')).toMatchObject({ username: 'ben@contoso.example' });
  });
});

describe('a guard with the age of the sign-in', { tags: ['AD-1'] }, () => {
  it('is told from the time of the sign-in, not of the session', async () => {
    expect(await statusOf(ben, 'recent')).toBe(200);
    world.advance(601);
    expect(await statusOf(ben, 'recent')).toBe(401);
    // Entra signs the person in again without asking: they have proved nothing.
    await signIn(ben, { user: 'ben' });
    expect(await open(ben, 'recent')).toMatchObject({
      status: 401,
      answer: { reason: 'recent_sign_in_required' },
    });
  });

  it('is met by signing in again with the ticket, which a link cannot weaken', async () => {
    world.advance(601);
    const { answer } = await open(ben, 'recent');
    const entra = await ben.navigate(`${answer['login_url']}&prompt=none`);
    expect(entra.url.searchParams.get('prompt')).toBe('login');
    await answerEntra(ben, entra, { user: 'ben' });
    expect(await statusOf(ben, 'recent')).toBe(200);
  });

  it('is not answered by another account, which changes nothing', async () => {
    world.advance(601);
    const { answer } = await open(ben, 'recent');
    world.entra.signAllUsersOut();
    const entra = await ben.navigate(String(answer['login_url']));
    const end = await answerEntra(ben, entra, { user: 'alice' });
    expect([end.status, end.body.includes('Different account')]).toEqual([403, true]);
    expect(await ben.scriptJson('/api/auth/session')).toMatchObject({ username: 'ben@contoso.example' });
  });

  it('is refused where the registration does not list the claim: nobody is sent round in vain', async () => {
    world.entra.switches.withheldClaims = 'auth_time';
    const browser = await signedIn('ben');
    expect(await open(browser, 'recent')).toMatchObject({
      status: 403,
      answer: { code: 'claim_required', required_claim: 'auth_time' },
    });
  });
});

describe('guests', () => {
  it('do not sign in where the settings refuse them, whoever invited them', { tags: ['RG-6'] }, async () => {
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

  it('are out when the settings change, at the next look', async () => {
    const gus = await signedIn('gus');
    const strict = await world.startWorker({
      environment: { ENTRA_GUESTS: 'refuse', SESSION_IDLE_SECONDS: '43200' },
    });
    world.advance(3601);
    const { status, body } = await gus.clone(strict.origin).script('GET', '/api/graph/v1.0/me');
    expect([status, JSON.parse(body).code]).toEqual([401, 'session_required']);
  });
});
