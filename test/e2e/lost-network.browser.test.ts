import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { press } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { pressForPopup, seeBrowserError, seeEnds } from './interactions/asking-app.ts';
import { consentCase } from './interactions/cases.ts';
import { setStage } from './interactions/stage.ts';

const stage = setStage({ interaction: 'redirect' });
const { line, meet, placeOf } = stage;

/** Where the connection breaks during the interaction, and what is lost. */
const breaks = [
  ['the callback is lost', /^\/api\/auth\/callback\?/, 'request'],
  ['the callback with its cookies is lost', /^\/api\/auth\/callback\?.*bounced=1$/, 'request'],
  ['the response to the callback is lost', /^\/api\/auth\/callback\?.*bounced=1$/, 'answer'],
] as const;

/** Presses a button, and waits for the browser's own error page. */
async function pressInVain(page: Page, name: string): Promise<void> {
  await press(page, name);
  await seeBrowserError(page);
}

describe('a network failure during an interaction, in an app that uses redirects', () => {
  const back = ['redirecting', 'back for consent_required'];

  it.runIf(isWholeRun)(
    'loses nothing if the network is back before the user answers again',
    async ({ skip }) => {
      const page = await meet(skip, consentCase);
      await press(page, 'Read');
      await page.getByRole('button', { name: 'Accept' }).waitFor();
      await page.context().setOffline(true);
      await pressInVain(page, 'Accept');
      await page.context().setOffline(false);
      await page.goBack();
      await press(page, 'Accept');
      await seeEnds(page, ...back, '200');
      expect(page.url()).toBe(placeOf(consentCase));
    },
  );

  it.runIf(isWholeRun).for(breaks)(
    'is overcome by a reload of the page if %s',
    async ([, target, lost], { skip }) => {
      const page = await meet(skip, consentCase);
      await press(page, 'Read');
      line.breakAt(target, lost);
      await pressInVain(page, 'Accept');
      line.mend();
      await page.reload();
      await seeEnds(page, ...back, '200');
      expect(page.url()).toBe(placeOf(consentCase));
    },
  );

  it.runIf(isWholeRun)(
    'before the redirect makes the call fail, and a click asks again',
    async ({ skip }) => {
      const page = await meet(skip, consentCase);
      line.breakAt(/^\/api\/auth\/login\?/, 'request');
      await pressInVain(page, 'Read');
      line.mend();
      await page.goBack();
      await seeEnds(page, ...back, 'BffProblem interaction_required');
      expect(page.url()).toBe(placeOf(consentCase));
      await press(page, 'Ask me again');
      await press(page, 'Accept');
      await seeEnds(page, ...back, 'BffProblem interaction_required', ...back, '200');
    },
  );
});

describe('a network failure during an interaction, in an app that uses popups', () => {
  const interaction = 'popup';

  it.runIf(isWholeRun)(
    'loses nothing if the network is back before the user answers again',
    async ({ skip }) => {
      const page = await meet(skip, consentCase, { interaction });
      const popup = await pressForPopup(page, 'Read');
      await popup.getByRole('button', { name: 'Accept' }).waitFor();
      await page.context().setOffline(true);
      await pressInVain(popup, 'Accept');
      await page.evaluate('dispatchEvent(new Event("focus"))');
      await page.context().setOffline(false);
      await popup.goBack();
      await press(popup, 'Accept');
      await seeEnds(page, '200');
    },
  );

  it.runIf(isWholeRun).for(breaks)(
    'is overcome by a reload of the popup if %s',
    async ([, target, lost], { skip }) => {
      const page = await meet(skip, consentCase, { interaction });
      const popup = await pressForPopup(page, 'Read');
      await popup.getByRole('button', { name: 'Accept' }).waitFor();
      line.breakAt(target, lost);
      await pressInVain(popup, 'Accept');
      expect(await page.evaluate('client.interaction.reason')).toBe('consent_required');
      line.mend();
      const closed = popup.waitForEvent('close');
      await popup.reload().catch(() => null); // it closes while it loads
      await closed;
      await seeEnds(page, '200');
    },
  );

  it.runIf(isWholeRun)(
    'lets the user close the popup, stop waiting, and ask again with a click',
    async ({ skip }) => {
      const page = await meet(skip, consentCase, { interaction });
      line.breakAt(/^\/api\/auth\/login\?/, 'request');
      const popup = await pressForPopup(page, 'Read');
      await popup.close();
      await press(page, 'Stop waiting');
      await seeEnds(page, 'canceled');
      line.mend();
      await press(page, 'Read');
      await seeEnds(page, 'canceled', 'BffProblem interaction_required');
      const again = await pressForPopup(page, 'Ask me again');
      await press(again, 'Accept');
      await seeEnds(page, 'canceled', 'BffProblem interaction_required', 'signed_in');
    },
  );
});
