import {
  ConfidentialClientApplication,
  CryptoProvider,
  InteractionRequiredAuthError,
  ServerError,
} from '@azure/msal-node';
import { demoClient, demoDirectory, demoUsers } from '@entra-bff/directory';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntraEmulator } from '../src/emulator.ts';
import { createFormBrowser, type FormBrowser } from '../testing/form-browser.ts';
import { callback } from '../testing/oauth-client.ts';
import { startTestEmulator } from '../testing/start-emulator.ts';

let emulator: EntraEmulator;
let browser: FormBrowser;
let msal: ConfidentialClientApplication;

beforeEach(async () => {
  emulator = await startTestEmulator({ directory: demoDirectory });
  browser = createFormBrowser(emulator.origin);
  msal = createMsal(emulator.origin);
});
afterEach(() => emulator.close());

/** MSAL refuses an http authority but takes http endpoints from metadata that it is handed. */
function createMsal(origin: string) {
  const base = `${origin}/${demoClient.tenantId}`;
  return new ConfidentialClientApplication({
    auth: {
      clientId: demoClient.clientId,
      clientSecret: demoClient.clientSecret,
      authority: `https://emulator.example/${demoClient.tenantId}`,
      knownAuthorities: ['emulator.example'],
      clientCapabilities: ['CP1'],
      authorityMetadata: JSON.stringify({
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        token_endpoint: `${base}/oauth2/v2.0/token`,
        end_session_endpoint: `${base}/oauth2/v2.0/logout`,
        jwks_uri: `${base}/discovery/v2.0/keys`,
        issuer: `${base}/v2.0`,
      }),
    },
  });
}

async function signIn(
  scopes: string[],
  pages: (browser: FormBrowser) => Promise<{ redirectedTo: URL | undefined }>,
  claims?: string,
) {
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const request = {
    scopes,
    redirectUri: callback,
    nonce: 'nonce-1',
    state: 'state-1',
    ...(claims ? { claims } : {}),
  };
  const url = await msal.getAuthCodeUrl({
    ...request,
    codeChallenge: challenge,
    codeChallengeMethod: 'S256',
  });
  const first = await browser.open(url);
  const { redirectedTo } = first.redirectedTo === undefined ? await pages(browser) : first;
  return msal.acquireTokenByCode({
    ...request,
    codeVerifier: verifier,
    code: redirectedTo?.searchParams.get('code') ?? '',
  });
}

async function asAlice(browser: FormBrowser) {
  const seen = await browser.press('account', demoUsers.alice.id);
  return seen.redirectedTo === undefined ? browser.press('decision', 'accept') : seen;
}

const scopesInToken = (accessToken: string) => String(decodeJwt(accessToken)['scp']).split(' ');

describe('the Entra emulator with MSAL', () => {
  it('completes a sign-in with code, PKCE and nonce', async () => {
    const result = await signIn(['User.Read'], asAlice);
    expect(result.account).toMatchObject({
      homeAccountId: `${demoUsers.alice.id}.${demoClient.tenantId}`,
      tenantId: demoClient.tenantId,
      username: demoUsers.alice.username,
    });
    expect(result.idTokenClaims).toMatchObject({
      oid: demoUsers.alice.id,
      roles: ['Admin'],
      nonce: 'nonce-1',
      ver: '2.0',
    });
    expect(scopesInToken(result.accessToken)).toContain('User.Read');
  });

  it('lets MSAL serve the next silent call from its cache, because scopes are returned as written', async () => {
    const { account } = await signIn(['User.Read'], asAlice);
    const silent = await msal.acquireTokenSilent({ account: account ?? fail(), scopes: ['User.Read'] });
    expect(silent.fromCache).toBe(true);
    expect(emulator.count('token')).toBe(1);
  });

  it('returns new claims on a forced refresh', async () => {
    const { account, accessToken } = await signIn(['User.Read'], asAlice);
    const silent = await msal.acquireTokenSilent({
      account: account ?? fail(),
      scopes: ['User.Read'],
      forceRefresh: true,
    });
    expect(silent.accessToken).not.toBe(accessToken);
    expect(emulator.count('token', 'refresh_token')).toBe(1);
  });

  it('asks for consent to a further permission once, and then refreshes for it', async () => {
    const { account } = await signIn(['User.Read'], asAlice);
    const wanted = { account: account ?? fail(), scopes: ['Mail.Read'] };
    const refusal = await msal.acquireTokenSilent(wanted).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(InteractionRequiredAuthError);
    expect(refusal).toMatchObject({
      errorCode: 'invalid_grant',
      subError: 'consent_required',
      errorNo: 65001,
    });

    await signIn(['Mail.Read'], (browser) => browser.press('decision', 'accept'));
    const silent = await msal.acquireTokenSilent(wanted);
    expect(scopesInToken(silent.accessToken)).toEqual(expect.arrayContaining(['User.Read', 'Mail.Read']));
  });

  it('refreshes for another API', async () => {
    const { account } = await signIn(['User.Read'], asAlice);
    emulator.consents.grant({
      ...demoClient,
      userId: demoUsers.alice.id,
      scopes: ['api://contoso-orders/Orders.Read'],
    });
    const silent = await msal.acquireTokenSilent({
      account: account ?? fail(),
      scopes: ['api://contoso-orders/Orders.Read'],
    });
    expect(decodeJwt(silent.accessToken)['aud']).toBe(demoDirectory.resources[1]?.id);
  });

  it('requires interaction with a claims challenge that a new sign-in satisfies', async () => {
    const { account } = await signIn(['User.Read'], asAlice);
    const wanted = { account: account ?? fail(), scopes: ['User.Read'], forceRefresh: true };
    emulator.switches.secondFactorDemanded = true;
    const refusal: unknown = await msal.acquireTokenSilent(wanted).catch((error: unknown) => error);
    if (!(refusal instanceof InteractionRequiredAuthError)) throw refusal;
    expect(refusal.errorNo).toBe(50076);

    await signIn(['User.Read'], (browser) => browser.press('factor', 'approve'), refusal.claims);
    await expect(msal.acquireTokenSilent(wanted)).resolves.toMatchObject({ fromCache: false });
  });

  it.each([
    ['refreshTokensExpired', 700082],
    ['refreshTokensRevoked', 50173],
  ] as const)(
    'answers %s with an error without suberror, which MSAL takes for a plain server error',
    async (name, errorNo) => {
      const { account } = await signIn(['User.Read'], asAlice);
      emulator.switches[name] = true;
      const refusal = await msal
        .acquireTokenSilent({ account: account ?? fail(), scopes: ['User.Read'], forceRefresh: true })
        .catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(ServerError);
      expect(refusal).not.toBeInstanceOf(InteractionRequiredAuthError);
      expect(refusal).toMatchObject({ errorCode: 'invalid_grant', errorNo });
    },
  );

  it('returns for a guest the account of the home tenant, which differs from the object id in the token', async () => {
    const { account } = await signIn(['User.Read'], async (browser) => {
      await browser.press('account', demoUsers.gus.id);
      return browser.press('decision', 'accept');
    });
    const [inContoso] = demoUsers.gus.guestIn;
    expect(account?.homeAccountId).toBe(`${demoUsers.gus.id}.${demoUsers.gus.homeTenantId}`);
    expect(account?.localAccountId).toBe(inContoso?.objectId);
  });
});

function fail(): never {
  throw new Error('There is no account.');
}
