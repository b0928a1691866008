import {
  type ChromiumOptions,
  type LaunchedChromium,
  launchChromium as launch,
} from '@entra-bff/test-browser';
import { recordBrowserCoverage } from './coverage/browser.ts';

export { type ChromiumOptions, findChromium, type LaunchedChromium } from '@entra-bff/test-browser';

/** Starts a headless Chromium that records the coverage of the client. */
export async function launchChromium(options?: ChromiumOptions): Promise<LaunchedChromium> {
  const launched = await launch(options);
  return launched.kind === 'browser'
    ? { ...launched, browser: recordBrowserCoverage(launched.browser) }
    : launched;
}
