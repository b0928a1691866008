import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectAppearance } from '../support/appearance.ts';
import { type BrowserWorld, follow, press, see, startBrowserWorld } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { grantSignIn } from '../support/world.ts';
import { answerEntra } from './interactions/asking-app.ts';
import { setStage } from './interactions/stage.ts';
import { oneOfEachOutcome } from './interactions/unhappy-cases.ts';

let world: BrowserWorld;
let origin: string;

beforeAll(async () => {
  world = await startBrowserWorld();
  origin = world.worker.origin;
});
afterAll(() => world.close());

/** Collects the issues of all inspected pages. */
function createInspector(page: Page) {
  const issues: string[] = [];
  return {
    issues,
    async inspect(name: string): Promise<void> {
      issues.push(...(await inspectAppearance(page, name)));
    },
  };
}

describe('every page', () => {
  it.runIf(isWholeRun)(
    'passes axe and is no wider than the window',
    { timeout: 180_000 },
    async ({ skip }) => {
      const page = await world.newPage(skip);
      const { issues, inspect } = createInspector(page);
      await page.goto(origin);
      await see(page, /You sign in/);
      await inspect('demo-signed-out');
      await press(page, 'Sign in');
      await see(page, 'Pick an account');
      await inspect('entra-accounts');
      await press(page, /Ben Brown/);
      await see(page, 'Permissions requested');
      await inspect('entra-consent');
      await press(page, 'Cancel');
      await see(page, 'Permission declined');
      await inspect('consent-declined');

      await follow(page, 'Try again');
      await press(page, 'Accept');
      await page.getByText('Account Manager').waitFor();
      await page.locator('#portrait img').waitFor();
      await page.getByText('You are not signed in anywhere else.').waitFor();
      await inspect('demo-signed-in');
      await press(page, 'Show my messages');
      await see(page, 'Your permission is needed');
      await inspect('demo-messages-permission');
      await press(page, 'Continue to consent');
      await press(page, 'Cancel');
      await follow(page, 'Back to the app');
      await page.getByText('Nothing was shared.').first().waitFor();
      await see(page, 'Permission declined');
      await inspect('demo-messages-declined');
      world.entra.switches.onlyAdministratorsConsent = true;
      await press(page, 'Ask again');
      await press(page, 'Return to the app without consent');
      await see(page, 'Administrator approval required');
      await inspect('administrator-needed');
      world.entra.switches.onlyAdministratorsConsent = false;
      await follow(page, 'Try again');
      await press(page, 'Accept');
      await page.getByText('10 shown').waitFor();
      await inspect('demo-messages');

      await page.goto(`${origin}/api/admin`);
      await see(page, 'You do not have access');
      await inspect('admin-refused');
      await follow(page, 'Use another account');
      await press(page, /Alice Adams/);
      await press(page, 'Accept');
      await see(page, 'Administration');
      await inspect('admin');
      world.graph.switches.unavailable = true;
      await page.reload();
      await see(page, 'Administration');
      await inspect('admin-without-graph');
      world.graph.switches.unavailable = false;

      // Opened directly, the last page of a popup stays open.
      await page.goto(`${origin}/api/auth/login?display=popup.a-page-to-see`);
      await press(page, /Alice Adams/);
      await see(page, 'Done');
      await inspect('popup-done');
      await page.goto(`${origin}/api/auth/callback?state=admin-consent&admin_consent=True`);
      await see(page, 'Approved');
      await inspect('administrator-approved');
      await page.goto(`${origin}/api/nothing`);
      await see(page, /./);
      await inspect('error');
      await page.goto(`${origin}/api/auth/callback?state=none&code=none`);
      await see(page, /./);
      await inspect('error-stale-sign-in');
      await page.goto(`${origin}/api/auth/logout`);
      await see(page, 'Sign out?');
      await inspect('sign-out');
      await page.context().clearCookies({ name: 'session' });
      await page.reload();
      await see(page, 'You are signed out');
      await inspect('signed-out');

      await page.goto(`${world.entra.origin}/switches`);
      await inspect('entra-switches');
      await page.goto(`${world.graph.origin}/switches`);
      await inspect('graph-switches');

      expect(issues).toEqual([]);
    },
  );
});

describe('the page that offers another account', () => {
  it.runIf(isWholeRun)('passes axe and is no wider than the window', async ({ skip }) => {
    const page = await world.newPage(skip);
    const { issues, inspect } = createInspector(page);
    grantSignIn(world);
    await page.goto(`${origin}/api/auth/login`);
    await press(page, /Alice Adams/);
    await see(page, 'Hello, Alice Adams');
    // A page that requires a sign-in may have been opened by a link on another site.
    await page.goto(`${origin}/api/auth/login?via=page&prompt=select_account`);
    await press(page, /Ben Brown/);
    await see(page, 'You are signed in with another account');
    await inspect('linked-account');
    expect(issues).toEqual([]);
  });
});

describe('every outcome page of an interaction', () => {
  const stage = setStage({ interaction: 'redirect' });

  it.runIf(isWholeRun).for(oneOfEachOutcome)(
    'passes axe and is no wider than the window: $outcome',
    async (one, { skip }) => {
      const page = await stage.meet(skip, one);
      const { issues, inspect } = createInspector(page);
      await press(page, 'Read');
      await answerEntra(page, one, stage.world);
      await see(page, one.heading);
      await inspect(`end-${one.outcome}`);
      expect(issues).toEqual([]);
    },
  );
});
