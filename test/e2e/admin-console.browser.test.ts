import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { directory, people } from '../../dev/directory.ts';
import { goodDay } from '../../dev/graph-emulator/switches.ts';
import { type BrowserWorld, faultsOf, press, see, startBrowserWorld } from '../support/browser-world.ts';
import { removeRows } from '../support/table-rows.ts';
import { grantSignIn, signIn } from '../support/world.ts';

const folder = fileURLToPath(new URL('../../.artefacts/screenshots', import.meta.url));
const { alice, ben } = people;
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
  await mkdir(folder, { recursive: true });
  world = await startBrowserWorld(
    { servesDemo: true },
    { ...directory, users: [...directory.users, ...namesakes] },
  );
  adminUrl = `${world.worker.origin}/api/admin`;
});
afterAll(() => world.close());
afterEach(async () => {
  world.worker.table.recover();
  Object.assign(world.graph.switches, goodDay);
  for (const { id } of [alice, ben]) world.entra.consents.revoke(id);
  await removeRows(world);
});

/** Ben signs in, from as many browsers. */
async function signInBen(count: number): Promise<void> {
  grantSignIn(world, 'Ben Brown', ['Mail.Read']);
  for (let at = 0; at < count; at++) {
    const browser = world.worker.browser();
    browser.userAgent = userAgents[at % userAgents.length];
    await signIn(browser, { user: 'ben' });
  }
}

/** The console, for Alice. */
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
  await page.getByLabel('Find a person').fill(text);
  await page.keyboard.press('Enter');
}

const openPerson = async (page: Page, id = ben.id) => page.goto(`${adminUrl}?user=${id}`);

const looks = [
  { look: 'light', colorScheme: 'light', width: 1200 },
  { look: 'dark', colorScheme: 'dark', width: 1200 },
  { look: 'narrow', colorScheme: 'dark', width: 360 },
] as const;

/** Takes pictures of the page as it is, and gives what is wrong with it. */
async function inspect(page: Page, name: string): Promise<unknown[]> {
  const faults: unknown[] = [];
  for (const { look, colorScheme, width } of looks) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    faults.push(await faultsOf(page));
    await page.screenshot({ path: join(folder, `admin-console-${name}-${look}.png`), fullPage: true });
  }
  return faults.flat();
}

describe('every state of the console', () => {
  it('is clean for axe and no wider than the window', { timeout: 120_000 }, async ({ skip }) => {
    const page = await openConsole(skip);
    const faults: Record<string, unknown> = {};
    const look = async (name: string) => {
      faults[name] = await inspect(page, name);
    };
    await look('nobody-searched');
    await find(page, 'Zacharias');
    await see(page, 'People');
    await look('nobody-found');
    await find(page, 'ben');
    await page.getByRole('link', { name: 'Benedict Osei' }).waitFor();
    await look('several-found');
    await find(page, 'x'.repeat(200));
    await look('nobody-found-long');
    await page.getByRole('link', { name: 'About you' }).click();
    await openPerson(page);
    await page.getByText('Not signed in anywhere.').waitFor();
    await look('no-session');
    await signInBen(25);
    await openPerson(page);
    await page.getByText('5 more').waitFor();
    await look('many-sessions');
    await page
      .getByRole('button', { name: /^End: Edge/ })
      .first()
      .click();
    await page.getByText('Really end it?').waitFor();
    await look('confirm');
    await press(page, 'Yes, end it');
    await page.getByText('The session has ended.').waitFor();
    await look('ended');
    world.graph.switches.directoryRolesMissing = true;
    await openPerson(page);
    await page.getByText('directory_role_required').waitFor();
    await look('no-directory-role');
    await press(page, 'Sign out of Microsoft too');
    await press(page, 'Yes, everywhere');
    await page.getByRole('alert').getByText('Your roles in').waitFor();
    await look('action-refused');
    Object.assign(world.graph.switches, goodDay, { unavailable: true });
    await openPerson(page);
    await see(page, 'Somebody');
    await look('graph-down');
    Object.assign(world.graph.switches, goodDay);
    expect(faults).toEqual(Object.fromEntries(Object.keys(faults).map((name) => [name, []])));
  });

  it('is clean while permissions are missing', async ({ skip }) => {
    const page = await openConsole(skip, []);
    await find(page, 'ben@contoso.example');
    await see(page, 'People');
    expect(await inspect(page, 'consent-needed-search')).toEqual([]);
    await openPerson(page);
    await see(page, 'Signed in here');
    expect(await inspect(page, 'consent-needed-person')).toEqual([]);
  });
});
