import type { RecordedRequest } from '@entra-bff/graph-emulator';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inspectAppearance } from '../support/appearance.ts';
import { type BrowserWorld, openDemoAs, press, see, startBrowserWorld } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { grantSignIn, userId } from '../support/world.ts';

const scopes = ['Mail.Read', 'Calendars.Read', 'Calendars.ReadWrite'];
let world: BrowserWorld;
let origin: string;

beforeAll(async () => {
  world = await startBrowserWorld({ servesDemo: true, extension: 'reportRoutes' });
  ({ origin } = world.worker);
});
beforeEach(() => {
  for (const name of ['Alice Adams', 'Ben Brown']) grantSignIn(world, name, scopes);
  world.graph.requests.length = 0;
});
afterEach(() => world.graph.respondWith(undefined));
afterAll(() => world.close());

/** Calls that reached Graph as Ben. None may come from Alice's page. */
const callsAsBen = () =>
  world.graph.requests
    .filter(({ subject }) => subject === userId('ben'))
    .map(({ method, target }) => `${method} ${target.split('?')[0]}`);

/** Signs a user in in another tab of the same browser, without a message to other tabs. */
async function signInBeside(page: Page, name: string): Promise<Page> {
  const beside = await page.context().newPage();
  await beside.goto(`${origin}/api/auth/login?prompt=select_account&return_to=/dev.json`);
  await press(beside, new RegExp(name));
  await beside.waitForURL('**/dev.json');
  return beside;
}

const tell = (page: Page) =>
  page.evaluate(
    `new BroadcastChannel('entra-bff').postMessage({ type: 'entra-bff:session', change: 'signed_in' })`,
  );

/** Opens a page of Alice's with only a client. The outcomes of its calls are in `ends`. */
async function openAlices(skip: (note: string) => never): Promise<Page> {
  const page = await world.newPage(skip);
  await page.goto(`${origin}/api/auth/login?return_to=/dev.json`);
  await press(page, /Alice Adams/);
  await page.waitForURL('**/dev.json');
  await page.evaluate(`import('/api/auth/client.js').then(async ({ createClient }) => {
    window.client = createClient({ interaction: 'manual' });
    window.news = [];
    client.onSessionChange(({ type, session, userChanged }) => news.push([type, session.name, userChanged]));
    window.ends = [];
    window.call = (path, init) => client.graph(path, init).then((answer) => answer.text()).then(
      (text) => void ends.push(text),
      (error) => void ends.push(error.kind ?? error.code ?? error.name),
    );
    await client.session();
  })`);
  return page;
}

const endsOf = (page: Page) => page.evaluate('ends');
const json = (body: object) =>
  `{ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: ${JSON.stringify(JSON.stringify(body))} }`;
const event = {
  subject: 'Review',
  start: { dateTime: '2026-11-22T10:00:00', timeZone: 'UTC' },
  end: { dateTime: '2026-11-22T11:00:00', timeZone: 'UTC' },
};

/** Holds Graph's responses back until `release` is called. */
function holdGraph() {
  const release = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<RecordedRequest>();
  world.graph.respondWith(async (request, response) => {
    reached.resolve(request);
    await release.promise;
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"displayName":"Alice Adams"}');
  });
  return { reached: reached.promise, release: () => release.resolve() };
}

