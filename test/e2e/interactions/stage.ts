import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type BrowserWorld, startBrowserWorld } from '../../support/browser-world.ts';
import { createLine, type Line } from '../../support/line.ts';
import { type AppOptions, isReady, openSignedIn, placeIn, serveApp } from './asking-app.ts';
import { arrange, type InteractionCase, startOver } from './cases.ts';

type Skip = (note: string) => never;

/** The app of the cases, with Entra and Graph behind it; Ben is signed in there. */
export interface Stage {
  readonly world: BrowserWorld;
  /** Between the browser and the app. */
  readonly line: Line;
  /** How often Entra's pages were asked for. */
  asked(): number;
  placeOf(one: InteractionCase, more?: Partial<AppOptions>): string;
  /** Opens the app with the case under way. */
  meet(skip: Skip, one: InteractionCase, more?: Partial<AppOptions>): Promise<Page>;
  /** The same app in one more tab of the same browser. */
  openBeside(page: Page, place: string): Promise<Page>;
}

/** Sets the stage before the first test of a file, and a good day before each. */
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
  };
}
