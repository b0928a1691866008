import { demoClient, demoDirectory, demoUsers } from '@entra-bff/directory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntraEmulator } from '../src/emulator.ts';
import { defaultEntraSwitches } from '../src/switches.ts';
import { createFormBrowser } from '../testing/form-browser.ts';
import { createOAuthClient } from '../testing/oauth-client.ts';
import { startTestEmulator } from '../testing/start-emulator.ts';

let emulator: EntraEmulator;
const { ben } = demoUsers;

beforeEach(async () => {
  emulator = await startTestEmulator({ directory: demoDirectory });
});
afterEach(() => emulator.close());

function post(fields: Record<string, string>, headers: Record<string, string> = {}) {
  return fetch(`${emulator.origin}/switches`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers,
    redirect: 'manual',
  });
}

async function signedInBen() {
  const browser = createFormBrowser(emulator.origin);
  const app = createOAuthClient(emulator);
  await browser.open(app.authorizeUrl());
  await browser.press('account', ben.id);
  await browser.press('decision', 'accept');
  return { open: () => browser.open(app.authorizeUrl()) };
}

describe('the switches page', () => {
  it('changes the object that tests change, and redirects with 303', async () => {
    const response = await post({
      action: 'save',
      refreshTokensExpired: 'on',
      slowMs: '250',
      throttledRetryAfterSeconds: '0',
      outage: 'html-502',
      accessTokenLifetimeSeconds: '60',
      tokensBackdatedSeconds: '0',
    });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/switches?done=save']);
    expect(emulator.switches).toEqual({
      ...defaultEntraSwitches(),
      refreshTokensExpired: true,
      slowMs: 250,
      outage: 'html-502',
      accessTokenLifetimeSeconds: 60,
    });
  });

  it('lists what is on at the top, and turns all of it off', async () => {
    Object.assign(emulator.switches, { secondFactorDemanded: true, outage: 'json-503', slowMs: 20 });
    emulator.blockedUsers.add(ben.id);
    const { text } = await createFormBrowser(emulator.origin).open('/switches');
    const [, list = ''] = /<h2 id="on">On now<\/h2>\s*<ul>(.*?)<\/ul>/s.exec(text) ?? [];
    expect([...list.matchAll(/<li>(.*?)<\/li>/g)].map(([, item]) => item)).toEqual([
      'Require a second factor',
      'Delay of responses (milliseconds): 20',
      'Outage: 503 with an error document',
      'The account of Ben Brown is disabled',
    ]);
    expect(text.indexOf('Reset all')).toBeLessThan(text.indexOf('<fieldset>'));
    expect((await post({ action: 'reset-switches' })).status).toBe(303);
    expect(emulator.switches).toEqual(defaultEntraSwitches());
    expect(emulator.blockedUsers.size).toBe(0);
    expect((await createFormBrowser(emulator.origin).open('/switches')).text).toContain('Everything works.');
  });

  it('leads back to the app that uses the emulator', async () => {
    const appUrl = 'http://localhost:7071';
    const ofApp = await startTestEmulator({ directory: demoDirectory, appUrl });
    const pages = await Promise.all(
      [ofApp, emulator].map(({ origin }) => createFormBrowser(origin).open('/switches')),
    );
    await ofApp.close();
    expect(pages.map(({ text }) => text.includes(`href="${appUrl}">Back to the app</a>`))).toEqual([
      true,
      false,
    ]);
  });

  it('shows what a test has set', async () => {
    emulator.switches.clientSecretExpired = true;
    emulator.switches.outage = 'json-503';
    const { text } = await createFormBrowser(emulator.origin).open('/switches');
    expect(text).toMatch(/name="clientSecretExpired"[^>]* checked>/);
    expect(text).toContain('<option value="json-503" selected>');
  });

  it('keeps the default for an invalid number', async () => {
    await post({ action: 'save', slowMs: '-5', accessTokenLifetimeSeconds: 'soon', outage: 'flood' });
    expect(emulator.switches).toEqual(defaultEntraSwitches());
  });

  it('has a control for every switch', async () => {
    const { text } = await createFormBrowser(emulator.origin).open('/switches');
    for (const name of Object.keys(defaultEntraSwitches())) expect(text).toContain(`name="${name}"`);
  });

  it('rotates the keys', async () => {
    const { kid } = emulator.signingKey();
    await post({ action: 'rotate-keys' });
    expect(emulator.signingKey().kid).not.toBe(kid);
  });

  it('withdraws the consents of one user', async () => {
    const browser = await signedInBen();
    expect((await browser.open()).redirectedTo).toBeDefined();
    await post({ action: 'revoke-consents', user: ben.id });
    expect((await browser.open()).heading).toBe('Permissions requested');
  });

  it('signs all users out', async () => {
    const browser = await signedInBen();
    await post({ action: 'sign-all-users-out' });
    expect((await browser.open()).heading).toBe('Pick an account');
  });

  it('grants and removes the role, blocks and unblocks', async () => {
    const [app] = demoDirectory.registrations;
    if (app === undefined) throw new Error('The directory has no app.');
    await post({ action: 'grant-admin', user: ben.id });
    expect(emulator.roles.of(ben.id, app)).toEqual(['Admin']);
    await post({ action: 'remove-admin', user: ben.id });
    expect(emulator.roles.of(ben.id, app)).toEqual([]);
    await post({ action: 'block', user: ben.id });
    expect(emulator.blockedUsers.has(ben.id)).toBe(true);
    await post({ action: 'unblock', user: ben.id });
    expect(emulator.blockedUsers.has(ben.id)).toBe(false);
  });

  it('resets everything', async () => {
    const browser = await signedInBen();
    emulator.switches.consentWithdrawn = true;
    emulator.roles.grant({ userId: ben.id, role: 'Admin', clientId: demoClient.clientId });
    await post({ action: 'reset' });
    expect(emulator.switches).toEqual(defaultEntraSwitches());
    expect(emulator.consents.list()).toEqual([]);
    expect((await browser.open()).heading).toBe('Pick an account');
  });
});

describe('refuses', () => {
  it.each(['http://evil.example', 'http://localhost:7071', 'null'])('a form sent by %s', async (origin) => {
    const response = await post({ action: 'save', clientSecretExpired: 'on' }, { origin });
    expect(response.status).toBe(403);
    expect(emulator.switches).toEqual(defaultEntraSwitches());
  });

  it('to show its pages under another host name', async () => {
    const { port } = new URL(emulator.origin);
    const response = await fetch(`http://localhost:${port}/switches?done=save`, { redirect: 'manual' });
    expect(response.headers.get('location')).toBe(`${emulator.origin}/switches?done=save`);
  });
});
