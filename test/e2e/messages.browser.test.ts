import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type BrowserWorld,
  follow,
  openDemoAs,
  press,
  see,
  startBrowserWorld,
} from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { grantSignIn, userId } from '../support/world.ts';

let world: BrowserWorld;

beforeAll(async () => {
  world = await startBrowserWorld();
});
beforeEach(() => world.entra.consents.revoke(userId('ben')));
afterAll(() => world.close());

const messages = (page: Page) => page.locator('#message-list > li');

async function askForMessages(page: Page): Promise<void> {
  await press(page, 'Show my messages');
  await see(page, 'Your permission is needed');
  await press(page, 'Continue to consent');
  await page.getByText('Read your mail').waitFor();
}

describe('the home of the demo', () => {
  it.runIf(isWholeRun)(
    'moves nothing when the profile arrives, and has one format of times',
    async ({ skip }) => {
      const page = await world.newPage(skip);
      grantSignIn(world, 'Alice Adams', ['Mail.Read']);
      await openDemoAs(world, page, 'Alice Adams');
      const held = Promise.withResolvers<void>();
      await page.route('**/api/graph/v1.0/me?*', async (route) => {
        await held.promise;
        await route.continue();
      });
      await page.goto(`${world.worker.origin}/#messages`);
      await page.reload();
      await page.getByText('10 shown').waitFor();
      await page.getByText('You are not signed in anywhere else.').waitFor();
      const place = () => page.locator('#messages').boundingBox();
      const before = await place();
      expect(await page.locator('#profile').getAttribute('aria-busy')).toBe('true');
      held.resolve();
      await page.getByText('Head of Platform').waitFor();
      expect(await place()).toEqual(before);
      const times = await page.locator('time').all();
      expect(times.length).toBeGreaterThan(10);
      for (const time of times) {
        expect(await time.textContent()).toMatch(/^(?:[A-Z][a-z]{2} \d+, )?\d+:\d\d\s[AP]M$/);
        expect(await time.getAttribute('title')).toMatch(/\d{4}/);
      }
    },
  );
});

describe('messages in a browser', () => {
  it.runIf(isWholeRun)(
    'require consent at first use, then open automatically and page to the end',
    async ({ skip }) => {
      const page = await world.newPage(skip);
      await openDemoAs(world, page, 'Ben Brown');
      await askForMessages(page);
      await press(page, 'Accept');
      await page.getByText('10 shown').waitFor();
      expect(new URL(page.url()).hash).toBe('#messages');
      await press(page, 'More');
      await page.getByText('20 shown').waitFor();
      while (await page.getByRole('button', { name: 'More' }).isVisible()) {
        const shown = await messages(page).count();
        await press(page, 'More');
        await page.waitForFunction(
          (before) => document.querySelectorAll('#message-list > li').length > before,
          shown,
        );
      }
      const texts = await messages(page).allInnerTexts();
      expect(texts.length).toBeGreaterThan(20);
      expect(new Set(texts).size).toBe(texts.length);
    },
  );

  it.runIf(isWholeRun)(
    'stay closed after a denial, and a click requests the permission again',
    async ({ skip }) => {
      const page = await world.newPage(skip);
      await openDemoAs(world, page, 'Ben Brown');
      await askForMessages(page);
      await press(page, 'Cancel');
      await see(page, 'Permission declined');
      await follow(page, 'Back to the app');
      await page.getByText('Account Manager').waitFor();
      await page.getByText('Nothing was shared.').first().waitFor();
      await see(page, 'Permission declined');
      expect(await messages(page).count()).toBe(0);
      await press(page, 'Ask again');
      await press(page, 'Accept');
      await page.getByText('10 shown').waitFor();
    },
  );

  it.runIf(isWholeRun)(
    'offer a retry while Graph throttles, and disappear when the session has ended',
    async ({ skip }) => {
      const page = await world.newPage(skip);
      grantSignIn(world, 'Ben Brown', ['Mail.Read']);
      await openDemoAs(world, page, 'Ben Brown');
      await press(page, 'Show my messages');
      await page.getByText('10 shown').waitFor();
      Object.assign(world.graph.switches, { throttledCalls: 1, retryAfterSeconds: 6 });
      await press(page, 'More');
      await see(page, 'Too many requests');
      world.pass(6);
      await press(page, 'Try again');
      await page.getByText('20 shown').waitFor();
      await page.context().clearCookies({ name: 'session' });
      await press(page, 'More');
      await page.getByText('Your session has ended').first().waitFor();
      expect(await messages(page).count()).toBe(0);
    },
  );
});
