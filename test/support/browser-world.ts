import type { Directory } from '@entra-bff/directory';
import { axe } from '@entra-bff/test-browser';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { launchChromium } from './chromium.ts';
import { grantSignIn, startWorld, type Worker, type WorkerOptions, type World } from './world.ts';

/** A world with the demo page or an app in front, and a real browser to see it with. */
export interface BrowserWorld extends World {
  readonly worker: Worker;
  /**
   * A page of a browser with nothing in it, closed when the test ends.
   * @param skip of the test, for where there is no browser
   */
  newPage(skip: (note: string) => never, options?: BrowserContextOptions): Promise<Page>;
}

const TIMEOUT_MS = 20_000; // below vitest's own, so that a failure names the step

/**
 * @param options of the worker; the demo page is in front when left out
 * @param people others than those of `npm start`
 */
export async function startBrowserWorld(
  options: WorkerOptions = { servesDemo: true },
  people?: Directory,
): Promise<BrowserWorld> {
  const [launched, world] = await Promise.all([launchChromium(), startWorld(people)]);
  const worker = await world.startWorker(options);
  return {
    ...world,
    worker,
    async newPage(skip, options = {}) {
      if (launched.kind === 'missing') return skip('There is no browser.');
      const context = await launched.browser.newContext(options);
      onTestFinished(() => context.close());
      context.setDefaultTimeout(TIMEOUT_MS);
      await context.addInitScript(axe);
      return context.newPage();
    },
    async close() {
      if (launched.kind === 'browser') await launched.browser.close();
      await world.close();
    },
  };
}

export function press(page: Page, name: string | RegExp): Promise<void> {
  return page.getByRole('button', { name }).click();
}

export function follow(page: Page, name: string): Promise<void> {
  return page.getByRole('link', { name }).click();
}

/** Waits for a page or a part of one to be there. */
export function see(page: Page, heading: string | RegExp): Promise<void> {
  return page.getByRole('heading', { name: heading }).waitFor();
}

/** Opens the demo page and goes to Entra from there. */
export async function startSignIn(page: Page, origin: string): Promise<void> {
  await page.goto(origin);
  await press(page, 'Sign in');
}

/** Signs in from the demo page, as somebody who has agreed to be signed in before. */
export async function signInAtDemo(world: BrowserWorld, page: Page, name: string): Promise<void> {
  grantSignIn(world, name);
  await startSignIn(page, world.worker.origin);
  await press(page, new RegExp(name));
  await see(page, `Hello, ${name}`);
}
