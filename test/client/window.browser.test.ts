import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseReturnPath } from '../../src/shared/auth/return-path.ts';
import { openPage } from '../support/open-page.ts';
import { isWholeRun } from '../support/scale.ts';
import { problem, type SmallAnswer, type SmallSite, serve } from '../support/small-site.ts';

/** A minimal page, a service, and a sign-in page with the opener policy of Entra ID. */
let app: SmallSite;
let entra: SmallSite;
let origin: string;

const state = { isGranted: false, signIns: 0, isMute: false, calls: [] as string[] };
const clientSource = readFileSync(fileURLToPath(new URL('../../.build/client.js', import.meta.url)), 'utf8');

beforeAll(async () => {
  app = await serve((url, { method = '' }) => answerApp(url, method));
  entra = await serve(
    (url) => ({
      headers: { 'cross-origin-opener-policy': 'same-origin' },
      body: `<title>Sign in</title><a href="${origin}/api/auth/done${url.search}&outcome=signed_in">Accept</a>
        <a href="${origin}/api/auth/done${url.search}&outcome=consent_declined">Cancel</a>`,
    }),
    '127.0.0.1',
  );
  origin = `http://localhost:${app.port}`;
});
beforeEach(() => Object.assign(state, { isGranted: false, signIns: 0, isMute: false, calls: [] }));
afterAll(async () => {
  await Promise.all([app.close(), entra.close()]);
});

function answerApp(url: URL, method: string): SmallAnswer {
  const at = url.searchParams;
  switch (url.pathname) {
    case '/api/auth/client.js':
      return { headers: { 'content-type': 'text/javascript' }, body: clientSource };
    case '/api/auth/session':
      return { body: session() };
    case '/api/auth/login': {
      const id = /^popup\.([\w-]{8,64})$/.exec(at.get('display') ?? '')?.[1] ?? '';
      const query = new URLSearchParams({ id, return_to: at.get('return_to') ?? '/' });
      return { status: 302, headers: { location: `http://127.0.0.1:${entra.port}/authorize?${query}` } };
    }
    case '/api/auth/done':
      return finish(at);
    case '/api/graph/v1.0/me/messages':
      state.calls.push(method);
      if (state.isGranted) return { body: { value: ['a letter'] } };
      return problem(401, {
        code: 'interaction_required',
        reason: 'consent_required',
        feature: 'mail',
        login_url: '/api/auth/login?ticket=t',
      });
    default:
      return { body: pageText };
  }
}

function session() {
  const at = Date.parse('2026-11-22T16:00:00Z') + state.signIns * 1000;
  return {
    signed_in: true,
    features: { mail: state.isGranted ? 'granted' : 'not_asked' },
    signed_in_at: new Date(at).toISOString(),
    login_url: '/api/auth/login',
  };
}

/** The last page of a popup. If `isMute` is set, it sends no message, like a browser without channels. */
function finish(at: URLSearchParams): SmallAnswer {
  const outcome = at.get('outcome') ?? '';
  if (outcome === 'signed_in') Object.assign(state, { isGranted: true, signIns: state.signIns + 1 });
  const id = at.get('id') ?? '';
  if (id === '') {
    const location = parseReturnPath(at.get('return_to') ?? undefined, { origin, proxiedPaths: [] }) ?? '/';
    return { status: 302, headers: { location } };
  }
  const message = JSON.stringify({ type: 'entra-bff:interaction', id, outcome });
  return {
    body: `<title>Done</title><script>
      window.hadOpener = window.opener !== null;
      if (!${state.isMute}) {
        new BroadcastChannel('entra-bff').postMessage(${message});
        if (window.opener) window.opener.postMessage(${message}, location.origin);
        window.close();
      }
    </script>`,
  };
}

const pageText = `<!doctype html><title>App</title>
  <button id="read">Read</button> <button id="write">Write</button> <button id="cancel">Cancel</button>
  <output id="result"></output>
  <script type="module">
    import { createClient } from '/api/auth/client.js';
    const open = window.open;
    window.open = (...all) => (window.opened = open.apply(window, all));
    const ifBlocked = new URLSearchParams(location.search).get('ifBlocked') ?? undefined;
    const client = createClient({ ifBlocked });
    window.client = client;
    const result = document.getElementById('result');
    const show = (promise) => {
      result.textContent = 'waiting';
      promise.then((answer) => answer.json()).then(
        ({ value }) => { result.textContent = value[0]; },
        (error) => { result.textContent = error.kind ?? error.code; },
      );
    };
    document.getElementById('read').onclick = () => show(client.graph('/me/messages'));
    document.getElementById('write').onclick = () => show(client.graph('/me/messages', { method: 'POST' }));
    document.getElementById('cancel').onclick = () => client.cancel();
    if (client.resumed) result.textContent = 'back for ' + client.resumed.feature + ' at ' + location.hash;
  </script>`;

