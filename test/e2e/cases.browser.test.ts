import { pageIssues } from '@entra-bff/test-browser';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BrowserWorld, openDemoAs, press, see, startBrowserWorld } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';

let world: BrowserWorld;

beforeAll(async () => {
  world = await startBrowserWorld();
});
afterEach(() =>
  fetch(`${world.worker.origin}/dev/cases`, {
    method: 'POST',
    headers: { 'x-csrf': '1' },
    body: new URLSearchParams({ case: '' }),
  }),
);
afterAll(() => world.close());

describe('the cases on the demo page', () => {
  it.runIf(isWholeRun).for([
    ['light', 1280],
    ['dark', 320],
  ] as const)('pass axe, %s and %i px wide', async ([colorScheme, width], { skip }) => {
    const page = await world.newPage(skip, { colorScheme, viewport: { width, height: 800 } });
    await page.goto(world.worker.origin);
    await page.getByText('What your users will see').click();
    await page.getByRole('switch', { name: 'Consent is missing' }).click();
    await page.getByRole('switch', { name: 'Consent is missing', checked: true }).waitFor();
    expect(await pageIssues(page)).toEqual([]);
  });

  it.runIf(isWholeRun)(
    'configure the emulators, make the call, and are still on after a reload',
    async ({ skip }) => {
      const page = await world.newPage(skip);
      await openDemoAs(world, page, 'Ben Brown');
      await page.getByText('Account Manager').waitFor();
      await page.getByText('What your users will see').click();
      await page.getByRole('switch', { name: 'Graph throttles calls' }).click();
      await page.getByRole('switch', { name: 'Graph throttles calls', checked: true }).waitFor();
      expect(world.graph.switches.throttledCalls).toBe(1);
      await press(page, 'Make the call: Graph throttles calls');
      await page.getByText('Graph refused the call with status 429.').waitFor();
      world.pass(8);
      await press(page, 'Make the call: Graph throttles calls');
      await page.getByText('The call succeeded.').waitFor();
      await page.reload();
      const found = page.getByRole('switch', { name: 'Graph throttles calls', checked: true });
      await found.click();
      await page.getByRole('switch', { name: 'Graph throttles calls', checked: false }).waitFor();
      expect(world.graph.switches.retryAfterSeconds).toBe(10);
    },
  );

  /** Signs Ben in at the demo page, turns the case on, and makes the call, which is refused. */
  async function meetAtDemo(skip: (note: string) => never, title: string): Promise<Page> {
    const page = await world.newPage(skip);
    await openDemoAs(world, page, 'Ben Brown');
    await page.getByText('What your users will see').click();
    await page.getByRole('switch', { name: title }).click();
    await page.getByRole('switch', { name: title, checked: true }).waitFor();
    await press(page, `Make the call: ${title}`);
    await page.getByRole('button', { name: 'Continue in a popup' }).waitFor();
    return page;
  }

  async function continueInPopup(page: Page): Promise<Page> {
    const [popup] = await Promise.all([page.waitForEvent('popup'), press(page, 'Continue in a popup')]);
    return popup;
  }

  it.runIf(isWholeRun)('continue in a popup, and the call is repeated', async ({ skip }) => {
    const page = await meetAtDemo(skip, 'The password has expired');
    await press(await continueInPopup(page), 'Update the password');
    await page.getByText('The popup ended with signed_in.').waitFor();
    await page.getByText('The call succeeded.').waitFor();
  });

  it.runIf(isWholeRun)('continue by a redirect that returns to the same page', async ({ skip }) => {
    const page = await meetAtDemo(skip, 'The password has expired');
    await press(page, 'Continue by redirect');
    await press(page, 'Update the password');
    await press(page, 'Make the call: The password has expired');
    await page.getByText('The call succeeded.').waitFor();
  });

  it.runIf(isWholeRun)(
    'show the outcome of the popup, with a link for the administrator if one is needed',
    async ({ skip }) => {
      const page = await meetAtDemo(skip, 'Only an administrator can consent');
      await press(await continueInPopup(page), 'Return to the app without consent');
      await page.getByText('The popup ended with admin_consent_required.').waitFor();
      const link = page.getByRole('link', { name: 'Link for your administrator' });
      expect(await link.getAttribute('href')).toContain('/v2.0/adminconsent?');
      expect(await pageIssues(page)).toEqual([]);
    },
  );

  it.runIf(isWholeRun)(
    'wait for a popup that does not return from Entra ID, until the user stops waiting',
    async ({ skip }) => {
      const page = await meetAtDemo(skip, 'The account is disabled');
      const popup = await continueInPopup(page);
      await see(popup, 'This account cannot be used');
      await popup.close();
      await press(page, 'Stop waiting');
      await page.getByText('The popup ended with canceled.').waitFor();
    },
  );
});
