import { demoDirectory, demoUsers } from '@entra-bff/directory';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntraEmulator } from '../src/emulator.ts';
import { createFormBrowser } from '../testing/form-browser.ts';
import { createOAuthClient, type OAuthClient, tokenText } from '../testing/oauth-client.ts';
import { consentTo, signInAs } from '../testing/sign-in.ts';
import { startTestEmulator } from '../testing/start-emulator.ts';

const { ben } = demoUsers;
const startedAt = new Date('2026-03-04T05:06:07Z');

let emulator: EntraEmulator;
let app: OAuthClient;
let now: Date;

beforeEach(async () => {
  now = startedAt;
  emulator = await startTestEmulator({ directory: demoDirectory, now: () => now });
  app = createOAuthClient(emulator);
  consentTo(emulator);
});
afterEach(() => emulator.close());

function passSeconds(seconds: number) {
  now = new Date(now.getTime() + seconds * 1000);
}

describe('a policy of Conditional Access', () => {
  it.each([
    ['device-not-compliant', 'invalid_grant', 53000, 'message_only'],
    ['device-not-joined', 'invalid_grant', 53001, 'message_only'],
    ['blocked', 'invalid_grant', 53003, 'message_only'],
    ['external-challenge', 'interaction_required', 50158, 'additional_action'],
  ] as const)('%s refuses a refresh with a claims challenge', async (policy, error, code, suberror) => {
    const { refreshToken } = await signInAs(emulator, app, ben.id);
    emulator.switches.conditionalAccess = policy;
    const { body } = await app.refresh(refreshToken);
    expect(body).toMatchObject({
      error,
      error_codes: [code],
      suberror,
      claims: expect.stringMatching(
        /^{"access_token":{"capolids":{"essential":true,"values":\["[0-9a-f-]{36}"\]}}}$/,
      ),
    });
    emulator.switches.conditionalAccess = 'none';
    expect((await app.refresh(refreshToken)).status).toBe(200);
  });

  it.each(['device-not-compliant', 'device-not-joined', 'blocked'] as const)(
    '%s shows a page that does not return to the app, but offers another account',
    async (policy) => {
      emulator.switches.conditionalAccess = policy;
      const browser = createFormBrowser(emulator.origin);
      await browser.open(app.authorizeUrl());
      const seen = await browser.press('account', ben.id);
      expect([seen.heading, seen.redirectedTo]).toEqual(['You cannot access this right now', undefined]);
      expect((await browser.press('other', 'yes')).heading).toBe('Pick an account');
    },
  );

  it('of an external provider asks for its page once, and then refreshes work', async () => {
    const { browser, refreshToken } = await signInAs(emulator, app, ben.id);
    emulator.switches.conditionalAccess = 'external-challenge';
    const claims = tokenText(await app.refresh(refreshToken), 'claims');
    expect((await browser.open(app.authorizeUrl({ claims }))).heading).toBe('One more step');
    const { redirectedTo } = await browser.press('challenge', 'accept');
    const tokens = await app.redeem(redirectedTo?.searchParams.get('code') ?? '');
    expect((await app.refresh(tokenText(tokens, 'refresh_token'))).status).toBe(200);
    expect((await browser.open(app.authorizeUrl())).redirectedTo?.searchParams.has('code')).toBe(true);
  });

  it('of an external provider returns a cancellation to the app when the user declines', async () => {
    emulator.switches.conditionalAccess = 'external-challenge';
    const browser = createFormBrowser(emulator.origin);
    await browser.open(app.authorizeUrl());
    await browser.press('account', ben.id);
    const { redirectedTo } = await browser.press('challenge', 'cancel');
    expect(redirectedTo?.searchParams.get('error_subcode')).toBe('cancel');
  });

  it('refuses prompt=none without showing a page', async () => {
    const { browser } = await signInAs(emulator, app, ben.id);
    emulator.switches.conditionalAccess = 'blocked';
    const { redirectedTo } = await browser.open(app.authorizeUrl({ prompt: 'none' }));
    expect(redirectedTo?.searchParams.get('error_description')).toMatch(/^AADSTS53003: /);
  });
});

