import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { press, see } from '../support/browser-world.ts';
import {
  administratorAgrees,
  administratorApproves,
  answerEntra,
  loadsOf,
  pressForPopup,
  seeEnds,
} from './interactions/asking-app.ts';
import { consentCase, givenCases, type InteractionCase, neverEnoughCase } from './interactions/cases.ts';
import { setStage } from './interactions/stage.ts';
import {
  administratorCase,
  administratorCases,
  approvalCase,
  keptCases,
  type RefusedCase,
  refusedCases,
} from './interactions/unhappy-cases.ts';

const stage = setStage({ interaction: 'popup' });
const { asked, meet, placeOf } = stage;

/** The person does in the window what the case says, and it closes. */
async function answerPopup(page: Page, one: InteractionCase): Promise<void> {
  const popup = await pressForPopup(page, 'Read');
  const closed = popup.isClosed() ? undefined : popup.waitForEvent('close');
  await answerEntra(popup, one, stage.world);
  await closed;
}

/** The person cannot go on alone: the window stays, with the link to hand on, until they have read it. */
async function readPopup(page: Page, one: RefusedCase): Promise<void> {
  const popup = await pressForPopup(page, 'Read');
  await answerEntra(popup, one, stage.world);
  await see(popup, one.heading);
  await seeEnds(page, one.outcome);
  const link = await popup.getByRole('link', { name: 'Link for your administrator' }).getAttribute('href');
  expect(link).toBe(await page.evaluate('failure.adminConsentUrl'));
  await popup.close();
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
    expect(page.url()).toBe(placeOf(one));
    expect(await loadsOf(page)).toBe(1);
  });

  it.for([
    ...refusedCases.map((one) => ({ ...one, answer: answerPopup })),
    ...administratorCases.map((one) => ({ ...one, answer: readPopup })),
  ])(
    'fails in a way of its own when the person $title, and nobody is asked again',
    async ({ answer, ...one }, { skip }) => {
      const page = await meet(skip, one);
      const before = asked();
      await answer(page, one);
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

  it.for([
    ['agreed at the link that the app has', administratorCase, administratorAgrees],
    ['approved what the person asked for', approvalCase, administratorApproves],
  ] as const)('works after an administrator %s, and the person clicked', async ([, one, agree], { skip }) => {
    const page = await meet(skip, one);
    await readPopup(page, one);
    await press(page, 'Read');
    const first = ['admin_consent_required', 'BffProblem admin_consent_required'];
    await seeEnds(page, ...first);
    await agree(stage.world, await stage.world.newPage(skip), page);
    await press(page, 'Ask me again');
    await seeEnds(page, ...first, 'signed_in');
    await press(page, 'Read');
    await seeEnds(page, ...first, 'signed_in', '200');
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

  it.for(keptCases)(
    'waits when $title and the person closes the window, until they say so; once it is put right it works',
    async (one, { skip }) => {
      const page = await meet(skip, one);
      const before = asked();
      const popup = await pressForPopup(page, 'Read');
      await answerEntra(popup, one, stage.world);
      await see(popup, one.heading);
      await popup.getByText(one.text).waitFor();
      expect(await popup.evaluate('opener')).toBe(null);
      await popup.close();
      expect(await page.evaluate('client.interaction.reason')).toBe(one.reason);
      await press(page, 'Stop waiting');
      await seeEnds(page, 'canceled');
      await press(page, 'Read');
      await seeEnds(page, 'canceled', 'BffProblem interaction_required');
      expect(asked() - before).toBe(1);
      one.relieve(stage.world);
      await press(page, 'Ask me again');
      await seeEnds(page, 'canceled', 'BffProblem interaction_required', 'signed_in');
      await press(page, 'Read');
      await seeEnds(page, 'canceled', 'BffProblem interaction_required', 'signed_in', '200');
    },
  );

  it('leaves the page where windows are blocked, and goes on at the same place', async ({ skip }) => {
    const page = await meet(skip, consentCase);
    const before = asked();
    await page.evaluate('window.open = () => null');
    await press(page, 'Read');
    await press(page, 'Accept');
    await seeEnds(page, 'redirecting', 'back for consent_required', '200');
    expect(page.url()).toBe(placeOf(consentCase));
    expect(await loadsOf(page)).toBe(2);
    expect(asked() - before).toBe(1);
  });
});
