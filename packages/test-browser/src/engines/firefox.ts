import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserProcess, findExecutable, startProcess, waitFor } from './browser-process.ts';
import type { LaunchedEngine } from './engine.ts';
import { connectToMarionette, type Marionette } from './marionette.ts';
import { capabilities, createWebDriverBrowser, webDriverCommands } from './web-driver.ts';

const startMs = 60_000;

/** Without the preferences that Marionette recommends: they turn the popup blocker off. */
const preferences = {
  'remote.prefs.recommended': false,
  'marionette.port': 0,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.push.connection.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#',
  'toolkit.telemetry.reportingpolicy.firstRun': false,
};

export const findFirefox = () => process.env['FIREFOX_PATH'] ?? findExecutable('firefox-esr', 'firefox');

/** Starts the installed Firefox. Its own remote protocol, Marionette, needs no driver beside it. */
export async function launchFirefox(): Promise<LaunchedEngine> {
  const executable = findFirefox();
  if (executable === undefined) return { kind: 'missing', reason: 'firefox-esr is not installed' };
  const profile = await mkdtemp(join(tmpdir(), 'test-browser-firefox-'));
  // Files that a page lets the user save end with the profile. Firefox ignores a folder that does not exist.
  await mkdir(join(profile, 'downloads'));
  const downloads = { 'browser.download.folderList': 2, 'browser.download.dir': join(profile, 'downloads') };
  const lines = Object.entries({ ...preferences, ...downloads }).map(([name, value]) => {
    return `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`;
  });
  await writeFile(join(profile, 'user.js'), lines.join(''));
  const browser = startProcess(executable, [
    '--headless',
    '--marionette',
    '--no-remote',
    '--profile',
    profile,
  ]);
  const end = async () => {
    await browser.end();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const marionette = await connectTo(browser, profile);
    await marionette.send('WebDriver:NewSession', capabilities, startMs);
    const close = async () => {
      marionette.close();
      await end();
    };
    return {
      kind: 'browser',
      browser: await createWebDriverBrowser(
        (command, parameters) => marionette.send(webDriverCommands[command][2], parameters),
        'tab',
        close,
      ),
    };
  } catch (error) {
    await end();
    throw new Error(`Firefox did not start: ${browser.errorText()}`, { cause: error });
  }
}

/** Firefox writes the port into its profile. */
async function connectTo({ child }: BrowserProcess, profile: string): Promise<Marionette> {
  const port = await waitFor(
    'the port of Firefox',
    async () => {
      if (child.exitCode !== null) throw new Error('Firefox has ended.');
      return (
        Number(await readFile(join(profile, 'MarionetteActivePort'), 'utf8').catch(() => '')) || undefined
      );
    },
    startMs,
  );
  return connectToMarionette(connect(port, '127.0.0.1'));
}
