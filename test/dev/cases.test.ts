import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { demoDirectory, demoUsers } from '@entra-bff/directory';
import { type EntraEmulator, startEntraEmulator } from '@entra-bff/entra-emulator';
import {
  consentTo,
  createOAuthClient,
  type OAuthClient,
  signInAs,
  tokenText,
} from '@entra-bff/entra-emulator/testing';
import { type GraphEmulator, startGraphEmulator } from '@entra-bff/graph-emulator';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cases } from '../../dev/cases.ts';
import { createFrontend } from '../../dev/frontend.ts';

const { ben } = demoUsers;

let entra: EntraEmulator;
let graph: GraphEmulator;
let origin: string;
let app: OAuthClient;
const server = createServer();

beforeAll(async () => {
  entra = await startEntraEmulator({ directory: demoDirectory });
  graph = await startGraphEmulator({ directory: demoDirectory, entra });
  app = createOAuthClient(entra);
  const frontend = createFrontend({ entra, graph });
  server.on('request', (request, response) => {
    if (!frontend(request, response)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  server.close();
  await Promise.all([entra.close(), graph.close()]);
});
beforeEach(async () => {
  await setUp('');
  consentTo(entra, 'Mail.Read');
});

const ask = (init: RequestInit = {}, headers: Record<string, string> = { 'x-csrf': '1' }) =>
  fetch(`${origin}/dev/cases`, { ...init, headers });
const setUp = (id: string) => ask({ method: 'POST', body: new URLSearchParams({ case: id }) });

/** Calls Graph as an app does, and renews its tokens if Graph refuses the call. */
const callAndRenew = async (
  path: string,
  tokens: { accessToken: string; refreshToken: string; scope: string },
) => {
  const authorization = `Bearer ${tokens.accessToken}`;
  const answer = await fetch(`${graph.origin}/v1.0${path}`, { headers: { authorization } });
  const challenge = answer.headers.get('www-authenticate')?.includes('insufficient_claims') === true;
  if (!challenge) return String(answer.status);
  const refreshed = await app.refresh(tokens.refreshToken, { scope: tokens.scope });
  if (refreshed.status === 200)
    return `challenge, refreshed: ${tokenText(refreshed, 'scope').includes('Mail.Read')}`;
  return `challenge, ${refreshed.body['error']} ${refreshed.body['error_codes']}`;
};

describe('the cases of the demo page', () => {
  it.each([
    ['consent-missing', 'challenge, invalid_grant 65001'],
    ['administrator-needed', 'challenge, invalid_grant 65001'],
    ['approval-workflow', 'challenge, invalid_grant 65001'],
    ['fewer-permissions', 'challenge, invalid_grant 65001'],
    ['second-factor', 'challenge, interaction_required 50076'],
    ['authentication-context', 'challenge, refreshed: true'],
    ['external-page', 'challenge, interaction_required 50158'],
    ['blocked-by-policy', 'challenge, invalid_grant 53000'],
    ['access-evaluated-silently', 'challenge, refreshed: true'],
    ['access-never-enough', 'challenge, refreshed: true'],
    ['refresh-token-expired', 'challenge, invalid_grant 700082'],
    ['refresh-token-revoked', 'challenge, invalid_grant 50173'],
    ['too-long-ago', 'challenge, invalid_grant 70043'],
    ['password-expired', 'challenge, invalid_grant 50055'],
    ['account-disabled', 'challenge, invalid_grant 50057'],
    ['not-assigned', 'challenge, invalid_grant 50105'],
    ['another-issuer', 'challenge, invalid_grant 65001'],
    ['entra-unavailable', 'challenge, temporarily_unavailable 90033'],
    ['api-unknown', 'challenge, invalid_resource 500011'],
    ['secret-expired', 'challenge, invalid_client 7000222'],
    ['graph-throttles', '429'],
  ])('%s leads to: %s', async (id, expected) => {
    const chosen = cases.find((one) => one.id === id);
    const scope = 'openid offline_access User.Read Mail.Read';
    const signedIn = await signInAs(entra, app, ben.id, { scope });
    const claims = JSON.stringify({ access_token: { xms_cc: { values: ['CP1'] } } });
    const tokens = await app.refresh(signedIn.refreshToken, { scope, claims });
    expect((await setUp(id)).status).toBe(200);
    const accessToken = tokenText(tokens, 'access_token');
    const { refreshToken } = signedIn;
    expect(await callAndRenew(chosen?.path ?? '', { accessToken, refreshToken, scope })).toBe(expected);
  });

  it('are all in the table above, and each has a title and a description', async () => {
    const list: unknown = await (await ask()).json();
    expect(list).toMatchObject({ current: null, cases: { length: 21 } });
    for (const { title, description } of cases) expect(title.length * description.length).toBeGreaterThan(0);
  });

  it('are on one at a time, and every switch is reset without one', async () => {
    await setUp('second-factor');
    const next: unknown = await (await setUp('blocked-by-policy')).json();
    expect(next).toMatchObject({ current: 'blocked-by-policy' });
    expect(entra.switches).toMatchObject({
      secondFactorDemanded: false,
      conditionalAccess: 'device-not-compliant',
    });
    expect(await (await setUp('')).json()).toMatchObject({ current: null });
    expect(entra.switches.conditionalAccess).toBe('none');
  });
});

describe('refuses', () => {
  it('an unknown case', async () => {
    expect((await setUp('toString')).status).toBe(400);
  });

  it('a page of another site, which cannot send the header without a preflight', async () => {
    const body = new URLSearchParams({ case: 'second-factor' });
    expect((await ask({ method: 'POST', body }, {})).status).toBe(403);
    const preflight = await ask({ method: 'OPTIONS' }, {});
    expect(preflight.status).toBe(403);
    expect(preflight.headers.has('access-control-allow-origin')).toBe(false);
    expect(entra.switches.secondFactorDemanded).toBe(false);
  });

  it('a long body', async () => {
    expect((await setUp('x'.repeat(2000))).status).toBe(400);
  });
});
