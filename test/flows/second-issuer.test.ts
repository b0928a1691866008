import { demoDirectory } from '@entra-bff/directory';
import { type GraphEmulator, startGraphEmulator } from '@entra-bff/graph-emulator';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type SecondIssuer, startSecondIssuer } from '../support/oidc-provider/second-issuer.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { startWorld, type Worker, type World } from '../support/world.ts';

let issuer: SecondIssuer;
let graph: GraphEmulator;
let world: World;
let worker: Worker;
let otherWorker: Worker;

beforeAll(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => undefined); // It warns that its defaults are not for production.
  issuer = await startSecondIssuer(demoDirectory);
  graph = await startGraphEmulator({ directory: demoDirectory, entra: issuer });
  world = await startWorld();
  const environment = { DEV_ENTRA_ORIGIN: issuer.origin, DEV_GRAPH_ORIGIN: graph.origin };
  worker = await world.startWorker({ environment });
  otherWorker = await world.startWorker({ environment });
});

afterAll(async () => {
  await Promise.all([world.close(), graph.close(), issuer.close()]);
  vi.restoreAllMocks();
});

/** Types an address and a password, then consents. */
async function signIn(browser: UserAgent, from = '/api/auth/login'): Promise<WireAnswer> {
  let page = await browser.navigate(from);
  if (page.body.includes('name="login"')) {
    page = await browser.submit(page, { login: 'alice@contoso.example', password: 'any' });
  }
  if (page.url.origin === issuer.origin) page = await browser.submit(page, { prompt: 'consent' });
  return page;
}

describe('another OpenID provider than the emulator', () => {
  it('signs a user in with a fully verified ID token', async () => {
    const browser = worker.browser();
    const page = await signIn(browser, '/api/auth/login?return_to=/api/admin');
    expect(page.status).toBe(200);
    expect(page.url.pathname).toBe('/api/admin');
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({
      name: 'Alice Adams',
      username: 'alice@contoso.example',
      can: { admin: true },
      features: { profile: 'granted', mail: 'not_asked' },
    });
  });

  it('rotates the refresh token at every renewal, and all workers use the new one', async () => {
    const browser = worker.browser();
    await signIn(browser);
    const before = issuer.tokenAnswers.length;
    for (const { origin } of [worker, otherWorker, worker]) {
      const answer = await browser.request(`${origin}/api/graph/v1.0/me`, { headers: { 'x-csrf': '1' } });
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body)).toMatchObject({ displayName: 'Alice Adams' });
    }
    const refreshTokens = issuer.tokenAnswers.slice(before).map((answer) => answer['refresh_token']);
    expect(refreshTokens).not.toContain(undefined);
    expect(new Set(refreshTokens).size).toBe(3);
  });

  it('requires one new sign-in if a rotated refresh token could not be stored', async () => {
    const browser = worker.browser();
    await signIn(browser);
    worker.table.failing.add('replace');
    expect((await browser.script('GET', '/api/graph/v1.0/me')).status).toBe(200);
    worker.table.recover();
    const answer = await browser.script('GET', '/api/graph/v1.0/me');
    expect(answer.status).toBe(401);
    const problem: { code: string; login_url: string } = JSON.parse(answer.body);
    expect(problem.code).toBe('interaction_required');
    await signIn(browser, problem.login_url);
    expect((await browser.script('GET', '/api/graph/v1.0/me')).status).toBe(200);
  });

  it('asks for consent to mail at first use, and remembers it', async () => {
    const browser = worker.browser();
    await signIn(browser);
    const asked = await browser.script('GET', '/api/graph/v1.0/me/messages');
    expect(asked.status).toBe(401);
    const problem: { code: string; reason: string; login_url: string } = JSON.parse(asked.body);
    expect(problem).toMatchObject({ code: 'interaction_required', reason: 'consent_required' });
    await signIn(browser, problem.login_url);
    const answer = await browser.script('GET', '/api/graph/v1.0/me/messages');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toHaveProperty('value.0.subject');
  });

  it('ends its own session when the user signs out', async () => {
    const browser = worker.browser();
    await signIn(browser);
    const { logout_url: logoutUrl }: { logout_url: string } = JSON.parse(
      (await browser.script('POST', '/api/auth/logout')).body,
    );
    const confirmation = await browser.navigate(logoutUrl, { from: worker.origin });
    const returned = await browser.submit(confirmation, { logout: 'yes' });
    expect(returned.url.href).toBe(`${worker.origin}/api/auth/logout`);
    expect(returned.body).toContain('<h1>You are signed out</h1>');
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: false });
    expect((await browser.navigate('/api/auth/login')).body).toContain('name="login"');
  });
});

describe('refuses', () => {
  it('a user who declines consent', async () => {
    const browser = worker.browser();
    const login = await browser.navigate('/api/auth/login?return_to=/api/admin');
    const consent = await browser.submit(login, { login: 'ben@contoso.example', password: 'any' });
    const cancel = /href="([^"]*\/abort)"/.exec(consent.body)?.[1] ?? '';
    const page = await browser.navigate(cancel, { from: issuer.origin });
    expect(page.url.origin).toBe(worker.origin);
    expect(page.status).toBe(403);
    expect(page.body).toContain('consent_declined');
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ signed_in: false });
  });
});
