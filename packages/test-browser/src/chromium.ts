import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';

type Chromium = { executable: string; env: Record<string, string> };
export type FoundChromium = { kind: 'found'; chromium: Chromium } | { kind: 'missing'; reason: string };
export type LaunchedChromium = { kind: 'browser'; browser: Browser } | { kind: 'missing'; reason: string };

// Not the arguments that the package suggests: those turn web security off and would hide errors with CORS and cookies.
const launchArguments = [
  '--no-sandbox', // tests run as root in containers
  // The browser reaches this computer only: no update check, no telemetry, no external resource.
  '--no-proxy-server',
  '--disable-background-networking',
  '--disable-domain-reliability',
  '--no-pings',
  // Every test changes between the origins of the app and of Entra ID. By default each change starts a process,
  // which costs more than the page. Cookies, CORS and COOP are enforced elsewhere in the browser.
  '--disable-site-isolation-trials',
  '--renderer-process-limit=1',
];

export interface ChromiumOptions {
  /** Additional host names, with the port on 127.0.0.1 that serves each of them. */
  readonly hosts?: Readonly<Record<string, number>>;
  /** SHA-256 of the public key (SPKI) of a test certificate, in base64. */
  readonly trustedKey?: string;
}

/** Starts a headless Chromium, which the caller closes. `missing` has the reason if there is none. */
export async function launchChromium({
  hosts = {},
  trustedKey,
}: ChromiumOptions = {}): Promise<LaunchedChromium> {
  const found = await findChromium();
  if (found.kind === 'missing') return found;
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: found.chromium.executable,
    args: [
      ...launchArguments,
      `--host-resolver-rules=${[
        ...Object.entries(hosts).map(([host, port]) => `MAP ${host} 127.0.0.1:${port}`),
        'MAP * ~NOTFOUND',
        'EXCLUDE localhost',
        'EXCLUDE 127.0.0.1',
        'EXCLUDE ::1',
      ].join(', ')}`,
      ...(trustedKey === undefined ? [] : [`--ignore-certificate-errors-spki-list=${trustedKey}`]),
    ],
    env: { ...definedEnv(), ...found.chromium.env },
  });
  return { kind: 'browser', browser };
}

/** Returns `CHROME_PATH` if it is set, else the Chromium in node_modules, which is unpacked at the first use (Linux x64 only). */
export async function findChromium(): Promise<FoundChromium> {
  const chromePath = process.env['CHROME_PATH'];
  if (chromePath) return firstThatRuns([{ executable: chromePath, env: {} }]);
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return missing(`there is no Chromium for ${process.platform} on ${process.arch} in node_modules`);
  }
  const folder = await unpack();
  const executable = join(folder, 'chromium');
  return firstThatRuns([
    { executable, env: {} },
    // If this computer has no libnss3, the copy of the package is used.
    {
      executable,
      env: { LD_LIBRARY_PATH: join(folder, 'al2023/lib'), FONTCONFIG_PATH: join(folder, 'fonts') },
    },
  ]);
}

/** Unpacks into a folder named after the version. The package itself would reuse the binary of another version. */
async function unpack(): Promise<string> {
  const require = createRequire(import.meta.url);
  const manifest = join(dirname(require.resolve('@sparticuz/chromium')), '../package.json');
  const { version } = require(manifest);
  const folder = join(dirname(manifest), '../../.cache', `chromium-${version}`);
  if (existsSync(folder)) return folder;

  const { default: packed } = await import('@sparticuz/chromium');
  const unfinished = `${folder}.unfinished-${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  // AWS_LAMBDA_JS_RUNTIME makes it unpack its shared libraries too.
  await withEnv({ TMPDIR: unfinished, AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x' }, () => packed.executablePath());
  // The file of the package contains folders of AWS Lambda.
  await writeFile(
    join(unfinished, 'fonts/fonts.conf'),
    `<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>\n`,
  );
  try {
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error; // else another process was faster
  }
  return folder;
}

async function firstThatRuns(candidates: readonly Chromium[]): Promise<FoundChromium> {
  let reason = '';
  for (const chromium of candidates) {
    try {
      await promisify(execFile)(chromium.executable, ['--version'], {
        env: { ...process.env, ...chromium.env },
      });
      return { kind: 'found', chromium };
    } catch (error) {
      reason ||= error instanceof Error ? error.message.trim() : String(error);
    }
  }
  return missing(reason);
}

const missing = (reason: string) =>
  ({ kind: 'missing', reason: `${reason}; set CHROME_PATH to a Chromium or Chrome` }) as const;

async function withEnv<Result>(env: Record<string, string>, action: () => Promise<Result>): Promise<Result> {
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  try {
    return await action();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

const definedEnv = () =>
  Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