describe('two users in two tabs of one browser', () => {
  const calls = {
    'a read': `'/me/messages?$top=1'`,
    'a write': `'/me/events', ${json(event)}`,
    'a write that may be repeated': `'/me/events', { repeat: true, ...${json(event)} }`,
    'a batch': `'/$batch', ${json({ requests: [{ id: '1', method: 'GET', url: '/me' }] })}`,
  };

  it('never make a call of one user as the other, even if it is repeated', async ({ skip }) => {
    const page = await openAlices(skip);
    for (const [name, call] of Object.entries(calls)) {
      await page.evaluate(`call(${call})`);
      expect(await page.evaluate('ends.at(-1)'), name).toContain('{');
    }
    expect(world.graph.requests).toHaveLength(4);
    await signInBeside(page, 'Ben Brown');
    for (const [name, call] of Object.entries(calls)) {
      // Twice: before and after the page knows of the other user.
      await page.evaluate(`call(${call})`);
      await page.evaluate(`call(${call})`);
      expect(await page.evaluate('ends.slice(-2)'), name).toEqual(['user_changed', 'user_changed']);
    }
    expect(callsAsBen()).toEqual([]);
    expect(await page.evaluate('news')).toEqual([
      ['signed_in', 'Alice Adams', false],
      ['changed', 'Ben Brown', true],
    ]);
    expect(await page.evaluate('client.signOut().catch(({ kind }) => kind)')).toBe('user_changed');
    // The page starts again with Ben, who has not been signed out.
    await page.evaluate('client.session()');
    await page.evaluate(`call('/me?$select=displayName')`);
    expect(await page.evaluate('ends.at(-1)')).toContain('Ben Brown');
  });

  it.runIf(isWholeRun)(
    'abort a call in progress when the other sign-in is announced, and discard its late response',
    async ({ skip }) => {
      const page = await openAlices(skip);
      const graph = holdGraph();
      await page.evaluate(`void call('/me')`);
      expect((await graph.reached).subject).toBe(userId('alice'));
      const beside = await signInBeside(page, 'Ben Brown');
      expect(await endsOf(page)).toEqual([]);
      await tell(beside);
      await page.waitForFunction('ends.length > 0');
      expect(await endsOf(page)).toEqual(['user_changed']);
      await page.evaluate('client.session()');
      graph.release();
      world.graph.respondWith(undefined);
      await page.evaluate(`call('/me?$select=displayName')`);
      expect(await endsOf(page)).toEqual(['user_changed', expect.stringContaining('Ben Brown')]);
    },
  );

  it.runIf(isWholeRun)('see nothing of each other through a link', async ({ skip }) => {
    const page = await openAlices(skip);
    const address: string = await page.evaluate(`client.src('/api/report?of=2026')`);
    await page.goto(address);
    await page.getByText('"of":"Alice Adams","rawQuery":"of=2026"').waitFor();
    await signInBeside(page, 'Ben Brown');
    await page.goto(address);
    await see(page, 'This browser has another session now');
    await page.goto(`${origin}/api/report-of-anyone?${new URL(address).searchParams}`);
    await page.getByText('session_changed').first().waitFor();
    expect(await page.locator('body').textContent()).not.toContain('Ben');
  });

  it.runIf(isWholeRun)('can still read and write if both are the same user', async ({ skip }) => {
    const page = await openAlices(skip);
    // Without the cookie, the second session is independent of the first.
    await page.context().clearCookies({ name: 'session' });
    await signInBeside(page, 'Alice Adams');
    await page.evaluate(`call('/me?$select=displayName')`);
    await page.evaluate(`call('/me/events', ${json(event)})`);
    expect(await endsOf(page)).toEqual([
      expect.stringContaining('Alice Adams'),
      expect.stringContaining('Review'),
    ]);
    expect(await page.evaluate('news.map(([type, , userChanged]) => [type, userChanged])')).toEqual([
      ['signed_in', false],
      ['changed', false],
    ]);
  });
});

describe('the demo after a sign-in in another tab', () => {
  async function openMessages(skip: (note: string) => never): Promise<Page> {
    const page = await world.newPage(skip);
    await openDemoAs(world, page, 'Alice Adams');
    await press(page, 'Show my messages');
    await page.getByText('10 shown').waitFor();
    await page.locator('#profile:not([aria-busy]) dl').waitFor();
    return page;
  }

  /** Expects the page of the next user as if it had just been opened. */
  async function seeBen(page: Page): Promise<void> {
    await see(page, 'Hello, Ben Brown');
    await page.getByText('signed in with a different account').last().waitFor();
    await page.getByText('Account Manager').waitFor();
    await page.locator('#sessions li').first().waitFor();
    expect(await page.locator('#message-list > li').count()).toBe(0);
    expect(new URL(page.url()).hash).toBe('');
    expect(await page.locator('body').textContent()).not.toMatch(/Alice|Adams/);
    expect(callsAsBen().filter((call) => call.includes('/me/messages'))).toEqual([]);
  }

  it.runIf(isWholeRun)(
    'starts again at "More" if the user is another, and reads none of their mail',
    async ({ skip }) => {
      const page = await openMessages(skip);
      await signInBeside(page, 'Ben Brown');
      expect(await page.getByText('10 shown').isVisible()).toBe(true);
      await press(page, 'More');
      await seeBen(page);
      expect(await inspectAppearance(page, 'demo-user-changed')).toEqual([]);
      await press(page, 'Show my messages');
      await page.getByText('10 shown').waitFor();
      // The notice appears once.
      await page.reload();
      await see(page, 'Hello, Ben Brown');
      expect(await page.locator('#changed').isVisible()).toBe(false);
    },
  );

  it.runIf(isWholeRun)(
    'starts again at "Sign out" if the user is another, who stays signed in',
    async ({ skip }) => {
      const page = await openMessages(skip);
      await signInBeside(page, 'Ben Brown');
      await press(page, 'Sign out');
      await seeBen(page);
    },
  );

  it.runIf(isWholeRun)(
    'starts again at once if another user is announced during a call',
    async ({ skip }) => {
      const page = await openMessages(skip);
      const graph = holdGraph();
      await press(page, 'More');
      await graph.reached;
      const beside = await signInBeside(page, 'Ben Brown');
      world.graph.respondWith(undefined);
      await tell(beside);
      await seeBen(page);
      graph.release();
    },
  );

  it.runIf(isWholeRun)('keeps its content if the user is the same', async ({ skip }) => {
    const page = await openMessages(skip);
    await page.context().clearCookies({ name: 'session' });
    const beside = await signInBeside(page, 'Alice Adams');
    await tell(beside);
    await press(page, 'More');
    await page.getByText('20 shown').waitFor();
  });
});
