import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BrowserWorld, press, startBrowserWorld } from '../support/browser-world.ts';
import {
  loadsOf,
  openSignedIn,
  placeIn,
  pressForPopup,
  seeEnds,
  serveApp,
} from './interactions/asking-app.ts';
import {
  administratorCase,
  arrange,
  givenCases,
  type InteractionCase,
  refusedCases,
  startOver,
} from './interactions/cases.ts';

const interaction = 'popup';
let world: BrowserWorld;

beforeAll(async () => {
  world = await startBrowserWorld({ frontend: serveApp });
});
beforeEach(() => startOver(world));
afterAll(() => world.close());

const asked = () => world.entra.count('authorize');

/** Opens the app with the case under way. */
async function meet(skip: (note: string) => never, one: InteractionCase): Promise<Page> {
  const page = await world.newPage(skip);
  await openSignedIn(world, page, { path: one.path, interaction });
  await arrange(world, one);
  return page;
}

/** The person does in the window what the case says, and it closes. */
async function answerPopup(page: Page, { answers, meanwhile }: InteractionCase): Promise<void> {
  const popup = await pressForPopup(page, 'Read');
  const closed = popup.isClosed() ? undefined : popup.waitForEvent('close');
  for (const [at, answer] of answers.entries()) {
    await popup.getByRole('button', { name: answer }).waitFor();
    if (at === 0) meanwhile?.(world);
    await press(popup, answer);
  }
  await closed;
}

describe('a call in an app that asks in a popup, which Entra cuts off from its opener', () => {
  it.for(givenCases)('is repeated by itself when $title', async (one, { skip }) => {
    const page = await meet(skip, one);
    const before = asked();
    await answerPopup(page, one);
    await seeEnds(page, '200');
    expect(asked() - before).toBe(1);
    await press(page, 'Read');
    await seeEnds(page, '200', '200');
    expect(asked() - before).toBe(1);
    expect(page.url()).toBe(placeIn(world, { path: one.path, interaction }));
    expect(await loadsOf(page)).toBe(1);
  });

  it.for([...refusedCases, administratorCase])(
    'fails in a way of its own when the person $title, and nobody is asked again',
    async (one, { skip }) => {
      const page = await meet(skip, one);
      const before = asked();
      await answerPopup(page, one);
      await seeEnds(page, one.outcome);
      await press(page, 'Read');
      await seeEnds(page, one.outcome, one.afterwards);
      expect(asked() - before).toBe(1);
      expect(page.context().pages()).toHaveLength(1);
      expect(await page.evaluate('client.session().then((session) => session.username)')).toBe(
        'ben@contoso.example',
      );
    },
  );
});
