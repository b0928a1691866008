import { demoDirectory, demoUsers } from '@entra-bff/directory';
import { defaultGraphSwitches } from '@entra-bff/graph-emulator';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { inspectAppearance } from '../support/appearance.ts';
import { type BrowserWorld, press, see, startBrowserWorld } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { removeRows } from '../support/table-rows.ts';
import type { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn } from '../support/world.ts';

const { alice, ben } = demoUsers;
const permissions = [
  'User.ReadBasic.All',
  'User.RevokeSessions.All',
  'DelegatedPermissionGrant.ReadWrite.All',
];
const namesakes = ['Benedict Osei', 'Ben Carter-Wojciechowska', 'Benita Ramos'].map((name, at) => ({
  ...ben,
  name,
  id: `be00000${at + 1}-8c4f-4e21-a6d9-1f5b3c7e9b02`,
  username: `${name.toLowerCase().replace(' ', '.')}@contoso.example`,
}));
const userAgents = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  'Something of its own',
];
let world: BrowserWorld;
let adminUrl: string;

beforeAll(async () => {
  world = await startBrowserWorld(
    { servesDemo: true },
    { ...demoDirectory, users: [...demoDirectory.users, ...namesakes] },
  );
  adminUrl = `${world.worker.origin}/api/admin`;
});
afterAll(() => world.close());
afterEach(async () => {
  world.worker.table.recover();
  Object.assign(world.graph.switches, defaultGraphSwitches());
  for (const { id } of [alice, ben]) world.entra.consents.revoke(id);
  await removeRows(world);
});

/** Signs Ben in from `count` browsers. */
async function signInBen(count: number): Promise<UserAgent[]> {
  const browsers: UserAgent[] = [];
  grantSignIn(world, 'Ben Brown', ['Mail.Read']);
  for (let at = 0; at < count; at++) {
    const browser = world.worker.browser();
    browser.userAgent = userAgents[at % userAgents.length];
    await signIn(browser, { user: 'ben' });
    browsers.push(browser);
  }
  return browsers;
}

/** Opens the console for Alice. */
async function openConsole(
  skip: (note: string) => never,
  granted: readonly string[] = permissions,
): Promise<Page> {
  const page = await world.newPage(skip);
  grantSignIn(world, 'Alice Adams', granted);
  await page.goto(adminUrl);
  await press(page, /Alice Adams/);
  await see(page, 'Administration');
  return page;
}

async function find(page: Page, text: string): Promise<void> {
  await page.getByLabel('Find a user').fill(text);
  await page.keyboard.press('Enter');
}

const openUser = async (page: Page, id = ben.id) => page.goto(`${adminUrl}?user=${id}`);

describe('every state of the console', () => {
  it.runIf(isWholeRun)(
    'passes axe and is no wider than the window',
    { timeout: 180_000 },
    async ({ skip }) => {
      const page = await openConsole(skip);
      const issues: string[] = [];
      const look = async (name: string) => {
        issues.push(...(await inspectAppearance(page, `admin-console-${name}`)));
      };
      await look('not-searched');
      await find(page, 'Zacharias');
      await page.getByText('No users found for “Zacharias”.').waitFor();
      await look('none-found');
      await find(page, 'ben');
      await page.getByRole('link', { name: 'Benedict Osei' }).waitFor();
      await look('several-found');
      await find(page, 'x'.repeat(200));
      await page.getByText(/No users found for “x/).waitFor();
      await look('none-found-long');
      await page.getByRole('link', { name: 'About you' }).click();
      await page.getByText('Your verified claims').click();
      await look('claims');
      await openUser(page);
      await page.getByText('No sessions.').waitFor();
      await look('no-session');
      await signInBen(25);
      await openUser(page);
      await page.getByText('5 more').waitFor();
      await look('many-sessions');
      await page
        .getByRole('button', { name: /^End this session: .*Edge/ })
        .first()
        .click();
      await page.getByText('End this session?').waitFor();
      await look('confirm');
      await press(page, 'End session');
      await page.getByRole('status').getByText('Session ended.').waitFor();
      await look('ended');
      world.graph.switches.directoryRolesMissing = true;
      await openUser(page);
      await page.getByText('directory_role_required').waitFor();
      await look('no-directory-role');
      await press(page, 'Sign out of Microsoft too');
      await press(page, 'Sign out everywhere');
      await page.getByRole('alert').getByText('Your roles in').waitFor();
      await look('action-refused');
      Object.assign(world.graph.switches, defaultGraphSwitches(), { unavailable: true });
      await openUser(page);
      await see(page, 'Name not available');
      await look('graph-down');
      Object.assign(world.graph.switches, defaultGraphSwitches());
      expect(issues).toEqual([]);
    },
  );

  it.runIf(isWholeRun)('passes axe if permissions are missing', async ({ skip }) => {
    const page = await openConsole(skip, []);
    await find(page, 'ben@contoso.example');
    await see(page, 'Users');
    expect(await inspectAppearance(page, 'admin-console-consent-needed-search')).toEqual([]);
    await openUser(page);
    await see(page, 'Sessions in this app');
    expect(await inspectAppearance(page, 'admin-console-consent-needed-user')).toEqual([]);
  });
});

