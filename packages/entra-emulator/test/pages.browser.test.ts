import { demoClient, demoDirectory, demoUsers } from '@entra-bff/directory';
import { openPage, pageIssues } from '@entra-bff/test-browser';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EntraEmulator } from '../src/emulator.ts';
import { defaultEntraSwitches } from '../src/switches.ts';
import { callback, createOAuthClient } from '../testing/oauth-client.ts';
import { startTestEmulator } from '../testing/start-emulator.ts';

let emulator: EntraEmulator;

beforeAll(async () => {
  emulator = await startTestEmulator({ directory: demoDirectory });
});
afterAll(async () => {
  await emulator.close();
});

type Open = (changes?: Record<string, string>) => Promise<unknown>;
type Pressed = (name: RegExp) => Promise<unknown>;

/** The pages that need an administrator. */
async function seeConsentPages(page: Page, open: Open, pressed: Pressed): Promise<void> {
  emulator.switches.approvalCanBeRequested = true;
  await open({ scope: 'openid Directory.Read.All' });
  expect(await pressed(/Ben Brown/)).toEqual([]);
  await page.getByLabel('Why you need this app').fill('To plan.');
  expect(await pressed(/Request approval/)).toEqual([]);
  await page.goto(`${emulator.origin}/switches`);
  await page.getByText('To plan.').waitFor();
  expect(await pageIssues(page)).toEqual([]);
  const url = new URL(`${emulator.origin}/${demoClient.tenantId}/v2.0/adminconsent`);
  url.searchParams.set('client_id', demoClient.clientId);
  url.searchParams.set('redirect_uri', callback);
  url.searchParams.set('scope', 'Directory.Read.All');
  await page.goto(url.href);
  expect(await pressed(/Alice Adams/)).toEqual([]);
  await page.getByText('Review for your organization').waitFor();
  expect(await pressed(/Use another account/)).toEqual([]);
  Object.assign(emulator.switches, defaultEntraSwitches());
}

/** The pages of Conditional Access and of expired passwords. */
async function seePolicyPages(page: Page, open: Open, pressed: Pressed): Promise<void> {
  emulator.switches.conditionalAccess = 'external-challenge';
  await open();
  expect(await pressed(/Ben Brown/)).toEqual([]);
  await page.getByRole('heading', { name: 'One more step' }).waitFor();
  emulator.switches.conditionalAccess = 'blocked';
  await open();
  expect(await pressed(/Ben Brown/)).toEqual([]);
  await page.getByRole('heading', { name: 'You cannot access this right now' }).waitFor();
  Object.assign(emulator.switches, defaultEntraSwitches());
  emulator.expiredPasswords.add(demoUsers.ben.id);
  await open();
  expect(await pressed(/Ben Brown/)).toEqual([]);
  await page.getByRole('heading', { name: 'Update your password' }).waitFor();
  emulator.expiredPasswords.clear();
}

const isWholeRun = process.env['TEST_SCALE'] === 'whole';
const looks = [
  ['dark', 320],
  ['light', 1280],
] as const;

describe('every page in a browser', () => {
  it.runIf(isWholeRun).for(looks)(
    'is accessible, %s and %i px wide',
    async ([colorScheme, width], { skip }) => {
      const page = await openPage(skip, { colorScheme, viewport: { width, height: 800 } });
      const app = createOAuthClient(emulator);
      const open = (changes: Record<string, string> = {}) =>
        page.goto(app.authorizeUrl({ prompt: 'select_account', ...changes }).href);
      /** Presses a button and waits until the next page has loaded. */
      const afterLoad = (action: Promise<void>) => Promise.all([page.waitForEvent('load'), action]);
      const pressed = async (name: RegExp) => {
        await afterLoad(page.getByRole('button', { name }).click());
        return pageIssues(page);
      };

      await page.goto(emulator.origin);
      expect(await pageIssues(page)).toEqual([]);
      await afterLoad(page.getByRole('link', { name: 'Open the switches' }).click());
      expect(await pageIssues(page)).toEqual([]);
      await page.getByLabel('Delay of responses').fill('1');
      expect(await pressed(/Save switches/)).toEqual([]);
      expect(emulator.switches.slowMs).toBe(1);

      await open();
      expect(await pageIssues(page)).toEqual([]);
      await page.getByText('Use another account').click();
      await page.getByLabel('Address').fill('unknown@contoso.example');
      expect(await pressed(/Next/)).toEqual([]);
      expect(await pressed(/Fay Fischer/)).toEqual([]);
      await pressed(/different account/);
      expect(await pressed(/Mia Moreau/)).toEqual([]);
      expect(await pressed(/Deny/)).toEqual([]);
      expect(await pressed(/Approve/)).toEqual([]);
      await page.getByText('Sign you in and read your profile').click();
      expect(await pageIssues(page)).toEqual([]);

      await open();
      expect(await pressed(/Alice Adams/)).toEqual([]);
      await page.getByLabel('on behalf of your organization').focus();
      await open({ scope: 'openid Directory.Read.All' });
      expect(await pressed(/Ben Brown/)).toEqual([]);
      await open({ redirect_uri: 'http://evil.example/' });
      expect(await pageIssues(page)).toEqual([]);
      await seeConsentPages(page, open, pressed);
      await seePolicyPages(page, open, pressed);
      await page.goto(`${emulator.origin}/${demoClient.tenantId}/oauth2/v2.0/logout`);
      expect(await pageIssues(page)).toEqual([]);
      expect(await pressed(/Alice Adams/)).toEqual([]);
    },
  );

  it('returns with form_post and the origin of the emulator', async ({ skip }) => {
    const page = await openPage(skip);
    const app = createOAuthClient(emulator);
    const posted = page.waitForRequest((request) => request.url().includes('/api/auth/callback'));
    await page.goto(app.authorizeUrl({ response_mode: 'form_post', prompt: 'none' }).href);
    const request = await posted;
    expect(request.method()).toBe('POST');
    expect(await request.headerValue('origin')).toBe(emulator.origin);
    expect(new URLSearchParams(request.postData() ?? '').get('error')).toBe('login_required');
    await page.close();
  });
});
