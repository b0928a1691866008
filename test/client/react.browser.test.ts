import { fileURLToPath } from 'node:url';
import type { Skip } from '@entra-bff/test-browser';
import { build } from 'esbuild';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClient } from '../../client/client.ts';
import { BffProvider, useSession } from '../../client/react.ts';
import { openPage } from '../support/open-page.ts';
import { isWholeRun } from '../support/scale.ts';
import { problem, type SmallSite, serve } from '../support/small-site.ts';
import { signedIn, signedOut } from './fake-page.ts';

let site: SmallSite;
const state: { session: unknown; sessionCalls: number; posts: number } = {
  session: signedOut,
  sessionCalls: 0,
  posts: 0,
};

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('react-app.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    define: { 'process.env.NODE_ENV': '"development"' },
    sourcemap: 'inline',
    write: false,
  });
  const script = outputFiles[0]?.text ?? '';
  site = await serve(({ pathname }, { method }) => {
    if (pathname === '/app.js') return { headers: { 'content-type': 'text/javascript' }, body: script };
    if (pathname === '/api/auth/session') {
      state.sessionCalls++;
      return state.session === undefined
        ? problem(503, { code: 'storage_unavailable' })
        : { body: state.session };
    }
    if (pathname.startsWith('/api/graph/')) {
      if (method === 'POST') state.posts++;
      return problem(401, {
        code: 'interaction_required',
        reason: 'consent_required',
        feature: 'mail',
        login_url: '/api/auth/login',
      });
    }
    return { body: '<!doctype html><div id="root"></div><script type="module" src="/app.js"></script>' };
  });
});
beforeEach(() => Object.assign(state, { session: signedOut, sessionCalls: 0, posts: 0 }));
afterAll(async () => {
  await site.close();
});

const farAway = { idle_expires_at: '2126-11-22T17:00:00.000Z', expires_at: '2126-11-22T17:00:00.000Z' };

describe('useSession', () => {
  it('follows the session and the interaction, also in strict mode', async ({ skip }) => {
    const page = await openPage(skip);
    const see = (text: string) => page.locator('#state', { hasText: text }).waitFor();
    await page.goto(`http://localhost:${site.port}`);
    await see('signed_out, nobody, waits for nothing');

    state.session = signedIn(farAway);
    await page.evaluate(
      `new BroadcastChannel('entra-bff').postMessage({ type: 'entra-bff:session', change: 'signed_in' })`,
    );
    await see('signed_in, Alice Adams, waits for nothing');
    await page.getByRole('button', { name: 'Read' }).click();
    await see('signed_in, Alice Adams, waits for mail');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await see('signed_in, Alice Adams, waits for nothing, , InteractionFailed');

    state.session = signedIn({ ...farAway, idle_expires_at: new Date(Date.now() + 90_000).toISOString() });
    await page.evaluate(
      `new BroadcastChannel('entra-bff').postMessage({ type: 'entra-bff:session', change: 'changed' })`,
    );
    await page.locator('#state', { hasText: /ends in (7\d|8\d|9[01]) s/ }).waitFor();
    state.session = signedIn(farAway);
    await page.getByRole('button', { name: 'Read' }).click();
    await see('signed_in, Alice Adams, waits for nothing, , BffProblem');
    state.session = undefined;
    await page.reload();
    await see('failed, nobody');
  });

  /** Opens Alice's page with a draft, and returns a function that signs in in another tab. */
  async function alicesPage(skip: Skip, path = '') {
    const page = await openPage(skip);
    const see = (text: string) => page.locator('#state', { hasText: text }).waitFor();
    const signInElsewhere = (session: object) => {
      state.session = session;
      return page.evaluate(
        `new BroadcastChannel('entra-bff').postMessage({ type: 'entra-bff:session', change: 'signed_in' })`,
      );
    };
    state.session = signedIn(farAway);
    await page.goto(`http://localhost:${site.port}/${path}`);
    await see('signed_in, Alice Adams, waits for nothing');
    await page.getByLabel('Draft').fill('Dear Carol');
    return { page, see, signInElsewhere };
  }

  const ben = signedIn({ ...farAway, name: 'Ben Brown', username: 'ben', session_tag: 'b' });

  it.runIf(isWholeRun)(
    'loads the page again for another user, and keeps it for the same user',
    async ({ skip }) => {
      const { page, see, signInElsewhere } = await alicesPage(skip);
      await signInElsewhere(signedIn({ ...farAway, name: 'Alice A.', session_tag: 'new-tag-of-alice' }));
      await see('signed_in, Alice A.');
      expect(await page.getByLabel('Draft').inputValue()).toBe('Dear Carol');
      await page.getByRole('button', { name: 'Read' }).click();
      await see('waits for mail');
      const loaded = page.waitForEvent('load');
      await signInElsewhere(ben);
      await loaded;
      await see('signed_in, Ben Brown, waits for nothing');
      expect(await page.getByLabel('Draft').inputValue()).toBe('');
      // The new page can make calls and is not loaded again.
      await page.getByRole('button', { name: 'Read' }).click();
      await see('signed_in, Ben Brown, waits for mail');
    },
  );

  it('shows and calls nothing for another user until onUserChanged is done', async ({ skip }) => {
    const { page, see, signInElsewhere } = await alicesPage(skip, '?keeps-page');
    await page.getByRole('button', { name: 'Save later' }).click();
    await signInElsewhere(ben);
    await page.waitForFunction(`document.querySelector('main') === null`);
    await page.evaluate(`dispatchEvent(new Event('save-now'))`);
    await page.waitForFunction('saves.length === 1');
    expect(await page.evaluate('saves')).toEqual(['user_changed']);
    expect(state.posts).toBe(0);
    await page.evaluate('userIsReady()');
    await see('signed_in, Ben Brown, waits for nothing');
    expect(await page.getByLabel('Draft').inputValue()).toBe('');
  });

  it('returns the status loading during server-side rendering', () => {
    const Status = () => useSession().status;
    const client = createClient();
    expect(renderToString(createElement(BffProvider, { client }, createElement(Status)))).toBe('loading');
  });

  it('throws if there is no BffProvider', () => {
    const Status = () => useSession().status;
    expect(() => renderToString(createElement(Status))).toThrow('BffProvider');
  });
});
