import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BrowserWorld, follow, press, see, startBrowserWorld } from '../support/browser-world.ts';
import {
  type AppOptions,
  administratorAgrees,
  loadsOf,
  openSignedIn,
  placeIn,
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
  rowGoneCase,
  startOver,
} from './interactions/cases.ts';

const interaction = 'redirect';
let world: BrowserWorld;

beforeAll(async () => {
  world = await startBrowserWorld({ frontend: serveApp });
});
beforeEach(() => startOver(world));
afterAll(() => world.close());

const asked = () => world.entra.count('authorize');
const placeOf = ({ path }: InteractionCase) => placeIn(world, { path, interaction });

/** Opens the app with the case under way. */
async function meet(
  skip: (note: string) => never,
  one: InteractionCase,
  more: Pick<AppOptions, 'session'> = {},
): Promise<Page> {
  const page = await world.newPage(skip);
  await openSignedIn(world, page, { path: one.path, interaction, ...more });
  await arrange(world, one);
  return page;
}

/** The call is made, and the person does at Entra what the case says. */
async function answerEntra(page: Page, { answers, meanwhile }: InteractionCase): Promise<void> {
  await press(page, 'Read');
  for (const [at, answer] of answers.entries()) {
    await page.getByRole('button', { name: answer }).waitFor();
    if (at === 0) meanwhile?.(world);
    await press(page, answer);
  }
}

describe('a call in an app that leaves its page for the person', () => {
  it.for(givenCases)('goes on at the same place when $title', async (one, { skip }) => {
    const page = await meet(skip, one);
    const before = asked();
    await answerEntra(page, one);
    await seeEnds(page, 'redirecting', `back for ${one.reason}`, '200');
    expect(page.url()).toBe(placeOf(one));
    await press(page, 'Read');
    await seeEnds(page, 'redirecting', `back for ${one.reason}`, '200', '200');
    expect(asked() - before).toBe(1);
    expect(await loadsOf(page)).toBe(2);
  });

  it.for([...refusedCases, administratorCase])(
    'is told on a page of ours when the person $title; the app goes on, and nobody is asked again',
    async (one, { skip }) => {
      const page = await meet(skip, one);
      const before = asked();
      await answerEntra(page, one);
      await see(page, one.heading);
      await follow(page, 'Back to the app');
      await seeEnds(page, 'redirecting', `back for ${one.reason}`, one.afterwards);
      expect(page.url()).toBe(placeOf(one));
      await press(page, 'Read');
      await seeEnds(page, 'redirecting', `back for ${one.reason}`, one.afterwards, one.afterwards);
      expect(asked() - before).toBe(1);
      expect(await page.evaluate('client.session().then((session) => session.username)')).toBe(
        'ben@contoso.example',
      );
    },
  );

  it('works after an administrator agreed at the link that the app has, and the person clicked', async ({
    skip,
  }) => {
    const page = await meet(skip, administratorCase);
    await answerEntra(page, administratorCase);
    await follow(page, 'Back to the app');
    const first = ['redirecting', 'back for consent_required', 'BffProblem admin_consent_required'];
    await seeEnds(page, ...first);
    await administratorAgrees(page, await world.newPage(skip));
    await press(page, 'Ask me again');
    await seeEnds(page, ...first, 'redirecting', 'back for undefined', '200');
    expect(page.url()).toBe(placeOf(administratorCase));
  });

  it(`is thrown when ${neverEnoughCase.title}: the page is left once, no more`, async ({ skip }) => {
    const page = await meet(skip, neverEnoughCase);
    const before = asked();
    await answerEntra(page, neverEnoughCase);
    const first = ['redirecting', 'back for continuous_access_evaluation', 'BffProblem interaction_required'];
    await seeEnds(page, ...first);
    await press(page, 'Read');
    await seeEnds(page, ...first, 'BffProblem interaction_required');
    expect(asked() - before).toBe(1);
  });

  it.for([
    { one: blockedCase, heading: 'You cannot access this right now' },
    { one: consentCase, heading: 'Permissions requested' },
  ])(
    'ends when $one.title and the person goes back; a click asks again',
    async ({ one, heading }, { skip }) => {
      const page = await meet(skip, one);
      const before = asked();
      await press(page, 'Read');
      await see(page, heading);
      await page.goBack();
      const first = ['redirecting', `back for ${one.reason}`, 'BffProblem interaction_required'];
      await seeEnds(page, ...first);
      expect(page.url()).toBe(placeOf(one));
      expect(asked() - before).toBe(1);
      await press(page, 'Ask me again');
      await see(page, heading);
      expect(asked() - before).toBe(2);
    },
  );

  it('outlives a network that is gone while the person answers', async ({ skip }) => {
    const page = await meet(skip, consentCase);
    await press(page, 'Read');
    await page.getByRole('button', { name: 'Accept' }).waitFor();
    await page.context().setOffline(true);
    const failed = page.waitForEvent('requestfailed');
    await press(page, 'Accept');
    await failed;
    await page.context().setOffline(false);
    await page.goBack();
    await press(page, 'Accept');
    await seeEnds(page, 'redirecting', 'back for consent_required', '200');
    expect(page.url()).toBe(placeOf(consentCase));
  });
});

describe('a round through Entra that shows nothing', () => {
  const session = 'silent';

  it(`heals when ${rowGoneCase.title}, at the same place`, async ({ skip }) => {
    const page = await meet(skip, rowGoneCase, { session });
    const before = asked();
    await press(page, 'Read');
    await seeEnds(page, 'redirecting', 'back for undefined', '200');
    expect(page.url()).toBe(placeIn(world, { path: rowGoneCase.path, interaction, session }));
    expect(asked() - before).toBe(1);
  });

  it('is made once where Entra needs the person: after that the app is told', async ({ skip }) => {
    const page = await meet(skip, rowGoneCase, { session });
    const before = asked();
    world.entra.signEverybodyOut();
    await press(page, 'Read');
    await see(page, 'Sign in to go on');
    await follow(page, 'Back to the app');
    const first = ['redirecting', 'back for undefined', 'BffProblem session_required'];
    await seeEnds(page, ...first);
    await press(page, 'Sign in silently');
    await seeEnds(page, ...first, 'login_required');
    expect(asked() - before).toBe(1);
    expect(page.url()).toBe(placeIn(world, { path: rowGoneCase.path, interaction, session }));
  });
});
