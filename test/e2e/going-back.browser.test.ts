import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { press, see } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { grantSignIn } from '../support/world.ts';
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

describe('the back button, in an app that uses redirects', () => {
  async function leaveAndAnswer(skip: (note: string) => never, one: InteractionCase): Promise<Page> {
    const page = await meet(skip, one);
    await press(page, 'Read');
    await answerEntra(page, one, stage.world);
    return page;
  }

  it.for(isWholeRun ? [refreshTokenExpiredCase, rowGoneCase] : [])(
    'returns to the app as it was, if $title and Entra ID did not prompt',
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

  it.runIf(isWholeRun)(
    'leads to the return path of the sign-in, and from there to the page before it',
    async ({ skip }) => {
      const page = await stage.world.newPage(skip);
      grantSignIn(stage.world, 'Ben Brown');
      const before = `${stage.world.entra.origin}/switches`;
      const place = placeOf(consentCase);
      const { origin } = new URL(place);
      await page.goto(before);
      await page.goto(`${origin}/api/auth/login?return_to=${encodeURIComponent(place.slice(origin.length))}`);
      await press(page, /Ben Brown/);
      await isReady(page);
      for (const shown of [place, before]) {
        await goBack(page);
        expect(page.url()).toBe(shown);
      }
      await page.goForward();
      expect(page.url()).toBe(place);
      await isReady(page);
    },
  );

  it.for(isWholeRun ? [consentCase, passwordChangedCase] : [])(
    'returns to the app, which continues, and so does forward, if $title',
    async (one, { skip }) => {
      const page = await leaveAndAnswer(skip, one);
      const ends = ['redirecting', `back for ${one.reason}`, '200'];
      await seeEnds(page, ...ends);
      await goBack(page);
      // The fragment never left the browser. The client restored it at the first return.
      expect(page.url()).toBe(placeOf(one).replace(/#.*/, ''));
      await seeEnds(page, ...ends);
      await page.goForward();
      expect(page.url()).toBe(placeOf(one));
      await isReady(page);
      await press(page, 'Read');
      await seeEnds(page, ...ends, '200');
    },
  );

  // In the last case, a form led to the page behind it.
  it.for(isWholeRun ? [...oneOfEachOutcome, approvalCase] : [])(
    'returns past Entra ID to the app, which gets the outcome, if the user $title',
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

  it.runIf(isWholeRun)('cannot turn a denial into consent, but a click in the app can', async ({ skip }) => {
    const page = await leaveAndAnswer(skip, declinedCase);
    await see(page, declinedCase.heading);
    await goBack(page);
    await press(page, 'Accept');
    await see(page, declinedCase.heading);
    await goBackTo(page, placeOf(declinedCase));
    const ends = ['redirecting', 'back for consent_required', 'BffProblem consent_declined'];
    await seeEnds(page, ...ends);
    await press(page, 'Ask me again');
    await seeEnds(page, ...ends, 'redirecting', 'back for undefined', '200');
  });
});

describe('the back button, in an app that uses popups', () => {
  const interaction = 'popup';

  it.runIf(isWholeRun)('between pages of Entra ID loses nothing', async ({ skip }) => {
    const page = await meet(skip, { ...passwordChangedCase, path: consentCase.path }, { interaction });
    const popup = await pressForPopup(page, 'Read');
    await press(popup, /Ben Brown/);
    await see(popup, 'Permissions requested');
    await goBack(popup);
    await press(popup, 'Accept');
    await seeEnds(page, '200');
  });

  it.runIf(isWholeRun)(
    'on the waiting page lets the popup finish, and after forward the app has the permission',
    async ({ skip }) => {
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
    },
  );

  it.runIf(isWholeRun)('and then forward after a denial opens no popup', async ({ skip }) => {
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
