import { describe, expect, it } from 'vitest';
import { follow, press, see } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { pressForPopup, seeEnds } from './interactions/asking-app.ts';
import { consentCase, type InteractionCase, refreshTokenExpiredCase } from './interactions/cases.ts';
import { setStage } from './interactions/stage.ts';

const stage = setStage({ interaction: 'redirect' });
const { asked, meet, openBeside, placeOf } = stage;

/** The second tab's address in the app: another call and another fragment. */
const elsewhere: InteractionCase = { ...consentCase, path: '/me/messages?$top=2' };
const placeElsewhere = () => placeOf(elsewhere).replace('#third', '#fifth');

describe('two tabs that redirect for the same permission at once', () => {
  const told = ['redirecting', 'back for consent_required'];

  async function leaveTwice(skip: (note: string) => never) {
    const left = await meet(skip, consentCase);
    const right = await openBeside(left, placeElsewhere());
    for (const tab of [left, right]) {
      await press(tab, 'Read');
      await see(tab, 'Permissions requested');
    }
    return { left, right };
  }

  it.runIf(isWholeRun)(
    'each return to their own address and fragment, and both calls succeed',
    async ({ skip }) => {
      const { left, right } = await leaveTwice(skip);
      const before = asked();
      await press(right, 'Accept');
      await seeEnds(right, ...told, '200');
      await press(left, 'Accept');
      await seeEnds(left, ...told, '200');
      expect([left.url(), right.url()]).toEqual([placeOf(consentCase), placeElsewhere()]);
      for (const tab of [left, right]) {
        await press(tab, 'Read');
        await seeEnds(tab, ...told, '200', '200');
      }
      expect(asked()).toBe(before);
    },
  );

  it.runIf(isWholeRun)(
    'both get the permission if the user declines in one, then consents in the other',
    async ({ skip }) => {
      const { left, right } = await leaveTwice(skip);
      await press(left, 'Cancel');
      await see(left, 'Permission declined');
      await press(right, 'Accept');
      await seeEnds(right, ...told, '200');
      await follow(left, 'Back to the app');
      await seeEnds(left, ...told, '200');
      expect([left.url(), right.url()]).toEqual([placeOf(consentCase), placeElsewhere()]);
    },
  );

  it.runIf(isWholeRun)(
    'both keep the permission if the user consents in one, then declines in the other',
    async ({ skip }) => {
      const { left, right } = await leaveTwice(skip);
      await press(right, 'Accept');
      await seeEnds(right, ...told, '200');
      await press(left, 'Cancel');
      await see(left, 'Permission declined');
      await follow(left, 'Back to the app');
      await seeEnds(left, ...told, '200');
      expect(await left.evaluate('client.session().then(({ features }) => features.mail)')).toBe('granted');
      await press(right, 'Read');
      await seeEnds(right, ...told, '200', '200');
    },
  );
});

describe('two tabs that redirect at once, without a prompt', () => {
  it.runIf(isWholeRun)('each return to their own address and fragment, in either order', async ({ skip }) => {
    const left = await meet(skip, refreshTokenExpiredCase);
    const right = await openBeside(left, placeOf(refreshTokenExpiredCase).replace('#third', '#fifth'));
    // Both have left before either is back.
    stage.world.entra.switches.slowMs = 1000;
    await Promise.all([press(left, 'Read'), press(right, 'Read')]);
    for (const tab of [left, right]) {
      await seeEnds(tab, 'redirecting', 'back for refresh_token_expired', '200');
    }
    expect([left, right].map((tab) => new URL(tab.url()).hash)).toEqual(['#third', '#fifth']);
  });
});

describe('two tabs that each open a popup', () => {
  it.runIf(isWholeRun)('each use the outcome of their own popup only', async ({ skip }) => {
    const interaction = 'popup';
    const left = await meet(skip, consentCase, { interaction });
    const right = await openBeside(left, left.url());
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
});
