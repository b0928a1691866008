import type { Browser, BrowserContext, ElementHandle, Page } from 'playwright-core';
import type { LaunchedChromium } from '../chromium.ts';
import {
  type ElementQuery,
  type EngineBrowser,
  type EngineWindow,
  findElement,
  type LaunchedEngine,
} from './engine.ts';

/** Wraps a Chromium that Playwright has started. */
export async function wrapChromium(launched: LaunchedChromium): Promise<LaunchedEngine> {
  if (launched.kind === 'missing') return launched;
  const context = await launched.browser.newContext({ ignoreHTTPSErrors: true });
  return { kind: 'browser', browser: wrapContext(launched.browser, context) };
}

function wrapContext(browser: Browser, context: BrowserContext): EngineBrowser {
  const windows = new Map<Page, EngineWindow>();
  const windowOf = (page: Page) => {
    const known = windows.get(page) ?? wrapPage(page, String(windows.size));
    windows.set(page, known);
    return known;
  };
  return {
    open: async () => windowOf(await context.newPage()),
    windows: async () => context.pages().map(windowOf),
    removeCookies: () => context.clearCookies(),
    close: () => browser.close(),
  };
}

function wrapPage(page: Page, id: string): EngineWindow {
  const elementOf = async (query: ElementQuery): Promise<ElementHandle | null> => {
    const handle = await page.evaluateHandle<Element | null>(findElement(query));
    return handle.asElement();
  };
  return {
    id,
    goto: async (url) => void (await page.goto(url, { waitUntil: 'commit' })),
    back: async () => void (await page.goBack({ waitUntil: 'commit' })),
    reload: async () => void (await page.reload({ waitUntil: 'commit' })),
    evaluate: (expression) => page.evaluate(expression),
    async click(query) {
      const element = await elementOf(query);
      await element?.click({ noWaitAfter: true });
      return element !== null;
    },
    async type(query, text) {
      const element = await elementOf(query);
      await element?.focus();
      if (element) await page.keyboard.type(text);
      return element !== null;
    },
    screenshot: () => page.screenshot(),
    close: () => page.close(),
  };
}
