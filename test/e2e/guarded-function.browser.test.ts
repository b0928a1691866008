import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrowserWorld, press, startBrowserWorld } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { grantSignIn } from '../support/world.ts';

let world: BrowserWorld;
let origin: string;

beforeAll(async () => {
  world = await startBrowserWorld({ extension: 'guardedRoutes' });
  origin = world.worker.origin;
  grantSignIn(world, 'Ben Brown');
});
afterAll(() => world.close());

const appText = `<!doctype html><title>App</title>
  <button id="sign-in">Sign in</button> <button id="recent">Recent</button> <button id="strong">Strong</button>
  <button id="engineers">Engineers</button> <p id="result"></p>
  <script type="module">
    import { createClient } from '/api/auth/client.js';
    const client = createClient();
    const say = (text) => { document.getElementById('result').textContent = text; };
    const end = (error) => say(error.name + ' ' + (error.kind ?? error.code));
    document.getElementById('sign-in').onclick = () => client.signIn().then(say, end);
    for (const name of ['recent', 'strong', 'engineers']) {
      document.getElementById(name).onclick = () =>
        client.fetch('/api/only-' + name).then((answer) => say(name + ' ' + answer.status), end);
    }
    await client.session();
    document.body.className = 'ready';
  </script>`;

async function openApp(page: Page): Promise<void> {
  await page
    .context()
    .route(`${origin}/app`, (route) => route.fulfill({ contentType: 'text/html', body: appText }));
  await page.goto(`${origin}/app`);
  await page.locator('body.ready').waitFor();
  const popup = await pressForWindow(page, 'Sign in');
  await answerUntilClosed(popup, /Ben Brown/);
  await see(page, 'signed_in');
}

async function pressForWindow(page: Page, name: string): Promise<Page> {
  const [popup] = await Promise.all([page.waitForEvent('popup'), press(page, name)]);
  return popup;
}

async function answerUntilClosed(popup: Page, ...answers: readonly (string | RegExp)[]): Promise<void> {
  const closed = popup.waitForEvent('close');
  for (const answer of answers) await press(popup, answer);
  await closed;
}

const see = (page: Page, text: string) => page.locator('#result', { hasText: text }).waitFor();

describe('a guarded function of an app, called by the client', () => {
  it.runIf(isWholeRun)(
    'requires a recent sign-in in a popup, then responds',
    { tags: ['AD-1'] },
    async ({ skip }) => {
      const page = await world.newPage(skip);
      await openApp(page);
      await press(page, 'Recent');
      await see(page, 'recent 200');
      world.advance(601);
      const popup = await pressForWindow(page, 'Recent');
      await answerUntilClosed(popup, /Ben Brown/);
      await see(page, 'recent 200');
      expect(page.url()).toBe(`${origin}/app`);
    },
  );

  it.runIf(isWholeRun)(
    'requires a stronger sign-in in a popup, then responds',
    { tags: ['AD-1'] },
    async ({ skip }) => {
      const page = await world.newPage(skip);
      await openApp(page);
      const popup = await pressForWindow(page, 'Strong');
      await answerUntilClosed(popup, /Ben Brown/, 'Approve');
      await see(page, 'strong 200');
    },
  );

  it.runIf(isWholeRun)(
    'opens no popup if a group is missing, and the app gets claim_required',
    async ({ skip }) => {
      const page = await world.newPage(skip);
      await openApp(page);
      await press(page, 'Engineers');
      await see(page, 'BffProblem claim_required');
      expect(page.context().pages()).toHaveLength(1);
    },
  );
});
