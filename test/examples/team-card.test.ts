import { fileURLToPath } from 'node:url';
import { demoClient } from '@entra-bff/directory';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker({
    extension: 'teamCard',
    environment: {
      GRAPH_POLICY_FILE: fileURLToPath(new URL('../../examples/own-function/policy.json', import.meta.url)),
    },
  });
  grantSignIn(world);
});

afterAll(() => world.close());

afterEach(() => {
  world.entra.consents.withdraw(['User.Read.All']);
  world.graph.respondWith(undefined);
});

const allow = () => world.entra.consents.grant({ ...demoClient, scopes: ['User.Read.All'] });

async function signedIn(user: string): Promise<UserAgent> {
  const browser = worker.browser();
  await signIn(browser, { user });
  return browser;
}

const card = async (browser: UserAgent) => {
  const { status, body } = await browser.script('GET', '/api/team-card');
  return { status, card: JSON.parse(body) as Record<string, unknown> };
};

describe('the example of your own function', () => {
  it('returns the user, the picture and the manager from three concurrent calls to Graph', async () => {
    allow();
    const browser = await signedIn('ben');
    const before = world.graph.count();
    expect(await card(browser)).toMatchObject({
      status: 200,
      card: {
        name: 'Ben Brown',
        job_title: 'Account Manager',
        manager: { name: 'Alice Adams', mail: 'alice.adams@contoso.example' },
        photo: expect.stringMatching(/^data:image\/png;base64,iVBOR/),
      },
    });
    expect(world.graph.count() - before).toBe(3);
  });

  it('makes one token request for the calls of two requests at once, when the access token has expired', async () => {
    allow();
    world.entra.switches.accessTokenLifetimeSeconds = 20;
    const browser = await signedIn('ben');
    world.entra.switches.accessTokenLifetimeSeconds = 3600;
    const before = world.graph.count();
    const redeemed = world.entra.count('token', 'refresh_token');
    const cards = await Promise.all([card(browser), card(browser.clone())]);
    expect(cards.map(({ status }) => status)).toEqual([200, 200]);
    expect(world.graph.count() - before).toBe(6);
    expect(world.entra.count('token', 'refresh_token') - redeemed).toBe(1);
  });

  it('is refused while the user has 64 calls in progress, because its own calls to Graph count too', {
    tags: ['DO-3'],
  }, async () => {
    allow();
    const browser = await signedIn('ben');
    const held: (() => void)[] = [];
    world.graph.respondWith((_request, response) => {
      held.push(() => response.setHeader('content-type', 'application/json').end('{}'));
    });
    const inProgress = Array.from({ length: 64 }, () => browser.clone().script('GET', '/api/graph/v1.0/me'));
    await expect.poll(() => held.length, { timeout: 10_000 }).toBe(64);
    const answer = await card(browser);
    expect([answer.status, answer.card['code']]).toEqual([429, 'rate_limited']);
    expect(held).toHaveLength(64);
    for (const release of held) release();
    await Promise.all(inProgress);
    world.graph.respondWith(undefined);
    expect((await card(browser)).status).toBe(200);
  });

  it('omits the manager of a user without one', async () => {
    allow();
    const { status, card: answer } = await card(await signedIn('alice'));
    expect([status, answer['name'], answer['manager']]).toEqual([200, 'Alice Adams', undefined]);
  });

  it('requires its permission when it is first used', async () => {
    const browser = await signedIn('ben');
    const refused = await card(browser);
    expect(refused).toMatchObject({
      status: 401,
      card: { code: 'interaction_required', feature: 'manager', reason: 'consent_required' },
    });
    allow();
    await signIn(browser, { user: 'ben', from: String(refused.card['login_url']) });
    expect((await card(browser)).status).toBe(200);
  });

  it('renews the token once if Graph revokes the current one', { tags: ['PX-15'] }, async () => {
    allow();
    const browser = await signedIn('ben');
    expect((await card(browser)).status).toBe(200);
    world.graph.revokeTokens();
    const redeemed = world.entra.count('token', 'refresh_token');
    expect((await card(browser)).status).toBe(200);
    expect(world.entra.count('token', 'refresh_token') - redeemed).toBe(1);
    world.graph.clearRevocations();
  });

  it('returns a problem without Graph’s texts if Graph fails', async () => {
    allow();
    const browser = await signedIn('ben');
    const before = world.graph.count();
    world.graph.respondWith((_request, response) => {
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end('{"error":{"code":"x","message":"secret words"}}');
    });
    const answer = await card(browser);
    expect(answer).toMatchObject({ status: 502, card: { code: 'upstream_answer_refused' } });
    expect(JSON.stringify(answer)).not.toContain('secret');
    world.graph.respondWith((_request, response) => void response.destroy());
    expect(await card(browser)).toMatchObject({ status: 502, card: { code: 'upstream_unreachable' } });
    // Three reads, then three that are repeated once because their connections fail. The first failure is returned.
    await expect.poll(() => world.graph.count() - before).toBe(9);
  });

  it('returns 502 and writes an audit record if Graph returns the token of the call', {
    tags: ['PX-16'],
  }, async () => {
    allow();
    const browser = await signedIn('ben');
    world.graph.respondWith(({ headers }, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ displayName: headers }));
    });
    const before = world.graph.count();
    const answer = await card(browser);
    await vi.waitFor(() => expect(world.graph.count() - before).toBe(3));
    expect([answer.status, answer.card['code']]).toEqual([502, 'upstream_answer_refused']);
    expect(JSON.stringify(answer.card)).not.toContain('eyJ');
    expect(worker.logLines.join('\n')).toContain('"event":"token-returned"');
  });

  describe('refuses', () => {
    it('a request without a session, from another site or with another method, without a call to Graph', async () => {
      const before = world.graph.count();
      expect((await worker.browser().script('GET', '/api/team-card')).status).toBe(401);
      const browser = await signedIn('ben');
      expect((await browser.request('/api/team-card')).status).toBe(403);
      expect((await browser.script('POST', '/api/team-card')).status).toBe(405);
      expect(world.graph.count()).toBe(before);
    });
  });
});
