import { get } from 'node:http';
import { demoClient, demoDirectory, demoUsers, graphResourceId } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import {
  consentTo,
  createOAuthClient,
  type OAuthClient,
  signInAs,
  startTestEmulator,
  tokenText,
} from '@entra-bff/entra-emulator/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ChallengeForm, challengeForms } from '../src/claims-challenge.ts';
import { type GraphEmulator, startGraphEmulator } from '../src/emulator.ts';
import { defaultGraphSwitches } from '../src/switches.ts';

const { alice, ben, gus } = demoUsers;
const capable = JSON.stringify({ access_token: { xms_cc: { values: ['CP1'] } } });

let entra: EntraEmulator;
let graph: GraphEmulator;
let app: OAuthClient;

beforeAll(async () => {
  entra = await startTestEmulator({ directory: demoDirectory });
  graph = await startGraphEmulator({ directory: demoDirectory, entra });
  app = createOAuthClient(entra);
  consentTo(entra);
});
afterAll(() => Promise.all([entra.close(), graph.close()]));
afterEach(() => {
  Object.assign(graph.switches, defaultGraphSwitches());
  graph.clearRevocations();
});

function me(accessToken: string) {
  return fetch(`${graph.origin}/v1.0/me`, { headers: { authorization: `Bearer ${accessToken}` } });
}

/** An access token of a new sign-in, with its refresh token. */
async function signedIn(userId: string, claims = capable) {
  const { refreshToken } = await signInAs(entra, app, userId);
  const refresh = async (asked: string) =>
    tokenText(await app.refresh(refreshToken, { claims: asked }), 'access_token');
  return { accessToken: await refresh(claims), refresh };
}

function claimsIn(header: string | null): string {
  return Buffer.from(/claims="([^"]*)"/.exec(header ?? '')?.[1] ?? '', 'base64').toString();
}

function withCapability(claims: string): string {
  return claims.replace('{"access_token":{', '{"access_token":{"xms_cc":{"values":["CP1"]},');
}

describe('continuous access evaluation', () => {
  it('replies to a revoked token with claims that a token issued at once satisfies', async () => {
    const { accessToken, refresh } = await signedIn(ben.id);
    expect((await me(accessToken)).status).toBe(200);
    graph.revokeTokens();
    const refused = await me(accessToken);
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ error: { code: 'InvalidAuthenticationToken' } });
    const header = refused.headers.get('www-authenticate');
    expect(header).toMatch(
      new RegExp(
        `^Bearer realm="", authorization_uri="[^"]+", client_id="${graphResourceId}", error_description="[^"]+", error="insufficient_claims", claims="[A-Za-z0-9+/]+=*"$`,
      ),
    );
    const claims = claimsIn(header);
    expect(claims).toMatch(/^{"access_token":{"nbf":{"essential":true, "value":"\d{10}"}}}$/);
    expect((await me(await refresh(withCapability(claims)))).status).toBe(200);
    expect((await me(accessToken)).status).toBe(401);
  });

  it('replies with a plain 401 to an app that cannot handle a challenge', async () => {
    const { accessToken } = await signedIn(ben.id, '{}');
    graph.revokeTokens();
    const refused = await me(accessToken);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).not.toContain('claims');
  });

  it('can affect one user, also a guest by the home account', async () => {
    const bens = await signedIn(ben.id);
    const guests = await signedIn(gus.id);
    graph.revokeTokens(gus.id);
    expect((await me(guests.accessToken)).status).toBe(401);
    expect((await me(bens.accessToken)).status).toBe(200);
  });

  it('can reject every token', async () => {
    const { accessToken, refresh } = await signedIn(alice.id);
    graph.switches.alwaysChallenges = true;
    const claims = claimsIn((await me(accessToken)).headers.get('www-authenticate'));
    expect((await me(await refresh(withCapability(claims)))).status).toBe(401);
  });

  it('can require an authentication context, which a second factor provides', async () => {
    const { accessToken } = await signedIn(ben.id);
    graph.switches.authenticationContextDemanded = true;
    const claims = claimsIn((await me(accessToken)).headers.get('www-authenticate'));
    expect(claims).toBe('{"access_token":{"acrs":{"essential":true, "value":"c1"}}}');
    const { browser } = await signInAs(entra, app, ben.id);
    await browser.open(app.authorizeUrl({ claims: withCapability(claims) }));
    const { redirectedTo } = await browser.press('factor', 'approve');
    const tokens = await app.redeem(redirectedTo?.searchParams.get('code') ?? '', { claims: capable });
    expect((await me(tokenText(tokens, 'access_token'))).status).toBe(200);
  });

  it('can be changed on the switches page', async () => {
    const { accessToken } = await signedIn(ben.id);
    const post = (fields: Record<string, string>) =>
      fetch(`${graph.origin}/switches`, { method: 'POST', body: new URLSearchParams(fields) });
    expect(await (await post({ action: 'revoke', user: ben.id })).text()).toContain('are revoked');
    expect((await me(accessToken)).status).toBe(401);
    await post({ action: 'forget' });
    expect((await me(accessToken)).status).toBe(200);
    await post({ action: 'save', alwaysChallenges: 'yes', challengeForm: 'unpadded' });
    expect(graph.switches).toMatchObject({ alwaysChallenges: true, challengeForm: 'unpadded' });
    await post({ action: 'save', challengeForm: 'toString' });
    expect(graph.switches).toMatchObject({ alwaysChallenges: false, challengeForm: 'unpadded' });
    await post({ action: 'reset' });
    expect(graph.switches).toEqual(defaultGraphSwitches());
  });
});

