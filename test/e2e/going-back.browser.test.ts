import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { press, see } from '../support/browser-world.ts';
import { answerEntra, goBack, goBackTo, isReady, pressForPopup, seeEnds } from './interactions/asking-app.ts';
import {
  consentCase,
  type InteractionCase,
  passwordChangedCase,
  refreshTokenExpiredCase,
  rowGoneCase,
} from './interactions/cases.ts';
import { setStage } from './interactions/stage.ts';
import { approvalCase, declinedCase, oneOfEachOutcome } from './interactions/unhappy-cases.ts';

const stage = setStage({ interaction: 'redirect' });
const { asked, meet, placeOf } = stage;

describe('the back button, in an app that leaves its page', () => {
  async function leaveAndAnswer(skip: (note: string) => never, one: InteractionCase): Promise<Page> {
    const page = await meet(skip, one);
    await press(page, 'Read');
    await answerEntra(page, one, stage.world);
    return page;
  }

  it.for([refreshTokenExpiredCase, rowGoneCase])(
    'when $title and Entra asked nothing leads to the app as it was',
    async (one, { skip }) => {
      const page = await leaveAndAnswer(skip, one);
      const ends = ['redirecting', `back for ${one.reason}`, '200'];
      await seeEnds(page, ...ends);
      const before = asked();
      await goBack(page);
      expect(page.url()).toBe(placeOf(one));
      await seeEnds(page, ...ends);
      await press(page, 'Read');
      await seeEnds(page, ...ends, '200');
      expect(asked()).toBe(before);
    },
  );

  it.for([consentCase, passwordChangedCase])(
    'when $title and the person gave it meets an answer that is used: told so, and the app goes on',
    async (one, { skip }) => {
      const page = await leaveAndAnswer(skip, one);
      const ends = ['redirecting', `back for ${one.reason}`, '200'];
      await seeEnds(page, ...ends);
      await goBack(page);
      await see(page, 'This sign-in cannot be completed');
      await page.goForward();
      expect(page.url()).toBe(placeOf(one));
      await isReady(page);
      await press(page, 'Read');
      await seeEnds(page, ...ends, '200');
    },
  );

  // The last one has a page behind it that a form led to.
  it.for([...oneOfEachOutcome, approvalCase])(
    'when the person $title leads past Entra to the app, which is told',
    async (one, { skip }) => {
      const page = await leaveAndAnswer(skip, one);
      await see(page, one.heading);
      await goBackTo(page, placeOf(one));
      const ends = ['redirecting', `back for ${one.reason}`, one.afterwards];
      await seeEnds(page, ...ends);
      const before = asked();
      await press(page, 'Read');
      await seeEnds(page, ...ends, one.afterwards);
      expect(asked()).toBe(before);
    },
  );

  it('does not turn a no into a yes: the sign-in was used; a click in the app does', async ({ skip }) => {
    const page = await leaveAndAnswer(skip, declinedCase);
    await see(page, declinedCase.heading);
    await goBack(page);
    await press(page, 'Accept');
    await see(page, 'This sign-in cannot be completed');
    await goBackTo(page, placeOf(declinedCase));
    const ends = ['redirecting', 'back for consent_required', 'BffProblem consent_declined'];
    await seeEnds(page, ...ends);
    await press(page, 'Ask me again');
    await seeEnds(page, ...ends, 'redirecting', 'back for undefined', '200');
  });
});

describe('the back button, in an app that asks in a popup', () => {
  const interaction = 'popup';

  it('between the pages of Entra loses nothing', async ({ skip }) => {
    const page = await meet(skip, { ...passwordChangedCase, path: consentCase.path }, { interaction });
    const popup = await pressForPopup(page, 'Read');
    await press(popup, /Ben Brown/);
    await see(popup, 'Permissions requested');
    await goBack(popup);
    await press(popup, 'Accept');
    await seeEnds(page, '200');
  });

  it('in the page that waits leaves it: the window ends, and forward the app has what it gave', async ({
    skip,
  }) => {
    const page = await meet(skip, consentCase, { interaction });
    const before = asked();
    const popup = await pressForPopup(page, 'Read');
    await popup.getByRole('button', { name: 'Accept' }).waitFor();
    await page.goBack();
    const closed = popup.waitForEvent('close');
    await press(popup, 'Accept');
    await closed;
    await page.goForward();
    await isReady(page);
    await press(page, 'Read');
    await seeEnds(page, '200');
    expect(asked() - before).toBe(1);
  });

  it('after a no, and forward again: the app is told, and opens no window', async ({ skip }) => {
    const page = await meet(skip, declinedCase, { interaction });
    await answerEntra(await pressForPopup(page, 'Read'), declinedCase, stage.world);
    await seeEnds(page, declinedCase.outcome);
    await page.goBack();
    await page.goForward();
    await isReady(page);
    await press(page, 'Read');
    await seeEnds(page, declinedCase.outcome, declinedCase.afterwards);
    expect(page.context().pages()).toHaveLength(1);
  });
});