describe('the sign-in frequency', () => {
  beforeEach(() => {
    emulator.switches.signInFrequencySeconds = 60;
  });

  it('refuses refreshes of an older sign-in, AADSTS70043', async () => {
    const { refreshToken } = await signInAs(emulator, app, ben.id);
    passSeconds(60);
    expect((await app.refresh(refreshToken)).status).toBe(200);
    passSeconds(1);
    expect((await app.refresh(refreshToken)).body).toMatchObject({
      error: 'invalid_grant',
      error_codes: [70043],
      error_description: expect.stringContaining('maximum allowed lifetime for this request is 60'),
    });
  });

  it('asks the user to sign in again, and refuses prompt=none with login_required, AADSTS70044', async () => {
    const { browser } = await signInAs(emulator, app, ben.id);
    passSeconds(61);
    const { redirectedTo } = await browser.open(app.authorizeUrl({ prompt: 'none' }));
    expect(redirectedTo?.searchParams.get('error')).toBe('login_required');
    expect(redirectedTo?.searchParams.get('error_description')).toMatch(/^AADSTS70044: /);
    expect((await browser.open(app.authorizeUrl())).heading).toBe('Pick an account');
    const again = await browser.press('account', ben.id);
    const tokens = await app.redeem(again.redirectedTo?.searchParams.get('code') ?? '');
    expect(decodeJwt(tokenText(tokens, 'id_token'))['auth_time']).toBe(startedAt.getTime() / 1000 + 61);
  });
});

describe('a claims challenge by Graph', () => {
  const nbf = (seconds: number) =>
    JSON.stringify({ access_token: { nbf: { essential: true, value: String(seconds) } } });
  const startedSeconds = startedAt.getTime() / 1000;
  const notBefore = (answer: Parameters<typeof tokenText>[0]) =>
    decodeJwt(tokenText(answer, 'access_token')).nbf;

  it('is satisfied by a token that a refresh or sign-in issues now, even in the same second', async () => {
    const { refreshToken } = await signInAs(emulator, app, ben.id);
    const claims = nbf(startedSeconds + 1);
    expect(notBefore(await app.refresh(refreshToken))).toBe(startedSeconds);
    expect(notBefore(await app.refresh(refreshToken, { claims }))).toBe(startedSeconds + 1);
    const { tokens } = await signInAs(emulator, app, ben.id, { claims });
    expect(notBefore(tokens)).toBe(startedSeconds + 1);
  });

  it('is satisfied although tokens are dated back', async () => {
    emulator.switches.tokensBackdatedSeconds = 300;
    const { refreshToken } = await signInAs(emulator, app, ben.id);
    expect(notBefore(await app.refresh(refreshToken, { claims: nbf(startedSeconds) }))).toBe(startedSeconds);
  });

  it('is not satisfied if it asks for a time in the future', async () => {
    const { refreshToken } = await signInAs(emulator, app, ben.id);
    const claims = nbf(startedSeconds + 3600);
    expect(notBefore(await app.refresh(refreshToken, { claims }))).toBe(startedSeconds);
  });

  it('for an authentication context asks for a second factor, and the token contains the context', async () => {
    const claims = JSON.stringify({ access_token: { acrs: { essential: true, value: 'c1' } } });
    const { browser, refreshToken } = await signInAs(emulator, app, ben.id);
    expect((await app.refresh(refreshToken, { claims })).body).toMatchObject({
      error: 'interaction_required',
      error_codes: [50076],
    });
    expect((await browser.open(app.authorizeUrl({ claims }))).heading).toBe('Approve sign-in');
    const { redirectedTo } = await browser.press('factor', 'approve');
    const tokens = await app.redeem(redirectedTo?.searchParams.get('code') ?? '');
    expect(decodeJwt(tokenText(tokens, 'access_token'))['acrs']).toEqual(['c1']);
    const refreshed = await app.refresh(tokenText(tokens, 'refresh_token'), { claims });
    expect(decodeJwt(tokenText(refreshed, 'access_token'))['acrs']).toEqual(['c1']);
  });

  it('is announced by a capability of the app, which the token contains', async () => {
    const claims = JSON.stringify({ access_token: { xms_cc: { values: ['CP1'] } } });
    const { refreshToken } = await signInAs(emulator, app, ben.id);
    const able = await app.refresh(refreshToken, { claims });
    expect(decodeJwt(tokenText(able, 'access_token'))['xms_cc']).toEqual(['CP1']);
    expect(decodeJwt(tokenText(await app.refresh(refreshToken), 'access_token'))).not.toHaveProperty(
      'xms_cc',
    );
  });
});