describe('the header of a challenge', () => {
  const headerIn = async (form: ChallengeForm): Promise<string> => {
    const { accessToken } = await signedIn(ben.id);
    Object.assign(graph.switches, { alwaysChallenges: true, challengeForm: form });
    return (await me(accessToken)).headers.get('www-authenticate') ?? '';
  };
  const lastClaims = (header: string) => /.*claims="([^"]*)"/is.exec(header)?.[1] ?? '';
  const isNbf = (text: string) => /"access_token":{"nbf":{"essential":true, "value":"\d+"}}/.test(text);

  it.each([
    'plain',
    'several-challenges',
    'several-lines',
    'quoted-commas',
    'unpadded',
    'base64url',
    'other-case',
    'huge',
  ] as const)('contains the claims in the form %s', async (form) => {
    const claims = lastClaims(await headerIn(form));
    expect(isNbf(Buffer.from(claims, 'base64').toString())).toBe(true);
  });

  it.each(['empty', 'not-base64', 'not-json', 'not-an-object', 'unterminated'] as const)(
    'has no claims in this form: %s',
    async (form) => {
      const header = await headerIn(form);
      expect(header).toContain('insufficient_claims');
      expect(isNbf(Buffer.from(lastClaims(header), 'base64').toString())).toBe(false);
    },
  );

  it('differs between the forms', async () => {
    expect(await headerIn('several-challenges')).toMatch(/^Negotiate .*, PoP nonce=.*, Bearer /);
    expect(await headerIn('several-lines')).toMatch(/^Negotiate, Bearer /);
    expect(await headerIn('quoted-commas')).toContain(String.raw`claims=\"`);
    expect((await headerIn('unpadded')).match(/claims="([^"]*)"/)?.[1]?.length ?? 0).not.toBe(0);
    expect(lastClaims(await headerIn('unpadded')).length % 4).not.toBe(0);
    expect(lastClaims(await headerIn('base64url'))).toMatch(/[-_]/);
    expect(lastClaims(await headerIn('huge')).length).toBeGreaterThan(12 * 1024);
  });

  it('can be larger than Node.js accepts', async () => {
    const { accessToken } = await signedIn(ben.id);
    Object.assign(graph.switches, { alwaysChallenges: true, challengeForm: 'overflowing' });
    const failure = await new Promise<unknown>((resolve) => {
      const headers = { authorization: `Bearer ${accessToken}` };
      get(`${graph.origin}/v1.0/me`, { headers }, resolve).on('error', resolve);
    });
    expect(failure).toMatchObject({ code: 'HPE_HEADER_OVERFLOW' });
  });

  it('has an option on the switches page for every form', async () => {
    const page = await (await fetch(`${graph.origin}/switches`)).text();
    for (const form of Object.keys(challengeForms)) expect(page).toContain(`<option value="${form}"`);
  });
});

describe('groups', () => {
  it('are listed for an app that has an administrator’s consent', async () => {
    const token = (scopes: string) =>
      entra.signIdToken({
        aud: graphResourceId,
        iss: `${entra.origin}/${demoClient.tenantId}/v2.0`,
        tid: demoClient.tenantId,
        oid: ben.id,
        scp: scopes,
        exp: Math.floor(Date.now() / 1000) + 600,
      });
    const read = async (scopes: string) =>
      fetch(`${graph.origin}/v1.0/groups?$select=displayName`, {
        headers: { authorization: `Bearer ${await token(scopes)}` },
      });
    expect((await read('User.Read')).status).toBe(403);
    const names = await (await read('GroupMember.Read.All')).json();
    expect(names).toMatchObject({ value: expect.arrayContaining([{ displayName: 'Engineering' }]) });
  });
});
