import { demoDirectory, demoUsers } from '@entra-bff/directory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntraEmulator } from '../src/emulator.ts';
import { createOAuthClient, type OAuthClient } from '../testing/oauth-client.ts';
import { consentTo, signInAs } from '../testing/sign-in.ts';
import { startTestEmulator } from '../testing/start-emulator.ts';

const { alice, ben } = demoUsers;

let emulator: EntraEmulator;
let app: OAuthClient;

beforeEach(async () => {
  emulator = await startTestEmulator({ directory: demoDirectory });
  app = createOAuthClient(emulator);
  consentTo(emulator);
});
afterEach(() => emulator.close());

function post(fields: Record<string, string>) {
  return fetch(`${emulator.origin}/switches`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    redirect: 'manual',
  });
}

describe('ended sign-ins', () => {
  it.each([
    ['revoked', 50173, true],
    ['session-revoked', 50133, true],
    ['not-valid', 70000, false],
    ['expired', 700082, false],
    ['sign-in-too-old', 70043, true],
    ['session-too-old', 70044, true],
  ] as const)('%s: refreshes are refused with AADSTS%i', async (ending, code, asksAgain) => {
    const { browser, refreshToken } = await signInAs(emulator, app, ben.id);
    const { refreshToken: alices } = await signInAs(emulator, app, alice.id);
    await post({ action: 'end-sign-ins', user: ben.id, ending });
    expect((await app.refresh(refreshToken)).body).toMatchObject({
      error: 'invalid_grant',
      error_codes: [code],
    });
    expect((await app.refresh(alices)).status).toBe(200);
    const { heading } = await browser.open(app.authorizeUrl());
    expect(heading).toBe(asksAgain ? 'Pick an account' : '');
  });

  it('are refused for all users, and the next sign-in works', async () => {
    const { refreshToken } = await signInAs(emulator, app, ben.id);
    await post({ action: 'end-sign-ins', user: '', ending: 'revoked' });
    expect((await app.refresh(refreshToken)).body).toMatchObject({ error_codes: [50173] });
    const next = await signInAs(emulator, app, ben.id);
    expect((await app.refresh(next.refreshToken)).status).toBe(200);
  });

  it('cannot be ended for an unknown reason', async () => {
    const { refreshToken } = await signInAs(emulator, app, ben.id);
    await post({ action: 'end-sign-ins', user: ben.id, ending: 'toString' });
    expect((await app.refresh(refreshToken)).status).toBe(200);
  });
});

describe('an expired password', () => {
  it('refuses refreshes, AADSTS50055, until the user has updated it on the page', async () => {
    const { browser, refreshToken } = await signInAs(emulator, app, ben.id);
    await post({ action: 'expire-password', user: ben.id });
    expect((await app.refresh(refreshToken)).body).toMatchObject({
      error: 'invalid_grant',
      error_codes: [50055],
      suberror: 'user_password_expired',
    });
    expect((await browser.open(app.authorizeUrl())).heading).toBe('Update your password');
    expect((await browser.press('password', 'update')).redirectedTo?.searchParams.has('code')).toBe(true);
    expect((await app.refresh(refreshToken)).status).toBe(200);
  });

  it('returns a cancellation to the app if the user does not update it', async () => {
    const { browser } = await signInAs(emulator, app, ben.id);
    emulator.expiredPasswords.add(ben.id);
    await browser.open(app.authorizeUrl());
    const { redirectedTo } = await browser.press('back', 'yes');
    expect(redirectedTo?.searchParams.get('error_subcode')).toBe('cancel');
    expect(emulator.expiredPasswords.has(ben.id)).toBe(true);
  });
});
