import type { BrowserContextOptions, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { type LaunchedChromium, launchChromium } from './chromium.ts';

/** Skips the current test. */
export type Skip = (note: string) => never;

export type OpenPage = (skip: Skip, options?: BrowserContextOptions) => Promise<Page>;

const TIMEOUT_MS = 20_000; // below vitest's own, so that a failure names the step

/**
 * Returns a function that opens a page in a browser without cookies or storage, and closes it when the test ends.
 * All pages share one Chromium, which starts with the first page and ends with the process. Without a browser the
 * test is skipped.
 */
export function createPageOpener(launch: () => Promise<LaunchedChromium> = launchChromium): OpenPage {
  let launching: Promise<LaunchedChromium> | undefined;
  return async (skip, options = {}) => {
    launching ??= launch();
    const launched = await launching;
    if (launched.kind === 'missing') return skip('There is no browser.');
    const context = await launched.browser.newContext(options);
    onTestFinished(() => context.close());
    context.setDefaultTimeout(TIMEOUT_MS);
    return context.newPage();
  };
}

export const openPage = createPageOpener();
