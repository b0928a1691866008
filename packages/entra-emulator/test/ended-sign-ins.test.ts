import { demoDirectory, demoUsers } from '@entra-bff/directory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EntraEmulator, startEntraEmulator } from '../src/emulator.ts';
import { createOAuthClient } from '../testing/oauth-client.ts';
import { consentTo, signInAs } from '../testing/sign-in.ts';

const { alice, ben } = demoUsers;

let emulator: EntraEmulator;
let app: ReturnType<typeof createOAuthClient>;

beforeEach(async () => {
  emulator = await startEntraEmulator({ directory: demoDirectory });
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

describe('sign-ins that ended', () => {
  it.each([
    ['revoked', 50173, true],
    ['session-revoked', 50133, true],
    ['not-valid', 70000, false],
    ['expired', 700082, false],
    ['sign-in-too-old', 70043, true],
    ['session-too-old', 70044, true],
  ] as const)('%s: refreshes are refused with AADSTS%i', async (ending, code, asksAgain) => {
    const { person, refreshToken } = await signInAs(emulator, app, ben.id);
    const { refreshToken: alices } = await signInAs(emulator, app, alice.id);
    await post({ action: 'end-sign-ins', user: ben.id, ending });
    expect((await app.refresh(refreshToken)).body).toMatchObject({
      error: 'invalid_grant',
      error_codes: [code],
    });
    expect((await app.refresh(alices)).status).toBe(200);
    const { heading } = await person.open(app.authorizeUrl());
    expect(heading).toBe(asksAgain ? 'Pick an account' : '');
  });

  it('end for everybody, and the next sign-in works', async () => {
    const { refreshToken } = await signInAs(emulator, app, ben.id);
    await post({ action: 'end-sign-ins', user: '', ending: 'revoked' });
    expect((await app.refresh(refreshToken)).body).toMatchObject({ error_codes: [50173] });
    const next = await signInAs(emulator, app, ben.id);
    expect((await app.refresh(next.refreshToken)).status).toBe(200);
  });

  it('do not end for a reason that nobody knows', async () => {
    const { refreshToken } = await signInAs(emulator, app, ben.id);
    await post({ action: 'end-sign-ins', user: ben.id, ending: 'toString' });
    expect((await app.refresh(refreshToken)).status).toBe(200);
  });
});

describe('an expired password', () => {
  it('refuses refreshes, AADSTS50055, until the person has updated it on the page', async () => {
    const { person, refreshToken } = await signInAs(emulator, app, ben.id);
    await post({ action: 'expire-password', user: ben.id });
    expect((await app.refresh(refreshToken)).body).toMatchObject({
      error: 'invalid_grant',
      error_codes: [50055],
      suberror: 'user_password_expired',
    });
    expect((await person.open(app.authorizeUrl())).heading).toBe('Update your password');
    expect((await person.press('password', 'update')).left?.searchParams.has('code')).toBe(true);
    expect((await app.refresh(refreshToken)).status).toBe(200);
  });

  it('can be left alone: the app hears that it was canceled', async () => {
    const { person } = await signInAs(emulator, app, ben.id);
    emulator.expiredPasswords.add(ben.id);
    await person.open(app.authorizeUrl());
    const { left } = await person.press('back', 'yes');
    expect(left?.searchParams.get('error_subcode')).toBe('cancel');
    expect(emulator.expiredPasswords.has(ben.id)).toBe(true);
  });
});
