import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { usersAreAskedForMail, usersReadTheirOwnMail } from '../../examples/testing/with-browser.ts';
import { signInAs, startApp, type TestApp } from '../../testing/index.ts';
import { openPage } from '../support/open-page.ts';

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

let app: TestApp;

beforeAll(async () => {
  app = await startApp({
    bundle: inject('appBundle'),
    directory: fromRoot('examples/testing/directory.json'),
    pages: fromRoot('examples/page'),
    tableConnectionString: inject('tableConnectionString'),
    settings: { SESSION_TABLE_NAME: `t${randomBytes(8).toString('hex')}` },
  });
});
afterAll(() => app.close());
beforeEach(() => app.emulators.reset());

describe('examples/testing/with-browser.ts', () => {
  it('signs a user in, and the page shows the mail of the directory', async ({ skip }) => {
    const page = await openPage(skip);
    await usersReadTheirOwnMail(page, app);
    expect(await page.getByRole('listitem').allTextContents()).toEqual(['Your first order']);
  });

  it('leaves consent pages to the test', async ({ skip }) => {
    await usersAreAskedForMail(await openPage(skip), app);
  });
});

describe('signInAs', () => {
  it('signs the user in at Entra ID too, so that a sign-out reaches it', async ({ skip }) => {
    const page = await openPage(skip);
    await signInAs(page, 'alice', { app: app.url });
    await page.goto(`${app.url}/api/auth/login?prompt=none`);
    await page.waitForURL(`${app.url}/`);
    const tokens = (await app.emulators.entra.requests()).filter(({ kind }) => kind === 'token');
    expect(tokens.length).toBeGreaterThan(1);
  });

  it('replaces the user of the browser', async ({ skip }) => {
    const page = await openPage(skip);
    for (const user of ['alice', 'ben']) {
      await signInAs(page, user, { app: app.url });
      await page.goto(`${app.url}/`);
      const username = await page.evaluate(async () => {
        const response = await fetch('/api/auth/session', { headers: { 'X-CSRF': '1' } });
        return (await response.json()).username;
      });
      expect(username).toBe(`${user}@contoso.example`);
    }
  });
});
