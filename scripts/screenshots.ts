import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { buildApp } from '../build/bundle.ts';
import { createDevelopment } from '../dev/development.ts';
import { findChromium, launchChromium } from '../test/support/chromium.ts';

const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const images = fromRoot('docs/images');

/** Signs Alice in, grants every permission and opens her messages. */
async function openMessages(page: Page, origin: string): Promise<void> {
  const press = (name: string | RegExp) => page.getByRole('button', { name }).click();
  await page.goto(origin);
  await press('Sign in');
  await press(/Alice Adams/);
  await press('Accept');
  await press('Show my messages');
  await press('Continue to consent');
  await press('Accept');
  await page.getByText('10 shown').waitFor();
  await page.locator('#portrait img').waitFor();
  // The opened list has the focus, which a picture should not show.
  await page.evaluate('document.activeElement.blur(), scrollTo(0, 0)');
}

/** Opens Alice's page in the admin console and grants each requested permission. */
async function openConsole(page: Page, origin: string): Promise<void> {
  const accept = async () => {
    await page.getByRole('link', { name: 'Continue' }).first().click();
    await page.getByRole('button', { name: 'Accept' }).click();
  };
  await page.goto(`${origin}/api/admin?user=alice@contoso.example`);
  await accept();
  await page.getByRole('link', { name: 'Alice Adams' }).click();
  await accept();
  await page.getByText('Mail.Read').first().waitFor();
}

/** The Chromium in node_modules includes a font that looks better than those of a minimal Linux. */
async function installOwnFont(): Promise<void> {
  await findChromium(); // unpacks it
  const cache = fromRoot('node_modules/.cache');
  const folder = (await readdir(cache).catch(() => [])).findLast((name) => /^chromium-[\d.]+$/.test(name));
  if (folder === undefined) return;
  const prefer = (family: string) =>
    `<match target="pattern"><test name="family"><string>${family}</string></test><edit name="family" mode="prepend" binding="strong"><string>Open Sans</string></edit></match>`;
  const file = fromRoot('.build/fonts.conf');
  await writeFile(
    file,
    `<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir>${join(cache, folder, 'fonts')}</dir>${['system-ui', 'sans-serif'].map(prefer).join('')}</fontconfig>\n`,
  );
  process.env['FONTCONFIG_FILE'] = file;
}

await mkdir(images, { recursive: true });
const development = createDevelopment({
  build: () => buildApp(fromRoot('.build/screenshots.cjs')),
  env: {},
  log: () => undefined,
});
try {
  const { publicBaseUrl } = await development.start();
  await installOwnFont();
  const launched = await launchChromium();
  if (launched.kind === 'missing') throw new Error(launched.reason);
  const page = await launched.browser.newPage({
    deviceScaleFactor: 2,
    viewport: { width: 1120, height: 1020 },
  });
  await openMessages(page, publicBaseUrl);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(images, `demo-${colorScheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await openConsole(page, publicBaseUrl);
  await page.screenshot({ path: join(images, 'admin.png') });
  await launched.browser.close();
} finally {
  await development.stop();
}
