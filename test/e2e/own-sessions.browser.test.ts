import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { inspectAppearance } from '../support/appearance.ts';
import { type BrowserWorld, press, see, signInAtDemo, startBrowserWorld } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { removeRows } from '../support/table-rows.ts';

const userAgents = {
  desk: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0',
  phone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  unknown: 'Something of its own',
};
let world: BrowserWorld;

beforeAll(async () => {
  world = await startBrowserWorld();
});
afterAll(() => world.close());
afterEach(async () => {
  world.worker.table.recover();
  await removeRows(world);
});

/** Opens the demo page in another browser of Alice. */
async function browserOf(skip: (note: string) => never, device: keyof typeof userAgents): Promise<Page> {
  const page = await world.newPage(skip, { userAgent: userAgents[device] });
  await signInAtDemo(world, page, 'Alice Adams');
  return page;
}

const card = (page: Page) => page.getByRole('region', { name: 'Where you are signed in' });
const devices = (page: Page) => card(page).locator('li b').allTextContents();

describe('the card of the user’s own sessions', () => {
  it.runIf(isWholeRun)(
    'names each browser, marks the current one, and says if it is the only one',
    async ({ skip }) => {
      const desk = await browserOf(skip, 'desk');
      await card(desk).getByText('You are not signed in anywhere else.').waitFor();
      expect(await card(desk).getByRole('button').count()).toBe(0);
      await browserOf(skip, 'phone');
      await desk.reload();
      await card(desk).getByText('Safari on iPhone').first().waitFor();
      expect((await devices(desk)).toSorted()).toEqual(['Edge on Windows', 'Safari on iPhone']);
      const own = card(desk).getByRole('listitem').filter({ hasText: 'this browser' });
      expect(await own.locator('b').allTextContents()).toEqual(['Edge on Windows']);
    },
  );

  it.runIf(isWholeRun)('ends the session of another browser and keeps the current one', async ({ skip }) => {
    const [desk, phone] = [await browserOf(skip, 'desk'), await browserOf(skip, 'phone')];
    await desk.reload();
    await card(desk).getByRole('button', { name: 'End Safari on iPhone' }).click();
    await card(desk).getByText('You are not signed in anywhere else.').waitFor();
    expect(await devices(desk)).toEqual(['Edge on Windows']);
    expect(await desk.getByRole('status').textContent()).toBe('The session in Safari on iPhone has ended.');
    // The pressed button is gone, so its card has the focus.
    expect(await desk.evaluate('document.activeElement.id')).toBe('sessions');

    await press(phone, 'Show my messages');
    await see(phone, /You sign in/);
    await phone.getByText('Your session has ended').first().waitFor();
    await press(desk, 'Show my messages');
    await see(desk, 'Your permission is needed');
  });

  it.runIf(isWholeRun)('ends all other sessions at once', async ({ skip }) => {
    const desk = await browserOf(skip, 'desk');
    const others = [await browserOf(skip, 'phone'), await browserOf(skip, 'unknown')];
    await desk.reload();
    await card(desk).getByText('Unknown browser').first().waitFor();
    await press(desk, 'End all others');
    await card(desk).getByText('You are not signed in anywhere else.').waitFor();
    for (const other of others) {
      await other.reload();
      await see(other, /You sign in/);
    }
  });

  it.runIf(isWholeRun)('treats a session that has ended in the meantime as ended', async ({ skip }) => {
    const [desk, phone] = [await browserOf(skip, 'desk'), await browserOf(skip, 'phone')];
    await desk.reload();
    const end = card(desk).getByRole('button', { name: 'End Safari on iPhone' });
    await end.waitFor();
    await press(phone, 'Sign out');
    await see(phone, 'You are signed out');
    await end.click();
    await card(desk).getByText('You are not signed in anywhere else.').waitFor();
  });

  it.runIf(isWholeRun)('shows an error and offers a retry', async ({ skip }) => {
    const desk = await browserOf(skip, 'desk');
    world.worker.table.failing.add('list');
    await desk.reload();
    await card(desk).getByRole('heading', { name: 'The call failed' }).waitFor();
    await card(desk).getByText('The session store is unavailable').waitFor();
    expect(await inspectAppearance(desk, 'own-sessions-failed')).toEqual([]);
    world.worker.table.recover();
    await card(desk).getByRole('button', { name: 'Try again' }).click();
    await card(desk).getByText('You are not signed in anywhere else.').waitFor();
  });

  it.runIf(isWholeRun)('passes axe and is no wider than the window', async ({ skip }) => {
    const desk = await browserOf(skip, 'desk');
    await browserOf(skip, 'phone');
    await browserOf(skip, 'unknown');
    await desk.reload();
    await card(desk).getByText('Unknown browser').first().waitFor();
    await desk.locator('#profile:not([aria-busy]) dl').waitFor();
    expect(await inspectAppearance(desk, 'own-sessions-several')).toEqual([]);
  });
});