async function openApp(skip: (note: string) => never, path = '/'): Promise<Page> {
  const page = await openPage(skip);
  await page.goto(origin + path);
  await page.waitForFunction('window.client');
  return page;
}

async function press(page: Page, name: string): Promise<Page> {
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button', { name }).click()]);
  await popup.getByText('Accept').waitFor();
  return popup;
}

const answer = (page: Page, text: string) => page.locator('#result', { hasText: text }).waitFor();

describe('a popup, in a real browser', () => {
  it('is awaited although its opener policy makes it appear closed, then the call is repeated', async ({
    skip,
  }) => {
    const page = await openApp(skip);
    const popup = await press(page, 'Read');
    await page.waitForFunction('window.opened.closed');
    await page.bringToFront();
    expect(await page.evaluate('window.client.interaction.feature')).toBe('mail');
    await answer(page, 'waiting');
    const closed = popup.waitForEvent('close');
    await popup.getByText('Accept').click();
    await answer(page, 'a letter');
    await closed;
    expect(state.calls).toEqual(['GET', 'GET']);
  });

  it.runIf(isWholeRun)('reports a denial, and the write is not repeated', async ({ skip }) => {
    const page = await openApp(skip);
    const popup = await press(page, 'Write');
    await popup.getByText('Cancel').click();
    await answer(page, 'consent_declined');
    expect(state.calls).toEqual(['POST']);
  });

  it.runIf(isWholeRun)(
    'without channels is completed when the user returns to the page',
    async ({ skip }) => {
      state.isMute = true;
      const page = await openApp(skip);
      const popup = await press(page, 'Read');
      await popup.getByText('Accept').click();
      await popup.waitForFunction('document.title === "Done"');
      expect(await popup.evaluate('window.hadOpener')).toBe(false);
      await page.evaluate('window.dispatchEvent(new Event("focus"))');
      await answer(page, 'a letter');
    },
  );

  it.runIf(isWholeRun)('that the user closes ends with Cancel', async ({ skip }) => {
    const page = await openApp(skip);
    const popup = await press(page, 'Read');
    await popup.close();
    await answer(page, 'waiting');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await answer(page, 'canceled');
    expect(state.calls).toEqual(['GET']);
  });

  it.runIf(isWholeRun)('belongs to one of two tabs and does not affect the other', async ({ skip }) => {
    const left = await openApp(skip);
    const right = await left.context().newPage();
    await right.goto(origin);
    await right.waitForFunction('window.client');
    const first = await press(left, 'Read');
    const second = await press(right, 'Read');
    await first.getByText('Cancel').click();
    await answer(left, 'consent_declined');
    await answer(right, 'waiting');
    await second.getByText('Accept').click();
    await answer(right, 'a letter');
    await answer(left, 'consent_declined');
  });

  it.runIf(isWholeRun)(
    'that is blocked can become a redirect, which returns to the same address and repeats no call',
    async ({ skip }) => {
      const page = await openApp(skip, '/inbox?ifBlocked=redirect#latest');
      await page.evaluate('window.open = () => null');
      await page.getByRole('button', { name: 'Read' }).click();
      await page.getByText('Accept').click();
      await answer(page, 'back for mail at #latest');
      expect(page.url()).toBe(`${origin}/inbox?ifBlocked=redirect#latest`);
      expect(state.calls).toEqual(['GET']);
      expect(await page.evaluate('sessionStorage.length')).toBe(0);
    },
  );

  it.runIf(isWholeRun)(
    'as a redirect returns to an address that the service does not accept',
    async ({ skip }) => {
      const path = `/inbox//a%2Fb?ifBlocked=redirect&q=${'a'.repeat(600)}#latest`;
      const page = await openApp(skip, path);
      await page.evaluate('window.open = () => null');
      await page.getByRole('button', { name: 'Read' }).click();
      await page.getByText('Accept').click();
      await answer(page, 'back for mail at #latest');
      expect(page.url()).toBe(origin + path);
      expect(await page.evaluate('sessionStorage.length')).toBe(0);
    },
  );

  it.runIf(isWholeRun)('completes the call even if the network was lost meanwhile', async ({ skip }) => {
    const page = await openApp(skip);
    const popup = await press(page, 'Read');
    await page.context().setOffline(true);
    await page.evaluate('window.dispatchEvent(new Event("focus"))');
    expect(await page.evaluate('window.client.interaction.feature')).toBe('mail');
    await page.context().setOffline(false);
    await popup.getByText('Accept').click();
    await answer(page, 'a letter');
  });

  it.runIf(isWholeRun)(
    'that became a redirect is over after going back from the sign-in page',
    async ({ skip }) => {
      const page = await openApp(skip, '/inbox?ifBlocked=redirect#latest');
      await page.evaluate('window.open = () => null');
      await page.getByRole('button', { name: 'Read' }).click();
      await page.getByText('Accept').waitFor();
      await page.goBack();
      await page.waitForFunction('window.client?.interaction === undefined');
      expect(new URL(page.url()).hash).toBe('#latest');
    },
  );
});
