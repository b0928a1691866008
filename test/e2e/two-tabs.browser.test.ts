import { describe, expect, it } from 'vitest';
import { follow, press, see } from '../support/browser-world.ts';
import { pressForPopup, seeEnds } from './interactions/asking-app.ts';
import { consentCase, type InteractionCase, refreshTokenExpiredCase } from './interactions/cases.ts';
import { setStage } from './interactions/stage.ts';

const stage = setStage({ interaction: 'redirect' });
const { asked, meet, openBeside, placeOf } = stage;

/** Another place in the app than the first tab's, with a fragment of its own. */
const elsewhere: InteractionCase = { ...consentCase, path: '/me/messages?$top=2' };
const placeElsewhere = () => placeOf(elsewhere).replace('#third', '#fifth');

describe('two tabs that leave for the same permission at once', () => {
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

  it('come back each to its own place and fragment, and both calls have their answers', async ({ skip }) => {
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
  });

  it('are told what was said in each: a no, then a yes that counts for both', async ({ skip }) => {
    const { left, right } = await leaveTwice(skip);
    await press(left, 'Cancel');
    await see(left, 'Permission declined');
    await press(right, 'Accept');
    await seeEnds(right, ...told, '200');
    await follow(left, 'Back to the app');
    await seeEnds(left, ...told, '200');
    expect([left.url(), right.url()]).toEqual([placeOf(consentCase), placeElsewhere()]);
  });

  it('are told what was said in each: a yes, which a later no does not take back', async ({ skip }) => {
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
  });
});

describe('two tabs that are sent round at once, where Entra asks nothing', () => {
  it('come back each to its own place and fragment, whichever is first', async ({ skip }) => {
    const left = await meet(skip, refreshTokenExpiredCase);
    const right = await openBeside(left, placeOf(refreshTokenExpiredCase).replace('#third', '#fifth'));
    // Neither is back before the other has left.
    stage.world.entra.switches.slowMs = 1000;
    await Promise.all([press(left, 'Read'), press(right, 'Read')]);
    for (const tab of [left, right]) {
      await seeEnds(tab, 'redirecting', 'back for refresh_token_expired', '200');
    }
    expect([left, right].map((tab) => new URL(tab.url()).hash)).toEqual(['#third', '#fifth']);
  });
});

describe('two tabs that ask in a window each', () => {
  it('go by their own windows: what one is told the other does not believe', async ({ skip }) => {
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
