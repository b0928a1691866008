import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BrowserWorld, press, see, startBrowserWorld } from '../support/browser-world.ts';
import {
  administratorAgrees,
  isReady,
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
  blockedCase,
  consentCase,
  givenCases,
  type InteractionCase,
  neverEnoughCase,
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
    expect(await page.evaluate('reasons')).toEqual([one.reason]);
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
      expect(await page.evaluate('reasons')).toEqual([one.reason]);
      await press(page, 'Read');
      await seeEnds(page, one.outcome, one.afterwards);
      expect(asked() - before).toBe(1);
      expect(page.context().pages()).toHaveLength(1);
      expect(await page.evaluate('client.session().then((session) => session.username)')).toBe(
        'ben@contoso.example',
      );
    },
  );

  it('works after an administrator agreed at the link that the app has, and the person clicked', async ({
    skip,
  }) => {
    const page = await meet(skip, administratorCase);
    await answerPopup(page, administratorCase);
    await press(page, 'Read');
    await seeEnds(page, 'admin_consent_required', 'BffProblem admin_consent_required');
    await administratorAgrees(page, await world.newPage(skip));
    await press(page, 'Ask me again');
    await seeEnds(page, 'admin_consent_required', 'BffProblem admin_consent_required', 'signed_in');
    await press(page, 'Read');
    await seeEnds(page, 'admin_consent_required', 'BffProblem admin_consent_required', 'signed_in', '200');
  });

  it(`is thrown when ${neverEnoughCase.title}: one window, no more`, async ({ skip }) => {
    const page = await meet(skip, neverEnoughCase);
    const before = asked();
    await answerPopup(page, neverEnoughCase);
    await seeEnds(page, 'BffProblem interaction_required');
    await press(page, 'Read');
    await seeEnds(page, 'BffProblem interaction_required', 'BffProblem interaction_required');
    expect(asked() - before).toBe(1);
  });

  it(`waits when ${blockedCase.title} and the person closes the window, until they say so`, async ({
    skip,
  }) => {
    const page = await meet(skip, blockedCase);
    const before = asked();
    const popup = await pressForPopup(page, 'Read');
    await see(popup, 'You cannot access this right now');
    expect(await popup.evaluate('opener')).toBe(null);
    await popup.close();
    expect(await page.evaluate('client.interaction.reason')).toBe('claims_challenge');
    await press(page, 'Stop waiting');
    await seeEnds(page, 'cancelled');
    await press(page, 'Read');
    await seeEnds(page, 'cancelled', 'BffProblem interaction_required');
    expect(asked() - before).toBe(1);
    world.entra.switches.conditionalAccess = 'none';
    await press(page, 'Read');
    await seeEnds(page, 'cancelled', 'BffProblem interaction_required', '200');
  });

  it('leaves the page where windows are blocked, and goes on at the same place', async ({ skip }) => {
    const page = await meet(skip, consentCase);
    const before = asked();
    await page.evaluate('window.open = () => null');
    await press(page, 'Read');
    await press(page, 'Accept');
    await seeEnds(page, 'redirecting', 'back for consent_required', '200');
    expect(page.url()).toBe(placeIn(world, { path: consentCase.path, interaction }));
    expect(await loadsOf(page)).toBe(2);
    expect(asked() - before).toBe(1);
  });

  it('in two tabs at once asks in a window each; what one is told the other does not believe', async ({
    skip,
  }) => {
    const left = await meet(skip, consentCase);
    const right = await left.context().newPage();
    await right.goto(left.url());
    await isReady(right);
    const before = asked();
    const [first, second] = [await pressForPopup(left, 'Read'), await pressForPopup(right, 'Read')];
    await press(first, 'Cancel');
    await seeEnds(left, 'consent_declined');
    expect(await right.evaluate('client.interaction.reason')).toBe('consent_required');
    await press(second, 'Accept');
    await seeEnds(right, '200');
    await press(left, 'Read');
    await seeEnds(left, 'consent_declined', '200');
    expect(asked() - before).toBe(2);
  });

  it('outlives a network that is gone while the person answers', async ({ skip }) => {
    const page = await meet(skip, consentCase);
    const popup = await pressForPopup(page, 'Read');
    await popup.getByRole('button', { name: 'Accept' }).waitFor();
    await page.context().setOffline(true);
    const failed = popup.waitForEvent('requestfailed');
    await press(popup, 'Accept');
    await failed;
    await page.evaluate('dispatchEvent(new Event("focus"))');
    await page.context().setOffline(false);
    await popup.goBack();
    await press(popup, 'Accept');
    await seeEnds(page, '200');
  });
});
