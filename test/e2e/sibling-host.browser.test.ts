import { demoDirectory } from '@entra-bff/directory';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { see } from '../support/browser-world.ts';
import { launchChromium } from '../support/chromium.ts';
import { isWholeRun } from '../support/scale.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

const origin = 'https://app.contoso.test';
const registrations = demoDirectory.registrations.map((registration) => ({
  ...registration,
  redirectUris: [...registration.redirectUris, `${origin}/api/auth/callback`],
}));

let world: World;
let worker: Worker;
let front: TlsFront;
let browser: Browser | undefined;
let ben: string;
/** The app's page in a browser in which Alice is signed in. */
let app: Page;
/** A page of another host of the same domain, which an attacker controls. */
let sibling: Page;

beforeAll(async () => {
  [world, front] = await Promise.all([startWorld({ ...demoDirectory, registrations }), startTlsFront()]);
  const hosts = { 'app.contoso.test': front.port, 'evil.contoso.test': front.port };
  const launched = await launchChromium({ hosts, trustedKey: front.trustedKey });
  if (launched.kind === 'browser') browser = launched.browser;
  grantSignIn(world);
  const attacker = (await world.startWorker()).browser();
  await signIn(attacker, { user: 'ben' });
  ben = attacker.cookies().get('session') ?? '';
  worker = await world.startWorker({
    environment: { PUBLIC_BASE_URL: origin },
    frontend: (request, response) => {
      if (request.url !== '/') return false;
      response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><title>App</title><h1>The app</h1>');
      return true;
    },
  });
  front.origins.set('app.contoso.test', worker.origin);
});

afterAll(async () => {
  await browser?.close();
  await front.close();
  await world.close();
});

beforeEach(async ({ skip, onTestFinished }) => {
  if (browser === undefined) return skip('There is no browser.');
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  context.setDefaultTimeout(20_000);
  app = await context.newPage();
  await app.goto(`${origin}/api/auth/login`);
  await app.getByRole('button', { name: /Alice Adams/ }).click();
  await see(app, 'The app');
  sibling = await context.newPage();
  await sibling.goto('https://evil.contoso.test/');
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Calls a route from a script of the app's own page. */
const ask = (path: string) =>
  app.evaluate(async (target): Promise<Answer> => {
    const response = await fetch(target, { headers: { 'X-CSRF': '1' } });
    return { status: response.status, body: await response.json() };
  }, path);

const genuine = async (context: BrowserContext) =>
  (await context.cookies(origin)).find(({ name }) => name === '__Host-session')?.value;

/** Sets cookies for the whole domain from the sibling host; returns how many the browser accepted. */
const plant = (pairs: readonly string[]) =>
  sibling.evaluate((texts) => {
    let taken = 0;
    for (const text of texts) {
      const before = document.cookie;
      // biome-ignore lint/suspicious/noDocumentCookie: as an attacker does
      document.cookie = `${text}; Domain=contoso.test; Path=/; Secure`;
      if (document.cookie !== before) taken++;
    }
    return taken;
  }, pairs);

const remove = (names: readonly string[]) =>
  sibling.evaluate((texts) => {
    for (const text of texts) {
      // biome-ignore lint/suspicious/noDocumentCookie: as an attacker does
      document.cookie = `${text}=; Domain=contoso.test; Path=/; Secure; Max-Age=0`;
    }
  }, names);

const strange = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter((character) =>
  /[\p{White_Space}\p{Cc}\ufeff]/u.test(character),
);

describe('a page on a sibling host, in Chromium over TLS', () => {
  it.runIf(isWholeRun)(
    'cannot plant a cookie that replaces the session by adding white space or control characters',
    {
      tags: ['SC-8'],
    },
    async () => {
      const before = await genuine(app.context());
      let taken = 0;
      for (let start = 0; start < strange.length; start += 8) {
        const characters = strange.slice(start, start + 8);
        const names = characters.flatMap((text) => [`${text}__Host-session`, `__Host-session${text}`]);
        const nameless = characters.map((text) => `=${text}__Host-session=${ben}`);
        taken += await plant([...names.map((name) => `${name}=${ben}`), ...nameless]);
        expect(await ask('/api/auth/session'), JSON.stringify(characters)).toMatchObject({
          body: { name: 'Alice Adams' },
        });
        expect(await genuine(app.context()), JSON.stringify(characters)).toBe(before);
        await remove([...names, '']);
      }
      // Fewer would prove nothing: the browser strips space, tab and most controls, but no other white space.
      expect(taken).toBeGreaterThan(35);
    },
  );

  it.runIf(isWholeRun)('cannot plant a cookie that opens a session in a browser without one', async () => {
    await app.context().clearCookies({ name: '__Host-session' });
    for (const character of ['\u00a0', '\u1680', '\u2003', '\u2028', '\u3000', '\ufeff']) {
      expect(await plant([`${character}__Host-session=${ben}`])).toBe(1);
    }
    expect(await ask('/api/auth/session')).toMatchObject({ status: 200, body: { signed_in: false } });
  });

  it.runIf(isWholeRun)('cannot break a route with cookies outside ASCII', async () => {
    expect(await plant(['name=Łukasz', 'price=€', 'mood=🙂', '日本=語', 'ü=é'])).toBe(5);
    expect(await ask('/api/graph/v1.0/me')).toMatchObject({
      status: 200,
      body: { displayName: 'Alice Adams' },
    });
    await app.goto(`${origin}/api/auth/logout`);
    await see(app, 'Sign out?');
  });

  it.runIf(isWholeRun)(
    'cannot lock the user out with too many cookies, because the error page deletes them',
    async () => {
      await plant(Array.from({ length: 5 }, (_, index) => `bomb${index}=${'x'.repeat(4000)}`));
      await app.goto(`${origin}/api/auth/login`);
      await see(app, 'Invalid request');
      await app.goto(`${origin}/`);
      expect(await ask('/api/auth/session')).toMatchObject({ status: 200, body: { signed_in: false } });
      expect(await app.context().cookies(origin)).toEqual([]);
    },
  );
});

describe('a script injected into the app’s own page, in Chromium over TLS', () => {
  it.runIf(isWholeRun)(
    'can add a second session cookie, but then neither opens a session, and the user sees why',
    {
      tags: ['SC-8'],
    },
    async () => {
      const before = await genuine(app.context());
      await app.evaluate((value) => {
        // Scripts cannot overwrite the genuine cookie. To the browser, a partitioned one is another cookie.
        // biome-ignore lint/suspicious/noDocumentCookie: as an attacker does
        document.cookie = `__Host-session=${value}; Secure; Path=/; Partitioned`;
      }, ben);
      expect(await ask('/api/auth/session')).toMatchObject({ body: { signed_in: false } });
      expect(await ask('/api/graph/v1.0/me')).toMatchObject({
        status: 401,
        body: { code: 'session_required', reason: 'cookie_sent_twice' },
      });
      for (const path of ['/api/auth/login', '/api/auth/logout', '/api/admin']) {
        await app.goto(origin + path);
        await see(app, 'This browser sent two sign-in cookies');
        expect(new URL(app.url()).pathname).toBe(path);
      }
      const values = (await app.context().cookies(origin))
        .filter(({ name }) => name === '__Host-session')
        .map(({ value }) => value);
      expect(values.toSorted()).toEqual([before ?? '', ben].toSorted());
      expect(worker.logLines.some((line) => line.includes('"event":"cookie-sent-twice","audit":true'))).toBe(
        true,
      );
    },
  );
});
