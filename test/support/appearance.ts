import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pageIssues } from '@entra-bff/test-browser';
import type { Page } from 'playwright-core';

const folder = fileURLToPath(new URL('../../.artefacts/screenshots', import.meta.url));

/** axe would find nothing new in dark and wide, so this combination is only for screenshots. */
const looks = [
  { look: 'light', colorScheme: 'light', width: 1200, isChecked: true },
  { look: 'dark', colorScheme: 'dark', width: 1200, isChecked: false },
  { look: 'narrow', colorScheme: 'dark', width: 360, isChecked: true },
] as const;

/** `npm run screenshots` takes them for visual inspection. No test compares them. */
const takesScreenshots = process.env['TEST_SCREENSHOTS'] === 'yes';

/**
 * Shows the page light, dark and narrow.
 * @param name file name of the screenshots, without the look
 * @returns what axe reports and whether the page is wider than the window, each with the look
 */
export async function inspectAppearance(page: Page, name: string): Promise<string[]> {
  const issues: string[] = [];
  for (const { look, colorScheme, width, isChecked } of looks) {
    if (!isChecked && !takesScreenshots) continue;
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    if (isChecked) issues.push(...(await pageIssues(page)).map((issue) => `${name} ${look}: ${issue}`));
    if (takesScreenshots) await takeScreenshot(page, `${name}-${look}`);
  }
  return issues;
}

async function takeScreenshot(page: Page, name: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
