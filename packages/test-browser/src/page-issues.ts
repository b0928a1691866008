import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Returns what axe reports, and whether the page is wider than the window. */
export async function pageIssues(page: Page): Promise<string[]> {
  if (!(await page.evaluate(`'axe' in window`))) await page.evaluate(axe);
  return page.evaluate(`(async () => {
    const { violations } = await axe.run();
    const issues = violations.map(({ id, nodes }) => id + ' ' + nodes.map(({ target }) => target).join(' '));
    return document.documentElement.scrollWidth > innerWidth ? [...issues, 'wider than the window'] : issues;
  })()`);
}
