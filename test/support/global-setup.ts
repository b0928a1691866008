import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { type Azurite, startAzurite } from '../../dev/azurite.ts';
import { bundle } from '../../scripts/build.ts';
import { findChromium } from './chromium.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the one Azurite that all test files share: every test names a table of its own. */
    tableConnectionString: string;
    /** The app as it is deployed, `src/main.ts` in one CommonJS file. */
    appBundle: string;
    /** `test/support/worker.ts` in one CommonJS file: the app with its injectable parts exported. */
    workerBundle: string;
  }
}

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
let azurite: Azurite | undefined;

/** Runs once before all test files: bundles, table storage, a look for the browser. */
export async function setup(project: TestProject): Promise<void> {
  const measured = project.vitest.config.coverage.enabled;
  // When one of them fails the run ends, and Azurite with it: it never outlives its parent.
  const [storage, appBundle, workerBundle] = await Promise.all([
    startAzurite(),
    buildBundle('src/main.ts', '.build/main.cjs', measured),
    buildBundle('test/support/worker.ts', '.build/worker.cjs', measured, ['test/support/worker-date.ts']),
    announceBrowser(),
  ]);
  azurite = storage;
  project.provide('tableConnectionString', storage.connectionString);
  project.provide('appBundle', appBundle);
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

async function announceBrowser(): Promise<void> {
  const found = await findChromium();
  if (found.kind === 'found') return;
  const message = `The browser tests cannot run: ${found.reason}`;
  if (process.env['ENTRA_BFF_REQUIRE_BROWSER'] === '1') throw new Error(message);
  const line = '!'.repeat(80);
  console.warn(
    `\n${line}\n${message}\nEverything else is tested; nothing has been seen in a browser.\n${line}\n`,
  );
}
