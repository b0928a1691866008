import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, it } from 'vitest';
import { type BrowserWorld, startBrowserWorld } from '../../support/browser-world.ts';
import { createLine, type Line } from '../../support/line.ts';
import { isWholeRun } from '../../support/scale.ts';
import { type AppOptions, isReady, openSignedIn, placeIn, serveApp } from './asking-app.ts';
import { arrange, type InteractionCase, startOver } from './cases.ts';

type Skip = (note: string) => never;

/** The app that asks the user, with the emulators of Entra ID and Graph. Ben is signed in. */
export interface Stage {
  readonly world: BrowserWorld;
  /** The connection between the browser and the app. */
  readonly line: Line;
  /** Number of requests for a page of Entra ID. */
  asked(): number;
  placeOf(one: InteractionCase, more?: Partial<AppOptions>): string;
  /** Opens the app and arranges the case. */
  meet(skip: Skip, one: InteractionCase, more?: Partial<AppOptions>): Promise<Page>;
  /** Opens the app in one more tab of the same browser. */
  openBeside(page: Page, place: string): Promise<Page>;
  /** Defines a test for each case. Short runs have only those whose `displays` include this display. */
  eachCase<Case extends InteractionCase>(
    cases: readonly Case[],
    title: (one: Case) => string,
    test: (one: Case, skip: Skip) => Promise<void>,
  ): void;
}

/** Starts everything before the first test of a file, and resets it before each test. */
export function setStage(usual: Omit<AppOptions, 'path'>): Stage {
  const line = createLine(serveApp);
  let world: BrowserWorld;

  beforeAll(async () => {
    world = await startBrowserWorld({ frontend: line.frontend });
  });
  beforeEach(() => {
    line.mend();
    startOver(world);
  });
  afterAll(() => world.close());

  return {
    get world() {
      return world;
    },
    line,
    asked: () => world.entra.count('authorize'),
    placeOf: ({ path }, more) => placeIn(world, { path, ...usual, ...more }),
    async meet(skip, one, more) {
      const page = await world.newPage(skip);
      await openSignedIn(world, page, { path: one.path, ...usual, ...more });
      await arrange(world, one);
      return page;
    },
    async openBeside(page, place) {
      const beside = await page.context().newPage();
      await beside.goto(place);
      await isReady(beside);
      return beside;
    },
    eachCase(cases, title, test) {
      for (const one of cases) {
        const isRun = isWholeRun || one.displays.includes(usual.interaction);
        it.runIf(isRun)(title(one), { tags: [...(one.tags ?? [])] }, ({ skip }) => test(one, skip));
      }
    },
  };
}
