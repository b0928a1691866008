import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BrowserWorld, press, startBrowserWorld } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { grantSignIn, userId } from '../support/world.ts';

let world: BrowserWorld;
let origin: string;

beforeAll(async () => {
  world = await startBrowserWorld();
  origin = world.worker.origin;
});
beforeEach(() => {
  world.entra.consents.revoke(userId('ben'));
  grantSignIn(world, 'Ben Brown');
});
afterAll(() => world.close());

/** A small app that leaves interactions to the client. */
const appText = `<!doctype html><title>App</title>
  <button id="sign-in">Sign in</button> <button id="read">Read my mail</button>
  <p id="user"></p> <p id="result"></p>
  <script type="module">
    import { createClient } from '/api/auth/client.js';
    const client = createClient();
    window.client = client;
    const say = (id, text) => { document.getElementById(id).textContent = text; };
    client.onSessionChange(({ type, session }) => say('user', type + ' ' + session.name));
    const end = (error) => say('result', error.name + ' ' + (error.kind ?? error.code));
    document.getElementById('sign-in').onclick = () => client.signIn().then((how) => say('result', how), end);
    document.getElementById('read').onclick = async () => {
      try {
        const answers = await Promise.all([1, 2, 3].map((top) => client.graph('/me/messages?$top=' + top)));
        const lists = await Promise.all(answers.map((answer) => answer.json()));
        say('result', lists.map(({ value }) => value.length).join());
      } catch (error) { end(error); }
    };
    await client.session();
  </script>`;

async function openApp(page: Page): Promise<Page> {
  await page
    .context()
    .route(`${origin}/app`, (route) => route.fulfill({ contentType: 'text/html', body: appText }));
  await page.goto(`${origin}/app`);
  await page.locator('#user', { hasText: 'signed' }).waitFor();
  return page;
}

async function pressForWindow(page: Page, name: string): Promise<Page> {
  const [popup] = await Promise.all([page.waitForEvent('popup'), press(page, name)]);
  return popup;
}

const see = (page: Page, id: 'user' | 'result', text: string) =>
  page.locator(`#${id}`, { hasText: text }).waitFor();

async function signIn(page: Page): Promise<void> {
  const popup = await pressForWindow(page, 'Sign in');
  const closed = popup.waitForEvent('close');
  await press(popup, /Ben Brown/);
  await closed;
  await see(page, 'result', 'signed_in');
  await see(page, 'user', 'signed_in Ben Brown');
}

describe('an app that leaves interactions to the client, in a browser', () => {
  it.runIf(isWholeRun)('signs the user in in a popup, and the other tab is informed', async ({ skip }) => {
    const page = await openApp(await world.newPage(skip));
    const other = await openApp(await page.context().newPage());
    await signIn(page);
    await see(other, 'user', 'signed_in Ben Brown');
    expect(page.url()).toBe(`${origin}/app`);
  });

  it.runIf(isWholeRun)('requests consent once for three calls, which all succeed', async ({ skip }) => {
    const page = await openApp(await world.newPage(skip));
    await signIn(page);
    const popups: Page[] = [];
    page.on('popup', (popup) => popups.push(popup));
    const popup = await pressForWindow(page, 'Read my mail');
    await press(popup, 'Accept');
    await see(page, 'result', '1,2,3');
    expect(popups).toHaveLength(1);
    await see(page, 'user', 'changed Ben Brown');
    expect(await page.evaluate('client.session().then(({ features }) => features.mail)')).toBe('granted');
  });

  it.runIf(isWholeRun)(
    'gets a denial as an error, and does not ask again automatically',
    async ({ skip }) => {
      const page = await openApp(await world.newPage(skip));
      await signIn(page);
      const popup = await pressForWindow(page, 'Read my mail');
      await press(popup, 'Cancel');
      await see(page, 'result', 'InteractionFailed consent_declined');
      await press(page, 'Read my mail');
      await see(page, 'result', 'BffProblem consent_declined');
      expect(page.context().pages()).toHaveLength(1);
    },
  );
});
