import { fileURLToPath } from 'node:url';
import { missingPackages } from '@entra-bff/test-browser';
import type { TestProject } from 'vitest/node';
import { buildApp, bundle } from '../../build/bundle.ts';
import { type Azurite, startAzurite } from '../../dev/azurite.ts';
import { findChromium } from './chromium.ts';

declare module 'vitest' {
  /** Not available to the projects `unit` and `package`. */
  interface ProvidedContext {
    /** All test files share one Azurite. Each of them creates its own tables. */
    tableConnectionString: string;
    /** Path of `src/main.ts` bundled as it is deployed, with its libraries beside it. */
    appBundle: string;
    /** Whether the bundles are built for coverage. */
    isMeasured: boolean;
    /** Path of `test/support/worker.ts` bundled into one CommonJS file: the app with replaceable dependencies. */
    workerBundle: string;
  }
}

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
let azurite: Azurite | undefined;

/** Runs once before the tests of all projects: builds bundles, starts the table storage, looks for the browser. */
export async function setup(project: TestProject): Promise<void> {
  const names = project.vitest.projects.map(({ name }) => name);
  if (names.every((name) => name === 'unit' || name === 'package')) return;
  const usesBrowser = ['browser', 'engines', 'libraries'].some((name) => names.includes(name));
  const measured = project.vitest.config.coverage.enabled;
  // If one of them fails, the run ends. Azurite ends with this process.
  const [storage, appBundle, workerBundle] = await Promise.all([
    startAzurite(),
    // Coverage is mapped from one file.
    measured
      ? buildBundle('src/main.ts', '.build/main.cjs', measured)
      : buildApp(fromRoot('.build/main.cjs')),
    buildBundle('test/support/worker.ts', '.build/worker.cjs', measured, ['test/support/worker-date.ts']),
    usesBrowser ? announceBrowser() : undefined,
  ]);
  if (names.includes('browser') || names.includes('engines')) announceEngines(names.includes('engines'));
  azurite = storage;
  project.provide('tableConnectionString', storage.connectionString);
  project.provide('appBundle', appBundle);
  project.provide('isMeasured', measured);
  project.provide('workerBundle', workerBundle);
}

/** Runs once after all test files. */
export async function teardown(): Promise<void> {
  await azurite?.close();
}

async function buildBundle(
  entry: string,
  outfile: string,
  measured: boolean,
  inject: readonly string[] = [],
): Promise<string> {
  await bundle({
    entry: fromRoot(entry),
    outfile: fromRoot(outfile),
    measured,
    inject: inject.map(fromRoot),
  });
  return fromRoot(outfile);
}

/** The journeys in Firefox and WebKit need programs that npm cannot install, so they are a run of their own. */
function announceEngines(isTheirRun: boolean): void {
  const missing = missingPackages();
  const hint = missing.length > 0 ? ` Not installed: ${missing.join(', ')}.` : '';
  if (!isTheirRun) {
    console.warn(
      `Not in this run: the main journeys in three browser engines (npm run test:engines).${hint}`,
    );
  } else if (missing.length > 0) {
    const message = `The main journeys cannot run in every engine.${hint}`;
    if (process.env['ENTRA_BFF_REQUIRE_BROWSER'] === '1') throw new Error(message);
    console.warn(message);
  }
}

async function announceBrowser(): Promise<void> {
  const found = await findChromium();
  if (found.kind === 'found') return;
  const message = `The browser tests cannot run: ${found.reason}`;
  if (process.env['ENTRA_BFF_REQUIRE_BROWSER'] === '1') throw new Error(message);
  const line = '!'.repeat(80);
  console.warn(
    `\n${line}\n${message}\nAll other tests run. No page has been tested in a browser.\n${line}\n`,
  );
}