describe('the console with the keyboard only', () => {
  const focused = (page: Page) =>
    page.evaluate(
      "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent ?? ''",
    );
  /** Presses Tab until the focus is there. */
  async function tabTo(page: Page, name: RegExp): Promise<void> {
    for (let step = 0; step < 80; step++) {
      await page.keyboard.press('Tab');
      if (name.test(String(await focused(page)).trim())) return;
    }
    throw new Error(`${name} cannot be reached`);
  }
  const rowOf = (page: Page) => page.getByRole('listitem').filter({ hasText: 'Last used' });
  const status = (page: Page, text: string) => page.getByRole('status').getByText(text).waitFor();

  it('finds a user, ends a session and revokes a grant', { tags: ['AD-2'] }, async ({ skip }) => {
    await signInBen(2);
    const page = await openConsole(skip);
    await tabTo(page, /^$/); // The search field is still empty.
    await page.keyboard.type('ben@contoso.example');
    await page.keyboard.press('Enter');
    await see(page, 'Users');
    await tabTo(page, /^Ben Brown$/);
    await page.keyboard.press('Enter');
    await see(page, 'Sessions in this app');

    await tabTo(page, /^End this session: /);
    const chosen = String(await focused(page));
    await page.keyboard.press('Enter');
    // The safe button has the focus first, so that a key that repeats ends nothing.
    expect(await focused(page)).toBe('Cancel');
    await page.keyboard.press('Escape');
    expect(await focused(page)).toBe(chosen);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    expect(await focused(page)).toBe(chosen);
    expect(await page.getByRole('button', { name: /^End this session: / }).count()).toBe(2);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+Tab');
    expect(await focused(page)).toBe('End session');
    await page.keyboard.press('Enter');
    await status(page, 'Session ended.');
    // The message takes up its own space between the rows, and can be closed.
    const message = page.getByRole('listitem').filter({ hasText: 'Session ended.' });
    const [box, row] = [await message.boundingBox(), await rowOf(page).boundingBox()];
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(row?.y ?? 0);
    await page.getByRole('button', { name: 'Close this message' }).click();
    expect(await message.count()).toBe(0);
    // The button of the next session has the focus now.
    expect(await focused(page)).toMatch(/^End this session: /);
    expect(await page.getByRole('button', { name: /^End this session: / }).count()).toBe(1);

    await tabTo(page, /^Revoke these permissions: /);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await status(page, 'Permissions revoked.');
    await page.getByText('No permissions granted.').waitFor();
    expect(await focused(page)).toBe('Permissions granted to this app');
  });

  it.runIf(isWholeRun)('reports a session that has ended in the meantime', async ({ skip }) => {
    const [browser] = await signInBen(1);
    const page = await openConsole(skip);
    await openUser(page);
    await page.getByRole('button', { name: /^End this session: / }).waitFor();
    await browser?.script('POST', '/api/auth/logout');
    await page.getByRole('button', { name: /^End this session: / }).click();
    await press(page, 'End session');
    await page.getByRole('alert').getByText('It may have ended.').waitFor();
    await page.getByText('No sessions.').waitFor();
  });

  it.runIf(isWholeRun)('changes nothing if another user has signed in in another tab', async ({ skip }) => {
    const page = await openConsole(skip);
    await signInBen(1);
    await openUser(page);
    await page.getByRole('button', { name: /^End this session: / }).waitFor();
    const beside = await page.context().newPage();
    await beside.goto(`${world.worker.origin}/api/auth/login?prompt=select_account&return_to=/dev.json`);
    await press(beside, /Ben Brown/);
    await beside.waitForURL('**/dev.json');
    const reached = world.graph.count();
    await press(page, 'Sign out of Microsoft too');
    await press(page, 'Sign out everywhere');
    await page.getByRole('alert').getByText('This browser has another session now').waitFor();
    expect(world.graph.count()).toBe(reached);
    await page.getByRole('link', { name: 'Load this page again' }).click();
    await see(page, 'You do not have access');
  });

  it.runIf(isWholeRun)(
    'reports that a change may have been made if its response is lost',
    async ({ skip }) => {
      await signInBen(1);
      const page = await openConsole(skip);
      await openUser(page);
      await press(page, 'Sign out of Microsoft too');
      world.graph.switches.breaksOff = 'before-head';
      await press(page, 'Sign out everywhere');
      await page.getByRole('alert').getByText('The change may have been made').waitFor();
      world.graph.switches.breaksOff = 'never';
    },
  );
});

