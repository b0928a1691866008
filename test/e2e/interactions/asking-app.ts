import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { serveFolder } from '../../../dev/static-files.ts';
import { type BrowserWorld, press, see, signInWithoutPage } from '../../support/browser-world.ts';
import type { InteractionCase } from './cases.ts';

/** Serves the app beside the functions, as a static site does. */
export const serveApp = serveFolder(fileURLToPath(new URL('app', import.meta.url)));

export interface AppOptions {
  /** The path that it reads from Graph. */
  readonly path: string;
  readonly interaction: 'popup' | 'redirect';
  readonly session?: 'ask' | 'silent';
  readonly ifBlocked?: 'redirect';
}

/** The address of the app. Interactions must keep all of it, including the fragment. */
export function placeIn(world: BrowserWorld, { session = 'ask', ...more }: AppOptions): string {
  return `${world.worker.origin}/app.html?${new URLSearchParams({ session, ...more })}#third`;
}

/** Signs Ben in, and opens the app. */
export async function openSignedIn(world: BrowserWorld, page: Page, options: AppOptions): Promise<void> {
  await signInWithoutPage(world, page, 'ben');
  await page.goto(placeIn(world, options));
  await isReady(page);
}

export function isReady(page: Page): Promise<void> {
  return page.locator('body.ready').waitFor();
}

/** Waits until the calls of the app have ended like this. */
export function seeEnds(page: Page, ...ends: readonly string[]): Promise<void> {
  return page.locator('#ends').getByText(ends.join(', '), { exact: true }).waitFor();
}

export function loadsOf(page: Page): Promise<number> {
  return page.evaluate(`JSON.parse(sessionStorage.getItem('app')).loads`);
}

/** Clicks, and returns the popup. */
export async function pressForPopup(page: Page, name: string): Promise<Page> {
  const [popup] = await Promise.all([page.waitForEvent('popup'), press(page, name)]);
  return popup;
}

/** Answers the pages of Entra ID as the case says. */
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

/** Goes back at most five pages, until the app is shown. */
export async function goBackTo(page: Page, place: string): Promise<void> {
  for (let step = 0; step < 5 && page.url() !== place; step++) await goBack(page);
}

/** Goes back one page and follows its redirects. */
export async function goBack(page: Page): Promise<void> {
  // The browser shows a page of its own instead of sending a form again.
  await page.goBack().catch(() => seeBrowserError(page));
  // The page that loads the callback once more.
  await page.getByRole('heading', { name: 'One moment' }).waitFor({ state: 'hidden' });
  await page.waitForLoadState();
}

/** Waits for the browser's own error page. */
export async function seeBrowserError(page: Page): Promise<void> {
  await expect.poll(() => page.url(), { timeout: 20_000 }).toMatch(/^chrome-error:/);
  // A reload before that fails with "Not attached to an active page".
  await page.waitForLoadState();
}

/** Alice opens the link for administrators in her own browser and consents. */
export async function administratorAgrees(_: BrowserWorld, alices: Page, page: Page): Promise<void> {
  await alices.goto(await page.evaluate('problem.adminConsentUrl'));
  await press(alices, /Alice Adams/);
  await press(alices, 'Accept');
  await see(alices, 'Approved');
}

/** Alice approves the request on the switches page of the emulator. */
export async function administratorApproves({ entra }: BrowserWorld, alices: Page): Promise<void> {
  await alices.goto(`${entra.origin}/switches`);
  await press(alices, 'Approve for the organization');
  await alices.getByText('Approved. The app has these permissions').waitFor();
}
