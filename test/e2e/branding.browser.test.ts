import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeCatalogue, shippedLanguages } from '../../src/shared/pages/catalogues.ts';
import { inspectAppearance } from '../support/appearance.ts';
import {
  type BrowserWorld,
  press,
  see,
  signInWithoutPage,
  startBrowserWorld,
} from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { serve } from '../support/small-site.ts';
import { grantSignIn } from '../support/world.ts';

let world: BrowserWorld;
let origin: string;
let folder: string;

/** Everything that an SVG can try. In `<img>`, nothing of it has an effect. */
const hostileLogo = (
  server: string,
) => `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
  viewBox="0 0 10 10" onload="parent.document.title='changed'">
  <style>@import url(${server}/import.css); rect { fill: url(${server}/paint.svg#p); }</style>
  <script>fetch('${server}/script'); parent.document.title = 'changed';</script>
  <image xlink:href="${server}/image.png" width="10" height="10"/>
  <foreignObject width="10" height="10"><iframe xmlns="http://www.w3.org/1999/xhtml" src="${server}/frame"/></foreignObject>
  <a xlink:href="${server}/link"><rect width="10" height="10"/></a>
</svg>`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'branding-'));
  world = await startBrowserWorld({
    environment: {
      PAGES_NAME: 'Contoso Orders',
      PAGES_LOGO_FILE: fileURLToPath(new URL('../../examples/branding/logo.svg', import.meta.url)),
      PAGES_ACCENT: '#067a46',
      PAGES_ACCENT_DARK: '#3ddc97',
    },
  });
  origin = world.worker.origin;
  grantSignIn(world);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});

describe.each(shippedLanguages)('every page of an app with an identity, in %s', (language) => {
  const { [`sign_in.consent_declined.title`]: declined, ...texts } = completeCatalogue(language, new Map());

  it.runIf(isWholeRun)(
    'passes axe and is no wider than the window',
    { timeout: 180_000 },
    async ({ skip }) => {
      const page = await world.newPage(skip, { locale: language });
      const issues: string[] = [];
      const inspect = async (name: string, heading: string) => {
        await see(page, heading);
        issues.push(...(await inspectAppearance(page, `branding-${language}-${name}`)));
      };
      const open = (path: string) => page.goto(origin + path);

      await open('/');
      await inspect('start', texts['start.heading']);
      await open('/api/auth/callback?state=none&code=none');
      await inspect('stale', texts['problem.login_transaction_invalid.title']);
      await open('/api/auth/logout');
      await inspect('signed-out', texts['signed_out.heading']);
      await open('/api/auth/callback?state=admin-consent&admin_consent=True');
      await inspect('approved', texts['approval.granted.title']);

      await signInWithoutPage(world, page, 'ben');
      await open('/api/admin');
      await inspect('no-access', texts['problem.claim_required.title']);
      await open('/api/auth/login?prompt=unknown');
      await inspect('invalid', texts['problem.request_invalid.title']);
      await open('/api/auth/logout');
      await inspect('sign-out', texts['sign_out.heading']);
      await open('/api/auth/login?display=popup.a-page-to-see');
      await inspect('popup-done', texts['popup.title']);
      world.entra.switches.onlyAdministratorsConsent = true;
      await open('/api/auth/login?feature=mail');
      await press(page, 'Return to the app without consent');
      await inspect('administrator', texts['sign_in.admin_consent_required.title']);
      world.entra.switches.onlyAdministratorsConsent = false;
      await open('/api/auth/login?feature=mail');
      await press(page, 'Cancel');
      await inspect('declined', declined);
      expect(issues).toEqual([]);
    },
  );
});

describe('the admin console of an app with an identity', () => {
  it.runIf(isWholeRun)('is in English for every user, and passes axe', async ({ skip }) => {
    const page = await world.newPage(skip, { locale: 'de' });
    await signInWithoutPage(world, page, 'alice');
    await page.goto(`${origin}/api/admin`);
    await see(page, 'Administration');
    expect(await page.evaluate('document.documentElement.lang')).toBe('en');
    expect(await page.title()).toBe('Administration · Contoso Orders');
    expect(await inspectAppearance(page, 'branding-admin')).toEqual([]);
  });
});

describe('the logo', () => {
  it('is shown, and is no taller than 36 pixels', async ({ skip }) => {
    const page = await world.newPage(skip);
    await page.goto(`${origin}/api/auth/logout`);
    await see(page, 'You are signed out');
    const image = 'document.querySelector(".app img")';
    const size = await page.evaluate(`[${image}.naturalWidth > 0, ${image}.height]`);
    expect(size).toEqual([true, 36]);
  });
});

describe('refuses', () => {
  it('to run or to load anything of a logo', async ({ skip }) => {
    const page = await world.newPage(skip);
    const requested: string[] = [];
    let logo = '';
    const server = await serve(({ pathname }) => {
      requested.push(pathname);
      return pathname === '/logo.svg' ? { headers: { 'content-type': 'image/svg+xml' }, body: logo } : {};
    });
    try {
      logo = hostileLogo(`http://localhost:${server.port}`);
      // As a document, the same file runs its script and loads what it names.
      await page.goto(`http://localhost:${server.port}/logo.svg`);
      await expect.poll(() => requested).toEqual(expect.arrayContaining(['/script', '/image.png', '/frame']));

      const path = join(folder, 'hostile.svg');
      writeFileSync(path, logo);
      const environment = { PAGES_NAME: 'Contoso', PAGES_LOGO_FILE: path };
      const worker = await world.startWorker({ environment });
      const reported: string[] = [];
      page.on('console', (message) => reported.push(message.text()));
      requested.length = 0;
      await page.goto(`${worker.origin}/api/auth/logout`);
      await see(page, 'You are signed out');
      await page.waitForFunction('document.querySelector(".app img").naturalWidth > 0');
      // If the logo had sent a request, it would have arrived before this one.
      await page.request.get(`http://localhost:${server.port}/last`);
      expect(requested).toEqual(['/last']);
      expect(reported).toEqual([]);
      expect(await page.title()).toBe('Signed out · Contoso');
    } finally {
      await server.close();
    }
  });
});
