import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type BrowserWorld,
  faultsOf,
  press,
  signInAtDemo,
  startBrowserWorld,
} from '../support/browser-world.ts';

let world: BrowserWorld;

beforeAll(async () => {
  world = await startBrowserWorld();
});
afterEach(() =>
  fetch(`${world.worker.origin}/dev/cases`, {
    method: 'POST',
    headers: { 'x-csrf': '1' },
    body: new URLSearchParams({ case: '' }),
  }),
);
afterAll(() => world.close());

describe('the cases on the demo page', () => {
  it.for([
    ['light', 1280],
    ['dark', 320],
  ] as const)('are clean for axe, %s and %i px wide', async ([colorScheme, width], { skip }) => {
    const page = await world.newPage(skip, { colorScheme, viewport: { width, height: 800 } });
    await page.goto(world.worker.origin);
    await page.getByText('What your users will see').click();
    await page.getByRole('switch', { name: 'Consent is missing' }).click();
    await page.getByRole('switch', { name: 'Consent is missing', checked: true }).waitFor();
    expect(await faultsOf(page)).toEqual([]);
  });

  it('set the emulators, make the call, and are found again after a reload', async ({ skip }) => {
    const page = await world.newPage(skip);
    await signInAtDemo(world, page, 'Ben Brown');
    await page.getByText('Account Manager').waitFor();
    await page.getByText('What your users will see').click();
    await page.getByRole('switch', { name: 'Graph wants a pause' }).click();
    await page.getByRole('switch', { name: 'Graph wants a pause', checked: true }).waitFor();
    expect(world.graph.switches.throttledCalls).toBe(1);
    await press(page, 'Make the call: Graph wants a pause');
    await page.getByText('Graph refused the call with status 429.').waitFor();
    await press(page, 'Make the call: Graph wants a pause');
    await page.getByText('The call got its answer.').waitFor();
    await page.reload();
    const found = page.getByRole('switch', { name: 'Graph wants a pause', checked: true });
    await found.click();
    await page.getByRole('switch', { name: 'Graph wants a pause', checked: false }).waitFor();
    expect(world.graph.switches.retryAfterSeconds).toBe(10);
  });
});
