import { pageIssues } from '@entra-bff/test-browser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reasonTexts } from '../../src/shared/interaction/reason-texts.ts';
import { type BrowserWorld, openDemoAs, see, startBrowserWorld } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { userId } from '../support/world.ts';

let world: BrowserWorld;

beforeAll(async () => {
  world = await startBrowserWorld();
  world.entra.roles.grant({ userId: userId('alice'), role: 'Admin' });
});
afterAll(() => world.close());

/** A number of Entra ID for each reason. The first ones are read in every run. */
const numbers = [
  [700082, 'refresh_token_expired'],
  [50173, 'refresh_token_revoked'],
  [50105, 'not_assigned'],
  [50076, 'two_factor_required'],
  [50055, 'password_expired'],
  [50057, 'account_disabled'],
  [53000, 'device_not_compliant'],
  [53003, 'blocked_by_policy'],
  [50158, 'claims_challenge'],
  [50058, 'sign_in_required'],
  [65001, 'consent_required'],
  [90094, 'admin_consent_required'],
] as const;

describe('a page for which Entra ID needs the user', () => {
  it.runIf(isWholeRun)('names each reason in its own words, and who can help', async ({ skip }) => {
    const page = await world.newPage(skip);
    await openDemoAs(world, page, 'Alice Adams');
    // The roles are too old, so the admin page renews them.
    world.advance(301);
    for (const [number, reason] of numbers) {
      world.entra.switches.refreshRefusedWith = number;
      world.pass(6);
      await page.goto(`${world.worker.origin}/api/admin`);
      const { title, text, resolvedBy } = reasonTexts[reason];
      await see(page, title);
      await page.getByText(text, { exact: true }).waitFor();
      const main = resolvedBy === 'user' ? 'Sign in again' : 'Back to the app';
      expect(await page.locator('.button.main').textContent()).toBe(main);
      expect(await pageIssues(page)).toEqual([]);
    }
    world.entra.switches.refreshRefusedWith = 0;
    world.advance(-301);
  });

  it.runIf(isWholeRun)(
    'names what is wrong with the registration, and offers no sign-in',
    async ({ skip }) => {
      const page = await world.newPage(skip);
      await openDemoAs(world, page, 'Alice Adams');
      world.advance(301);
      for (const [number, text] of [
        [500011, 'Requested: User.Read'],
        [7000222, 'has expired'],
        [700016, 'Check the client ID'],
      ] as const) {
        world.entra.switches.refreshRefusedWith = number;
        world.pass(61);
        await page.goto(`${world.worker.origin}/api/admin`);
        await see(page, 'This app is not set up correctly');
        await page.getByText(text).waitFor();
        expect(await page.getByRole('link', { name: 'Sign in' }).count()).toBe(0);
      }
      world.entra.switches.refreshRefusedWith = 0;
      world.advance(-301);
    },
  );
});

describe('the demo page', () => {
  it.runIf(isWholeRun)('shows the words of the reason', async ({ skip }) => {
    const page = await world.newPage(skip);
    world.entra.switches.accessTokenLifetimeSeconds = 20;
    await openDemoAs(world, page, 'Ben Brown');
    for (const [number, reason] of numbers.slice(0, 3)) {
      world.entra.switches.refreshRefusedWith = number;
      world.pass(600);
      await page.goto(world.worker.origin);
      await page.getByText(reasonTexts[reason].text, { exact: true }).first().waitFor();
    }
    world.entra.switches.refreshRefusedWith = 0;
    world.entra.switches.accessTokenLifetimeSeconds = 3600;
  });
});
