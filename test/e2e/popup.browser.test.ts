import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { press, see } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
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
  deadEndCases,
  helplessCases,
  otherAccountCase,
  type RefusedCase,
  refusedCases,
} from './interactions/unhappy-cases.ts';

const stage = setStage({ interaction: 'popup' });
const { asked, eachCase, meet, placeOf } = stage;

/** The user answers in the popup, which then closes. */
async function answerPopup(page: Page, one: InteractionCase): Promise<void> {
  const popup = await pressForPopup(page, 'Read');
  const closed = popup.isClosed() ? undefined : popup.waitForEvent('close');
  await answerEntra(popup, one, stage.world);
  await closed;
}

/** The user needs an administrator. The popup stays open and shows the link for the administrator. */
async function readPopup(page: Page, one: RefusedCase): Promise<void> {
  const popup = await pressForPopup(page, 'Read');
  await answerEntra(popup, one, stage.world);
  await see(popup, one.heading);
  await seeEnds(page, one.outcome);
  const link = await popup.getByRole('link', { name: 'Link for your administrator' }).getAttribute('href');
  expect(link).toBe(await page.evaluate('failure.adminConsentUrl'));
  await popup.close();
}

/** The call fails, and no later call asks the user again. */
async function failsOnce(
  one: RefusedCase,
  skip: (note: string) => never,
  answer: (page: Page, one: RefusedCase) => Promise<void>,
): Promise<void> {
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
}

describe('a call that needs the user, in an app that uses popups', () => {
  eachCase(
    givenCases,
    ({ title }) => `is repeated after the user has answered, if ${title}`,
    async (one, skip) => {
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
    },
  );

  const fails = ({ title }: RefusedCase) =>
    `fails with its own outcome and does not ask again, if the user ${title}`;
  eachCase(refusedCases, fails, (one, skip) => failsOnce(one, skip, answerPopup));
  eachCase(administratorCases, fails, (one, skip) => failsOnce(one, skip, readPopup));

  for (const [what, one, consent] of [
    ['has consented at the link that the app shows', administratorCase, administratorAgrees],
    ['has approved the request of the user', approvalCase, administratorApproves],
  ] as const) {
    eachCase(
      [{ ...one, displays: [] }],
      () => `works after an administrator ${what} and the user has clicked`,
      async (one, skip) => {
        const page = await meet(skip, one);
        await readPopup(page, one);
        await press(page, 'Read');
        const first = ['admin_consent_required', 'BffProblem admin_consent_required'];
        await seeEnds(page, ...first);
        await consent(stage.world, await stage.world.newPage(skip), page);
        await press(page, 'Ask me again');
        await seeEnds(page, ...first, 'signed_in');
        await press(page, 'Read');
        await seeEnds(page, ...first, 'signed_in', '200');
      },
    );
  }

  eachCase(
    [neverEnoughCase],
    ({ title }) => `fails after one popup, if ${title}`,
    async (one, skip) => {
      const page = await meet(skip, one);
      const before = asked();
      await answerPopup(page, one);
      await seeEnds(page, 'BffProblem interaction_required');
      await press(page, 'Read');
      await seeEnds(page, 'BffProblem interaction_required', 'BffProblem interaction_required');
      expect(asked() - before).toBe(1);
    },
  );

  eachCase(
    deadEndCases,
    ({ title }) =>
      `waits until the user stops it, if ${title} and the user closes the popup, and works once the obstacle is gone`,
    async (one, skip) => {
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

  const refusedAtFirst = 'BffProblem interaction_required';

  eachCase(
    helplessCases,
    ({ title }) =>
      `opens no popup by itself, if ${title}; at a click it does, and works once the obstacle is gone`,
    async (one, skip) => {
      const page = await meet(skip, one);
      const before = asked();
      await press(page, 'Read');
      await seeEnds(page, refusedAtFirst);
      expect(await page.evaluate('[problem.reason, problem.resolvedBy]')).toEqual([
        one.reason,
        'administrator',
      ]);
      expect(asked()).toBe(before);
      const popup = await pressForPopup(page, 'Ask me again');
      await see(popup, one.heading);
      await popup.getByText(one.text).waitFor();
      await popup.close();
      await press(page, 'Stop waiting');
      await seeEnds(page, refusedAtFirst, 'canceled');
      one.relieve(stage.world);
      await press(page, 'Ask me again');
      await seeEnds(page, refusedAtFirst, 'canceled', 'signed_in');
      await press(page, 'Read');
      await seeEnds(page, refusedAtFirst, 'canceled', 'signed_in', '200');
    },
  );

  eachCase(
    [otherAccountCase],
    ({ title }) => `fails at a click with its own outcome, if the user ${title}`,
    async (one, skip) => {
      const page = await meet(skip, one);
      await press(page, 'Read');
      await seeEnds(page, refusedAtFirst);
      const popup = await pressForPopup(page, 'Ask me again');
      await answerEntra(popup, one, stage.world);
      await seeEnds(page, refusedAtFirst, one.outcome);
      expect(await page.evaluate('client.session().then((session) => session.username)')).toBe(
        'ben@contoso.example',
      );
    },
  );

  it('stays on the page if popups are blocked, and works after one click', async ({ skip }) => {
    const page = await meet(skip, consentCase);
    await page.evaluate('window.allowed = window.open; window.open = () => null');
    await press(page, 'Read');
    await seeEnds(page, 'blocked');
    await page.evaluate('window.open = window.allowed');
    const popup = await pressForPopup(page, 'Ask me again');
    await press(popup, 'Accept');
    await seeEnds(page, 'blocked', 'signed_in');
    await press(page, 'Read');
    await seeEnds(page, 'blocked', 'signed_in', '200');
    expect(await loadsOf(page)).toBe(1);
  });

  it.runIf(isWholeRun)(
    'can redirect if popups are blocked, and continues at the same address',
    async ({ skip }) => {
      const ifBlocked = 'redirect';
      const page = await meet(skip, consentCase, { ifBlocked });
      const before = asked();
      await page.evaluate('window.open = () => null');
      await press(page, 'Read');
      await press(page, 'Accept');
      await seeEnds(page, 'redirecting', 'back for consent_required', '200');
      expect(page.url()).toBe(placeOf(consentCase, { ifBlocked }));
      expect(await loadsOf(page)).toBe(2);
      expect(asked() - before).toBe(1);
    },
  );
});
