import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { follow, press, see } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
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
  deadEndCases,
  helplessCases,
  otherAccountCase,
  refusedCases,
} from './interactions/unhappy-cases.ts';

const stage = setStage({ interaction: 'redirect' });
const { asked, eachCase, meet, placeOf } = stage;

/** Makes the call and answers at Entra ID. */
async function readAndAnswer(page: Page, one: InteractionCase): Promise<void> {
  await press(page, 'Read');
  await answerEntra(page, one, stage.world);
}

describe('a call that needs the user, in an app that uses redirects', () => {
  eachCase(
    givenCases,
    ({ title }) => `continues at the same address, if ${title}`,
    async (one, skip) => {
      const page = await meet(skip, one);
      const before = asked();
      await readAndAnswer(page, one);
      await seeEnds(page, 'redirecting', `back for ${one.reason}`, '200');
      expect(page.url()).toBe(placeOf(one));
      await press(page, 'Read');
      await seeEnds(page, 'redirecting', `back for ${one.reason}`, '200', '200');
      expect(asked() - before).toBe(1);
      expect(await loadsOf(page)).toBe(2);
    },
  );

  it.runIf(isWholeRun)('redirects again if the same happens a second time', async ({ skip }) => {
    const page = await meet(skip, refreshTokenExpiredCase);
    const before = asked();
    const round = ['redirecting', `back for ${refreshTokenExpiredCase.reason}`, '200'];
    // Each call asks Entra ID, so the next one notices the expired refresh token.
    stage.world.entra.switches.accessTokenLifetimeSeconds = 20;
    await press(page, 'Read');
    await seeEnds(page, ...round);
    await arrange(stage.world, refreshTokenExpiredCase);
    await press(page, 'Read');
    await seeEnds(page, ...round, ...round);
    expect(asked() - before).toBe(2);
  });

  eachCase(
    [...refusedCases, ...administratorCases],
    ({ title }) => `ends on a page of this service and does not ask again, if the user ${title}`,
    async (one, skip) => {
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

  for (const [what, one, consent] of [
    ['has consented at the link that the app shows', administratorCase, administratorAgrees],
    ['has approved the request of the user', approvalCase, administratorApproves],
  ] as const) {
    eachCase(
      [{ ...one, displays: [] }],
      () => `works after an administrator ${what} and the user has clicked`,
      async (one, skip) => {
        const page = await meet(skip, one);
        await readAndAnswer(page, one);
        await follow(page, 'Back to the app');
        const first = ['redirecting', 'back for consent_required', 'BffProblem admin_consent_required'];
        await seeEnds(page, ...first);
        await consent(stage.world, await stage.world.newPage(skip), page);
        await press(page, 'Ask me again');
        await seeEnds(page, ...first, 'redirecting', 'back for undefined', '200');
        expect(page.url()).toBe(placeOf(one));
      },
    );
  }

  eachCase(
    [neverEnoughCase],
    ({ title }) => `fails after the page was left once, if ${title}`,
    async (one, skip) => {
      const page = await meet(skip, one);
      const before = asked();
      await readAndAnswer(page, one);
      const first = [
        'redirecting',
        'back for continuous_access_evaluation',
        'BffProblem interaction_required',
      ];
      await seeEnds(page, ...first);
      await press(page, 'Read');
      await seeEnds(page, ...first, 'BffProblem interaction_required');
      expect(asked() - before).toBe(1);
    },
  );

  eachCase(
    deadEndCases,
    ({ title }) => `fails, if ${title} and the user goes back, and works once the obstacle is gone`,
    async (one, skip) => {
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

describe('a call that only an administrator can help, in an app that uses redirects', () => {
  const first = 'BffProblem interaction_required';

  eachCase(
    helplessCases,
    ({ title }) => `stays on the page, if ${title}, and leaves it at a click once the obstacle is gone`,
    async (one, skip) => {
      const page = await meet(skip, one);
      const before = asked();
      await press(page, 'Read');
      await seeEnds(page, first);
      await press(page, 'Read');
      await seeEnds(page, first, first);
      expect(asked()).toBe(before);
      expect(await loadsOf(page)).toBe(1);
      one.relieve(stage.world);
      await press(page, 'Ask me again');
      await seeEnds(page, first, first, 'redirecting', `back for ${one.reason}`, '200');
      expect(page.url()).toBe(placeOf(one));
    },
  );

  eachCase(
    [otherAccountCase],
    ({ title }) => `ends on a page of this service after a click, if the user ${title}`,
    async (one, skip) => {
      const page = await meet(skip, one);
      await press(page, 'Read');
      await seeEnds(page, first);
      await press(page, 'Ask me again');
      await answerEntra(page, one, stage.world);
      await see(page, one.heading);
      await follow(page, 'Back to the app');
      await seeEnds(page, first, 'redirecting', `back for ${one.reason}`, one.afterwards);
    },
  );
});

describe('a silent redirect through Entra ID', () => {
  const silent = { session: 'silent' } as const;

  it(`restores the session at the same address, if ${rowGoneCase.title}`, async ({ skip }) => {
    const page = await meet(skip, rowGoneCase, silent);
    const before = asked();
    await press(page, 'Read');
    await seeEnds(page, 'redirecting', `back for ${rowGoneCase.reason}`, '200');
    expect(page.url()).toBe(placeOf(rowGoneCase, silent));
    expect(asked() - before).toBe(1);
  });

  it.runIf(isWholeRun)(
    'is made once if Entra ID needs the user, and the app gets the outcome',
    async ({ skip }) => {
      const page = await meet(skip, rowGoneCase, silent);
      const before = asked();
      stage.world.entra.signAllUsersOut();
      await press(page, 'Read');
      await see(page, 'Sign in to continue');
      await follow(page, 'Back to the app');
      const first = ['redirecting', `back for ${rowGoneCase.reason}`, 'BffProblem session_required'];
      await seeEnds(page, ...first);
      await press(page, 'Sign in silently');
      await seeEnds(page, ...first, 'login_required');
      expect(asked() - before).toBe(1);
      expect(page.url()).toBe(placeOf(rowGoneCase, silent));
    },
  );
});
