import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { serveFolder } from '../../../dev/static-files.ts';
import { type BrowserWorld, press, see } from '../../support/browser-world.ts';
import type { InteractionCase } from './cases.ts';

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

/** What the person does at Entra for the case, page by page. */
export async function answerEntra(
  page: Page,
  { answers, meanwhile }: InteractionCase,
  world: BrowserWorld,
): Promise<void> {
  for (const [at, answer] of answers.entries()) {
    await page.getByRole('button', { name: answer }).waitFor();
    if (at === 0) meanwhile?.(world);
    await press(page, answer);
  }
}

/** Goes back page by page, at most five, until it is the app again. */
export async function goBackTo(page: Page, place: string): Promise<void> {
  for (let step = 0; step < 5 && page.url() !== place; step++) await goBack(page);
}

/** Goes back one page, and on where that one leads by itself. */
export async function goBack(page: Page): Promise<void> {
  // What a form led to is not loaded again: the browser says so on a page of its own.
  await page.goBack().catch(() => seeBrowserError(page));
  await page.waitForURL(
    ({ pathname, searchParams }) => !pathname.endsWith('/callback') || searchParams.has('bounced'),
  );
}

/** The browser has no page to show, and says why. */
export async function seeBrowserError(page: Page): Promise<void> {
  await expect.poll(() => page.url(), { timeout: 20_000 }).toMatch(/^chrome-error:/);
}

/** Alice, in a browser of her own, follows the link that the problem has for an administrator. */
export async function administratorAgrees(_: BrowserWorld, alices: Page, page: Page): Promise<void> {
  await alices.goto(await page.evaluate('problem.adminConsentUrl'));
  await press(alices, /Alice Adams/);
  await press(alices, 'Accept');
  await see(alices, 'Approved');
}

/** Alice approves what was asked for; the switches page of the emulator is where that is done here. */
export async function administratorApproves({ entra }: BrowserWorld, alices: Page): Promise<void> {
  await alices.goto(`${entra.origin}/switches`);
  await press(alices, 'Approve for the organization');
  await alices.getByText('Approved: the app has these permissions').waitFor();
}
