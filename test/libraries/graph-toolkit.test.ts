import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moreFileNames } from '../../src/shared/config/more-policies.ts';
import { type Stage, startStage } from './stage.ts';
import { components, type DeclaredComponent } from './toolkit-declarations.ts';

const scopes = [
  'Calendars.Read',
  'Channel.ReadBasic.All',
  'Files.Read',
  'Files.Read.All',
  'People.Read',
  'People.Read.All',
  'Presence.Read',
  'Presence.Read.All',
  'Tasks.Read',
  'Team.ReadBasic.All',
  'User.Read.All',
  'User.ReadBasic.All',
];
const ownPolicy = fileURLToPath(
  new URL('../../examples/graph-libraries/toolkit-policy.json', import.meta.url),
);
let shipped: Stage;
let withFiles: Stage;
let withRules: Stage;

beforeAll(async () => {
  shipped = await startStage({}, scopes);
  withFiles = await startStage({ GRAPH_POLICY_MORE: moreFileNames.join(',') }, scopes);
  withRules = await startStage({ GRAPH_POLICY_FILE: ownPolicy }, scopes);
});
afterAll(async () => {
  for (const stage of [shipped, withFiles, withRules]) await stage?.close();
});

const run = (page: Page, call: string): Promise<unknown> =>
  page.evaluate(`import(location.pathname + '.module').then(({ library }) => library.${call})`);
const textOf = (page: Page) => run(page, 'text()');

/** Shows a component in a new page, for as long as the check takes. */
async function show(
  stage: Stage,
  { html, clicked, typed }: DeclaredComponent,
  check: (page: Page, refused: readonly string[]) => Promise<void>,
): Promise<void> {
  const page = await stage.open('graph-toolkit.js');
  const refused: string[] = [];
  page.on('response', (response) => {
    if (response.status() === 403) refused.push(new URL(response.url()).pathname);
  });
  await run(page, `show(${JSON.stringify(html)})`);
  if (clicked !== undefined) await page.locator(clicked).click();
  if (typed !== undefined) await page.locator('input').first().pressSequentially(typed);
  await check(page, refused);
  await page.close();
}

describe('the Graph Toolkit', () => {
  it.for(components)('$name shows $shows', async (component) => {
    const { outcome, text } = component;
    const appears = (page: Page) => expect.poll(() => textOf(page)).toMatch(text);
    if (outcome.kind === 'works') return show(shipped, component, appears);
    if (outcome.kind === 'not-supported') {
      return show(withFiles, component, async (page, refused) => {
        await appears(page);
        expect(refused).toContain(`/api/graph${outcome.refused}`);
      });
    }
    await show(outcome.kind === 'needs-file' ? withFiles : withRules, component, appears);
    await show(shipped, component, async (page) => {
      await page.waitForLoadState('networkidle');
      expect(await textOf(page)).not.toMatch(text);
    });
  });
});
