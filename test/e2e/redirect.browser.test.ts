import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { follow, press, see } from '../support/browser-world.ts';
import {
  administratorAgrees,
  administratorApproves,
  answerEntra,
  goBackTo,
  loadsOf,
  seeEnds,
} from './interactions/asking-app.ts';
import {
  arrange,
  givenCases,
  type InteractionCase,
  neverEnoughCase,
  refreshTokenExpiredCase,
  rowGoneCase,
} from './interactions/cases.ts';
import { setStage } from './interactions/stage.ts';
import {
  administratorCase,
  administratorCases,
  approvalCase,
  keptCases,
  refusedCases,
} from './interactions/unhappy-cases.ts';

const stage = setStage({ interaction: 'redirect' });
const { asked, meet, placeOf } = stage;

/** The call is made, and the person does at Entra what the case says. */
async function readAndAnswer(page: Page, one: InteractionCase): Promise<void> {
  await press(page, 'Read');
  await answerEntra(page, one, stage.world);
}

describe('a call in an app that leaves its page for the person', () => {
  it.for(givenCases)('goes on at the same place when $title', async (one, { skip }) => {
    const page = await meet(skip, one);
    const before = asked();
    await readAndAnswer(page, one);
    await seeEnds(page, 'redirecting', `back for ${one.reason}`, '200');
    expect(page.url()).toBe(placeOf(one));
    await press(page, 'Read');
    await seeEnds(page, 'redirecting', `back for ${one.reason}`, '200', '200');
    expect(asked() - before).toBe(1);
    expect(await loadsOf(page)).toBe(2);
  });

  it('leaves again when the same arises anew after it was given', async ({ skip }) => {
    const page = await meet(skip, refreshTokenExpiredCase);
    const before = asked();
    const round = ['redirecting', `back for ${refreshTokenExpiredCase.reason}`, '200'];
    // Each call asks Entra, so that the next one finds what has ended.
    stage.world.entra.switches.accessTokenLifetimeSeconds = 20;
    await press(page, 'Read');
    await seeEnds(page, ...round);
    await arrange(stage.world, refreshTokenExpiredCase);
    await press(page, 'Read');
    await seeEnds(page, ...round, ...round);
    expect(asked() - before).toBe(2);
  });

  it.for([...refusedCases, ...administratorCases])(
    'is told on a page of ours when the person $title; the app goes on, and nobody is asked again',
    async (one, { skip }) => {
      const page = await meet(skip, one);
      const before = asked();
      await readAndAnswer(page, one);
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

  it.for([
    ['agreed at the link that the app has', administratorCase, administratorAgrees],
    ['approved what the person asked for', approvalCase, administratorApproves],
  ] as const)('works after an administrator %s, and the person clicked', async ([, one, agree], { skip }) => {
    const page = await meet(skip, one);
    await readAndAnswer(page, one);
    await follow(page, 'Back to the app');
    const first = ['redirecting', 'back for consent_required', 'BffProblem admin_consent_required'];
    await seeEnds(page, ...first);
    await agree(stage.world, await stage.world.newPage(skip), page);
    await press(page, 'Ask me again');
    await seeEnds(page, ...first, 'redirecting', 'back for undefined', '200');
    expect(page.url()).toBe(placeOf(one));
  });

  it(`is thrown when ${neverEnoughCase.title}: the page is left once, no more`, async ({ skip }) => {
    const page = await meet(skip, neverEnoughCase);
    const before = asked();
    await readAndAnswer(page, neverEnoughCase);
    const first = ['redirecting', 'back for continuous_access_evaluation', 'BffProblem interaction_required'];
    await seeEnds(page, ...first);
    await press(page, 'Read');
    await seeEnds(page, ...first, 'BffProblem interaction_required');
    expect(asked() - before).toBe(1);
  });

  it.for(keptCases)(
    'ends when $title and the person goes back; once it is put right a click works',
    async (one, { skip }) => {
      const page = await meet(skip, one);
      await readAndAnswer(page, one);
      await see(page, one.heading);
      await page.getByText(one.text).waitFor();
      await goBackTo(page, placeOf(one));
      const first = ['redirecting', `back for ${one.reason}`, 'BffProblem interaction_required'];
      await seeEnds(page, ...first);
      const before = asked();
      await press(page, 'Read');
      await seeEnds(page, ...first, 'BffProblem interaction_required');
      expect(asked()).toBe(before);
      one.relieve(stage.world);
      await press(page, 'Ask me again');
      const again = ['BffProblem interaction_required', 'redirecting', `back for ${one.reason}`];
      await seeEnds(page, ...first, ...again, '200');
      expect(page.url()).toBe(placeOf(one));
      expect(asked() - before).toBe(1);
    },
  );
});

describe('a round through Entra that shows nothing', () => {
  const silent = { session: 'silent' } as const;

  it(`heals when ${rowGoneCase.title}, at the same place`, async ({ skip }) => {
    const page = await meet(skip, rowGoneCase, silent);
    const before = asked();
    await press(page, 'Read');
    await seeEnds(page, 'redirecting', `back for ${rowGoneCase.reason}`, '200');
    expect(page.url()).toBe(placeOf(rowGoneCase, silent));
    expect(asked() - before).toBe(1);
  });

  it('is made once where Entra needs the person: after that the app is told', async ({ skip }) => {
    const page = await meet(skip, rowGoneCase, silent);
    const before = asked();
    stage.world.entra.signEverybodyOut();
    await press(page, 'Read');
    await see(page, 'Sign in to continue');
    await follow(page, 'Back to the app');
    const first = ['redirecting', `back for ${rowGoneCase.reason}`, 'BffProblem session_required'];
    await seeEnds(page, ...first);
    await press(page, 'Sign in silently');
    await seeEnds(page, ...first, 'login_required');
    expect(asked() - before).toBe(1);
    expect(page.url()).toBe(placeOf(rowGoneCase, silent));
  });
});
