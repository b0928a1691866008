import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { serveFolder } from '../../../dev/static-files.ts';
import { type BrowserWorld, press, see } from '../../support/browser-world.ts';

/** The app, beside the functions as a static site. */
export const serveApp = serveFolder(fileURLToPath(new URL('app', import.meta.url)));

export interface AppOptions {
  /** What it reads of Graph. */
  readonly path: string;
  readonly interaction: 'popup' | 'redirect';
  readonly session?: 'ask' | 'silent';
}

/** Where the person is in the app: nothing of it may be lost, the fragment least of all. */
export function placeIn(world: BrowserWorld, { session = 'ask', ...more }: AppOptions): string {
  return `${world.worker.origin}/app.html?${new URLSearchParams({ session, ...more })}#third`;
}

/** Signs Ben in, and opens the app. */
export async function openSignedIn(world: BrowserWorld, page: Page, options: AppOptions): Promise<void> {
  await page.goto(`${world.worker.origin}/api/auth/login?return_to=/app.js`);
  await press(page, /Ben Brown/);
  await page.waitForURL('**/app.js');
  await page.goto(placeIn(world, options));
  await isReady(page);
}

export function isReady(page: Page): Promise<void> {
  return page.locator('body.ready').waitFor();
}

/** Waits until the app's calls have ended in these ways. */
export function seeEnds(page: Page, ...ends: readonly string[]): Promise<void> {
  return page.locator('#ends').getByText(ends.join(', '), { exact: true }).waitFor();
}

export function loadsOf(page: Page): Promise<number> {
  return page.evaluate(`JSON.parse(sessionStorage.getItem('app')).loads`);
}

/** Clicks, and returns the window that opens. */
export async function pressForPopup(page: Page, name: string): Promise<Page> {
  const [popup] = await Promise.all([page.waitForEvent('popup'), press(page, name)]);
  return popup;
}

/** Alice, in a browser of her own, follows the link that the problem has for an administrator. */
export async function administratorAgrees(page: Page, alices: Page): Promise<void> {
  await alices.goto(await page.evaluate('problem.adminConsentUrl'));
  await press(alices, /Alice Adams/);
  await press(alices, 'Accept');
  await see(alices, 'Approved');
}
