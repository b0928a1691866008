import { signInAs, type TestApp } from 'entra-bff/testing';
import type { Page } from 'playwright-core';

/** The body of a test of Playwright: `test('users read their own mail', async ({ page }) => { … })`. */
export async function usersReadTheirOwnMail(page: Page, app: TestApp): Promise<void> {
  // #region test
  await signInAs(page, 'ben', { app: app.url, scopes: ['Mail.Read'] });
  await page.goto(app.url);
  await page.getByText('Your first order').waitFor();
  // #endregion
}

/** Mail needs a permission that Ben has not granted. */
export async function usersAreAskedForMail(page: Page, app: TestApp): Promise<void> {
  // #region consent
  await signInAs(page, 'ben', { app: app.url });
  const popup = page.waitForEvent('popup');
  await page.goto(app.url);
  await (await popup).getByRole('button', { name: 'Accept' }).click();
  await page.getByText('Your first order').waitFor();
  // #endregion
}