describe('the console', () => {
  it.runIf(isWholeRun)(
    'requests a permission at first use, again on demand, and then continues where it was',
    async ({ skip }) => {
      const page = await openConsole(skip, []);
      await find(page, 'ben@contoso.example');
      await page.getByText('Allow this app to look up users').waitFor();
      await page.getByRole('link', { name: /^Continue/ }).click();
      await see(page, 'Permissions requested');
      await press(page, 'Cancel');
      await see(page, 'Permission declined');
      await page.getByRole('link', { name: 'Back to the app' }).click();
      await page.getByText('You declined this permission.').waitFor();
      expect(await inspectAppearance(page, 'admin-console-declined')).toEqual([]);
      await page.getByRole('link', { name: /^Try again/ }).click();
      await press(page, 'Accept');
      await see(page, 'Users');
      await page.getByRole('link', { name: 'Ben Brown' }).waitFor();
    },
  );

  it.runIf(isWholeRun)(
    'requires a new sign-in for a change if the sign-in is too old',
    { tags: ['AD-1'] },
    async ({ skip }) => {
      await signInBen(2);
      const page = await openConsole(skip);
      world.advance(901);
      await openUser(page);
      await press(page, 'End all 2');
      await press(page, 'End all sessions');
      await page.getByRole('alert').getByText('Action required').waitFor();
      expect(await inspectAppearance(page, 'admin-console-sign-in-again')).toEqual([]);
      // The link that continues has the focus.
      await page.keyboard.press('Enter');
      await press(page, /Alice Adams/);
      await see(page, 'Sessions in this app');
      expect(page.url()).toContain(`${adminUrl}?user=${ben.id}&from=`);
      await press(page, 'End all 2');
      await press(page, 'End all sessions');
      await page.getByRole('status').getByText('2 sessions ended.').waitFor();
      await page.getByText('No sessions.').waitFor();
    },
  );

  it.runIf(isWholeRun)(
    'informs other tabs if administrators end all their own sessions, then shows that they are signed out',
    async ({ skip }) => {
      await signIn(world.worker.browser(), { user: 'alice' });
      const page = await openConsole(skip);
      await openUser(page, alice.id);
      await page.getByText('this browser').waitFor();
      const tab = await page.context().newPage();
      await tab.goto(adminUrl);
      await tab.evaluate(
        `window.heard = []; new BroadcastChannel('entra-bff').onmessage = ({ data }) => heard.push(data.type)`,
      );
      await press(page, 'End all 2');
      await press(page, 'End all sessions');
      await expect.poll(() => tab.evaluate('heard')).toEqual(['entra-bff:session']);
      // Entra ID still knows the user, so a reload of the page would sign the user in again without a prompt.
      await see(page, 'You are signed out');
      const names = (await page.context().cookies()).map(({ name }) => name);
      expect(names).not.toContain('session');
    },
  );

  it.runIf(isWholeRun)('offers to sign out in the row of its own session', async ({ skip }) => {
    const page = await openConsole(skip);
    await openUser(page, alice.id);
    const row = page.getByRole('listitem').filter({ hasText: 'this browser' });
    expect(await row.getByRole('button').count()).toBe(0);
    expect(await inspectAppearance(page, 'admin-console-own-session')).toEqual([]);
    await row.getByRole('link', { name: 'Sign out' }).click();
    await see(page, 'Sign out?');
    await page.getByRole('link', { name: 'Stay signed in' }).waitFor();
  });
});

describe('the console without JavaScript', () => {
  it.runIf(isWholeRun)('shows its content and says that actions require JavaScript', async ({ skip }) => {
    await signInBen(1);
    grantSignIn(world, 'Alice Adams', permissions);
    const page = await world.newPage(skip, { javaScriptEnabled: false });
    await page.goto(`${adminUrl}?user=${ben.id}`);
    await press(page, /Alice Adams/);
    await see(page, 'Sessions in this app');
    expect(await page.getByText('requires JavaScript').isVisible()).toBe(true);
    expect(await page.getByRole('button').allTextContents()).toEqual(['Search']);
  });
});
