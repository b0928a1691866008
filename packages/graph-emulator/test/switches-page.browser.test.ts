import { demoDirectory } from '@entra-bff/directory';
import { openPage, pageIssues } from '@entra-bff/test-browser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GraphEmulator, startGraphEmulator } from '../src/emulator.ts';

const isWholeRun = process.env['TEST_SCALE'] === 'whole';

let graph: GraphEmulator;

beforeAll(async () => {
  graph = await startGraphEmulator({ directory: demoDirectory, entra: { origin: 'http://127.0.0.1:1' } });
});
afterAll(async () => {
  await graph.close();
});

describe('the switches page in a browser', () => {
  it.runIf(isWholeRun).for([
    ['light', 1280],
    ['dark', 320],
  ] as const)(
    'is accessible and saves a switch, %s and %i px wide',
    async ([colorScheme, width], { skip }) => {
      graph.switches.alwaysChallenges = false;
      const page = await openPage(skip, { colorScheme, viewport: { width, height: 800 } });
      await page.goto(`${graph.origin}/switches`);
      expect(await pageIssues(page)).toEqual([]);
      await page.getByLabel('Every call gets a challenge').check();
      await Promise.all([
        page.waitForEvent('load'),
        page.getByRole('button', { name: /Save switches/ }).click(),
      ]);
      expect(await pageIssues(page)).toEqual([]);
      expect(graph.switches.alwaysChallenges).toBe(true);
    },
  );
});
