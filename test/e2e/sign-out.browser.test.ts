import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BrowserWorld,
  follow,
  press,
  see,
  signInAtDemo,
  startBrowserWorld,
} from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';

let world: BrowserWorld;
let origin: string;

beforeAll(async () => {
  world = await startBrowserWorld();
  origin = world.worker.origin;
});
afterAll(() => world.close());

/** Expects a page that says so, that no cookie is left, and that Entra ID asks for an account again. */
async function expectSignedOutEverywhere(page: Page): Promise<void> {
  await see(page, 'You are signed out');
  expect(page.url()).toBe(`${origin}/api/auth/logout`);
  expect(await page.context().cookies(origin)).toEqual([]);
  await follow(page, 'Back to the app');
  await press(page, 'Sign in');
  await see(page, 'Pick an account');
  expect(await page.getByText('signed in').count()).toBe(0);
}

describe('signing out with a browser', () => {
  it.runIf(isWholeRun)(
    'by the app’s button ends the session here and at Entra ID, and says so',
    async ({ skip }) => {
      const page = await world.newPage(skip);
      await signInAtDemo(world, page, 'Alice Adams');
      await press(page, 'Sign out');
      await expectSignedOutEverywhere(page);
    },
  );

  it.runIf(isWholeRun)(
    'by the form of the page sends the Origin header, and the CSP allows the redirects to Entra ID and back',
    {
      tags: ['CS-4'],
    },
    async ({ skip }) => {
      const page = await world.newPage(skip);
      await signInAtDemo(world, page, 'Alice Adams');
      const refused: string[] = [];
      page.on('console', (message) => {
        if (message.text().includes('form-action')) refused.push(message.text());
      });
      await follow(page, 'Open the admin page');
      await follow(page, 'Sign out');
      await see(page, 'Sign out?');
      const posted = page.waitForRequest((request) => request.method() === 'POST');
      await press(page, 'Sign out');
      expect(await (await posted).headerValue('origin')).toBe(origin);
      await expectSignedOutEverywhere(page);
      expect(refused).toEqual([]);
    },
  );

  it.runIf(isWholeRun)('reaches the other tabs at once, and so does the next sign-in', async ({ skip }) => {
    const page = await world.newPage(skip);
    await signInAtDemo(world, page, 'Alice Adams');
    const other = await page.context().newPage();
    await other.goto(origin);
    await see(other, 'Hello, Alice Adams');
    await press(page, 'Sign out');
    await other.getByText('Your session has ended').first().waitFor();
    await expectSignedOutEverywhere(page);
    await press(page, /Alice Adams/);
    await see(page, 'Hello, Alice Adams');
    await see(other, 'Hello, Alice Adams');
  });

  it.runIf(isWholeRun)('can be canceled on the page, and the user stays signed in', async ({ skip }) => {
    const page = await world.newPage(skip);
    await signInAtDemo(world, page, 'Alice Adams');
    await page.goto(`${origin}/api/auth/logout`);
    await follow(page, 'Stay signed in');
    await see(page, 'Hello, Alice Adams');
  });
});
