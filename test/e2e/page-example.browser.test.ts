import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrowserWorld, press, startBrowserWorld } from '../support/browser-world.ts';
import { readText } from '../support/documents.ts';
import { grantSignIn } from '../support/world.ts';

let world: BrowserWorld;

beforeAll(async () => {
  world = await startBrowserWorld({});
  grantSignIn(world, 'Alice Adams', ['Mail.Read']);
});
afterAll(() => world.close());

const files: Readonly<Record<string, [type: string, path: string]>> = {
  '/': ['text/html', 'examples/page/index.html'],
  '/main.js': ['text/javascript', 'examples/page/main.js'],
};

describe('examples/page', () => {
  it('signs the user in in a window, and then shows messages', async ({ skip }) => {
    const page = await world.newPage(skip);
    const { origin } = world.worker;
    for (const [address, [contentType, path]] of Object.entries(files)) {
      await page.route(origin + address, (route) => route.fulfill({ contentType, body: readText(path) }));
    }
    await page.goto(origin);
    const [popup] = await Promise.all([page.waitForEvent('popup'), press(page, 'Sign in')]);
    await press(popup, /Alice Adams/);
    await page.getByRole('listitem').first().waitFor();
    expect(await page.getByRole('listitem').count()).toBe(10);
    await page.reload();
    await page.getByRole('listitem').first().waitFor();
  });
});
