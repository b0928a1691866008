import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BrowserWorld,
  follow,
  openDemoAs,
  press,
  see,
  startBrowserWorld,
} from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { grantSignIn } from '../support/world.ts';

let world: BrowserWorld;
let adminUrl: string;

beforeAll(async () => {
  world = await startBrowserWorld();
  adminUrl = `${world.worker.origin}/api/admin`;
  grantSignIn(world, 'Alice Adams');
  grantSignIn(world, 'Ben Brown');
});
afterAll(() => world.close());

describe('the admin page in a browser', () => {
  it.runIf(isWholeRun)('shows claims and the Graph profile to a user with the role', async ({ skip }) => {
    const page = await world.newPage(skip);
    await openDemoAs(world, page, 'Alice Adams');
    await follow(page, 'Open the admin page');
    await see(page, 'Administration');
    await page.getByText('Head of Platform').waitFor();
    await page.getByText('Your verified claims').click();
    expect(await page.getByText('preferred_username').isVisible()).toBe(true);
    await follow(page, 'Back to the app');
    await see(page, 'Hello, Alice Adams');
  });

  it.runIf(isWholeRun)(
    'tells a user without the role how to get it, and offers another account',
    async ({ skip }) => {
      const page = await world.newPage(skip);
      await openDemoAs(world, page, 'Ben Brown');
      await follow(page, 'Open the admin page');
      await see(page, 'You do not have access');
      await page.getByText('App role: Admin').waitFor();
      await page.getByText('An administrator of your organization can assign it').waitFor();
      await follow(page, 'Use another account');
      await press(page, /Alice Adams/);
      await see(page, 'Administration');
    },
  );

  it.runIf(isWholeRun)('opens at the address of a deep link after the sign-in', async ({ skip }) => {
    const page = await world.newPage(skip);
    await page.goto(`${adminUrl}?tab=1`);
    await press(page, /Alice Adams/);
    await see(page, 'Administration');
    expect(page.url()).toBe(`${adminUrl}?tab=1`);
  });

  it.runIf(isWholeRun)('opens from a link on another site without another sign-in', async ({ skip }) => {
    const page = await world.newPage(skip);
    await openDemoAs(world, page, 'Alice Adams');
    const asked = world.entra.count('authorize');
    await page.goto(world.entra.origin);
    await page.evaluate((address) => {
      const link = document.createElement('a');
      link.href = address;
      link.textContent = 'To the admin page';
      document.querySelector('main')?.prepend(link);
    }, adminUrl);
    await follow(page, 'To the admin page');
    await see(page, 'Administration');
    expect(page.url()).toBe(adminUrl);
    expect(world.entra.count('authorize')).toBe(asked);
  });
});
