import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { press } from '../support/browser-world.ts';
import { pressForPopup, seeBrowserError, seeEnds } from './interactions/asking-app.ts';
import { consentCase } from './interactions/cases.ts';
import { setStage } from './interactions/stage.ts';

const stage = setStage({ interaction: 'redirect' });
const { line, meet, placeOf } = stage;

/** Where the line breaks while the person is under way, and what is lost with it. */
const breaks = [
  ['Entra’s answer does not arrive', /^\/api\/auth\/callback\?/, 'request'],
  ['it does not arrive with its cookies', /^\/api\/auth\/callback\?.*bounced=1$/, 'request'],
  ['it was served, and the browser never heard of it', /^\/api\/auth\/callback\?.*bounced=1$/, 'answer'],
] as const;

/** The person presses, and the browser shows its own page instead of the next one. */
async function pressInVain(page: Page, name: string): Promise<void> {
  await press(page, name);
  await seeBrowserError(page);
}

describe('a network that is gone while the person is on the way, in an app that leaves its page', () => {
  const back = ['redirecting', 'back for consent_required'];

  it('and is there again before they answer once more: nothing is lost', async ({ skip }) => {
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
  });

  it.for(breaks)('so that %s: loading the page again goes on', async ([, target, lost], { skip }) => {
    const page = await meet(skip, consentCase);
    await press(page, 'Read');
    line.breakAt(target, lost);
    await pressInVain(page, 'Accept');
    line.mend();
    await page.reload();
    await seeEnds(page, ...back, '200');
    expect(page.url()).toBe(placeOf(consentCase));
  });

  it('before they have left: back in the app they are told, and a click asks again', async ({ skip }) => {
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
  });
});

describe('a network that is gone while the person is on the way, in an app that asks in a popup', () => {
  const interaction = 'popup';

  it('and is there again before they answer once more: nothing is lost', async ({ skip }) => {
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
  });

  it.for(breaks)('so that %s: loading the window again goes on', async ([, target, lost], { skip }) => {
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
  });

  it('and they close the window: the wait ends when they say so, and a click asks again', async ({
    skip,
  }) => {
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
  });
});
