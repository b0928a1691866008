import { defaultEntraSwitches } from '@entra-bff/entra-emulator';
import { defaultGraphSwitches } from '@entra-bff/graph-emulator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, userId, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let otherWorker: Worker;
let browser: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  otherWorker = await world.startWorker();
  grantSignIn(world);
});

afterAll(() => world.close());

beforeEach(async () => {
  browser = worker.browser();
  await signIn(browser, { user: 'ben' });
});

afterEach(() => {
  Object.assign(world.entra.switches, defaultEntraSwitches());
  Object.assign(world.graph.switches, defaultGraphSwitches());
  world.graph.clearRevocations();
});

const me = '/api/graph/v1.0/me';
const redemptions = () => world.entra.count('token', 'refresh_token');

/** Counts the calls to Graph and the redeemed refresh tokens while `action` runs. */
async function counted<Result>(action: () => Promise<Result>) {
  const [calls, redeemed] = [world.graph.count(), redemptions()];
  const result = await action();
  return { result, calls: world.graph.count() - calls, redeemed: redemptions() - redeemed };
}

describe('an access token that Graph refuses before it expires', () => {
  it('is replaced silently once, and the call succeeds', { tags: ['PX-15', 'G7'] }, async () => {
    await browser.script('GET', me);
    world.graph.revokeTokens(userId('ben'));
    const first = await counted(() => browser.script('GET', me));
    expect([first.result.status, first.calls, first.redeemed]).toEqual([200, 2, 1]);
    const next = await counted(() => browser.script('GET', me));
    expect([next.result.status, next.calls, next.redeemed]).toEqual([200, 1, 0]);
  });

  it('is replaced once for many concurrent calls on two workers', { tags: ['PX-15', 'TC-6'] }, async () => {
    const elsewhere = browser.clone(otherWorker.origin);
    await Promise.all([browser.script('GET', me), elsewhere.script('GET', me)]);
    world.graph.revokeTokens(userId('ben'));
    const { result, redeemed } = await counted(() =>
      Promise.all(
        Array.from({ length: 20 }, (_, at) => (at % 2 ? browser : elsewhere).clone().script('GET', me)),
      ),
    );
    expect(result.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(redeemed).toBe(1);
  });

  it('requires an interaction if the new token is refused as well, without showing the claims', {
    tags: ['PX-15'],
  }, async () => {
    world.graph.switches.alwaysChallenges = true;
    const { result, calls, redeemed } = await counted(() => browser.script('GET', me));
    expect([calls, redeemed]).toEqual([2, 1]);
    expect(result.status).toBe(401);
    const problem: Record<string, unknown> = JSON.parse(result.body);
    expect(problem).toMatchObject({
      code: 'interaction_required',
      reason: 'continuous_access_evaluation',
      feature: 'profile',
    });
    expect(problem['login_url']).toMatch(/^\/api\/auth\/login\?ticket=[\w-]+$/);
    expect(result.headers['www-authenticate']).toBeUndefined();
    expect(result.body).not.toMatch(/nbf|access_token|eyJ/);

    // Only the ticket carries the claims to Entra ID. The page and its scripts cannot read them.
    const asked = await browser.clone().request(String(problem['login_url']));
    const claims = JSON.parse(new URL(asked.headers.location ?? '').searchParams.get('claims') ?? '');
    expect(claims).toMatchObject({ access_token: { nbf: { essential: true } } });

    world.graph.switches.alwaysChallenges = false;
    await signIn(browser, { user: 'ben', from: String(problem['login_url']) });
    expect((await browser.script('GET', me)).status).toBe(200);
  });

  it('keeps the session and returns the reason if Entra ID requires an interaction', {
    tags: ['PX-15', 'E3'],
  }, async () => {
    world.graph.revokeTokens(userId('ben'));
    world.entra.switches.secondFactorDemanded = true;
    const { result, calls, redeemed } = await counted(() => browser.script('GET', me));
    expect([calls, redeemed]).toEqual([1, 1]);
    const problem: Record<string, unknown> = JSON.parse(result.body);
    expect(problem).toMatchObject({ code: 'interaction_required', reason: 'two_factor_required' });
    expect(problem['correlation_id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: true });
    await signIn(browser, { user: 'ben', from: String(problem['login_url']) });
    expect((await browser.script('GET', me)).status).toBe(200);
  });

  it('is not used again while Entra ID is down: the call gets 503', { tags: ['E1'] }, async () => {
    await browser.script('GET', me);
    world.graph.revokeTokens(userId('ben'));
    world.entra.switches.outage = 'json-503';
    const { result, calls } = await counted(() => browser.script('GET', me));
    expect([result.status, calls]).toEqual([503, 1]);
    world.entra.switches.outage = 'none';
    expect((await browser.script('GET', me)).status).toBe(200);
  });
});

describe('an API that refuses every token', () => {
  const challenged = async (as: UserAgent) => {
    const answer = await as.script('GET', me);
    expect([answer.status, JSON.parse(answer.body).reason]).toEqual([401, 'continuous_access_evaluation']);
    return answer;
  };

  it('causes one redemption instead of one per call, and a new sign-in still works', async () => {
    world.graph.switches.alwaysChallenges = true;
    const startedMs = performance.now();
    const { result, redeemed } = await counted(async () => {
      for (let time = 1; time < 30; time++) await challenged(browser);
      return challenged(browser);
    });
    // On a slow machine, one more after each pause of five seconds.
    expect(redeemed).toBeLessThanOrEqual(1 + Math.floor((performance.now() - startedMs) / 5_000));
    world.graph.switches.alwaysChallenges = false;
    await signIn(browser, { user: 'ben', from: String(JSON.parse(result.body).login_url) });
    expect((await browser.script('GET', me)).status).toBe(200);
  });

  it('gets a new token after a growing pause, and at once if the session has new tokens', async () => {
    const redeemedBy = async (action: () => Promise<unknown>) => (await counted(action)).redeemed;
    world.graph.switches.alwaysChallenges = true;
    expect(await redeemedBy(() => challenged(browser))).toBe(1);
    world.pass(6);
    expect(await redeemedBy(() => challenged(browser))).toBe(1);
    expect(await redeemedBy(() => challenged(browser))).toBe(0);

    grantSignIn(world, 'Ben', ['Mail.Read']);
    world.graph.switches.alwaysChallenges = false;
    const mail = () => browser.script('GET', '/api/graph/v1.0/me/messages');
    expect(await redeemedBy(async () => expect((await mail()).status).toBe(200))).toBe(1);
    world.graph.switches.alwaysChallenges = true;
    expect(await redeemedBy(() => challenged(browser))).toBe(1);
    world.entra.consents.revoke(userId('ben'));
  });

  it('does not delay a new token of another user', async () => {
    const other = worker.browser();
    await signIn(other, { user: 'mia' });
    world.graph.switches.alwaysChallenges = true;
    await challenged(browser);
    world.graph.switches.alwaysChallenges = false;
    world.graph.revokeTokens(userId('mia'));
    const { result, redeemed } = await counted(() => other.script('GET', me));
    expect([result.status, redeemed]).toEqual([200, 1]);
  });
});

describe('a claims challenge', () => {
  it.each([
    'several-challenges',
    'several-lines',
    'quoted-commas',
    'unpadded',
    'base64url',
    'other-case',
  ] as const)('is read in the form %s', { tags: ['PX-15'] }, async (form) => {
    await browser.script('GET', me);
    world.graph.switches.challengeForm = form;
    world.graph.revokeTokens(userId('ben'));
    const { result, calls, redeemed } = await counted(() => browser.script('GET', me));
    expect([result.status, calls, redeemed]).toEqual([200, 2, 1]);
  });

  it.each(['empty', 'not-base64', 'not-json', 'not-an-object', 'unterminated', 'huge'] as const)(
    'leads to a sign-in without claims and to no new call if it is unreadable: %s',
    { tags: ['PX-15'] },
    async (form) => {
      world.graph.switches.alwaysChallenges = true;
      world.graph.switches.challengeForm = form;
      const { result, calls, redeemed } = await counted(() => browser.script('GET', me));
      expect([result.status, calls, redeemed]).toEqual([401, 1, 0]);
      expect(result.headers['www-authenticate']).toBeUndefined();
      const problem: Record<string, unknown> = JSON.parse(result.body);
      expect(problem).toMatchObject({
        code: 'interaction_required',
        reason: 'continuous_access_evaluation',
        scopes: ['User.Read'],
      });
      const started = await browser.request(String(problem['login_url']));
      expect(new URL(started.headers.location ?? '').searchParams.get('claims')).not.toContain('nbf');
    },
  );
});

describe('refuses', () => {
  it('claims, scopes and prompts that a link adds', { tags: ['LR-4', 'LR-5'] }, async () => {
    const claims = JSON.stringify({ access_token: { acrs: { essential: true, value: 'c1' } } });
    const smuggled = new URLSearchParams({
      claims,
      scope: 'Mail.ReadWrite',
      resource: 'https://evil.example',
      redirect_uri: 'https://evil.example',
      response_mode: 'fragment',
      return_to: `/mail?claims=${encodeURIComponent(claims)}&scope=Mail.ReadWrite`,
    });
    const asked = await browser.clone().request(`/api/auth/login?${smuggled}`);
    const { searchParams } = new URL(asked.headers.location ?? '');
    expect(searchParams.get('claims')).not.toContain('acrs');
    expect(searchParams.get('scope')).not.toContain('Mail');
    expect(searchParams.get('redirect_uri')).toContain('/api/auth/callback');
    for (const name of new Set(searchParams.keys())) expect(searchParams.getAll(name)).toHaveLength(1);
  });
});
