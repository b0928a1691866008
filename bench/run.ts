import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeDocs } from '../scripts/write-docs.ts';
import { measureBundle } from './support/bundle-size.ts';
import { measure, plans } from './support/measure.ts';
import { profileCalls } from './support/profile-calls.ts';
import { publish } from './support/publish.ts';
import { toResult } from './support/report.ts';
import { bundleApps, bundleOf } from './support/systems.ts';
import { goalsTable, noiseText, startsTable, systemsTable } from './support/tables.ts';

/**
 * `npm run bench`: compares the product with other ways to proxy and with its goals, in one run. Compare only the ratios of one
 * run: machines differ, and the speed of one machine changes from hour to hour.
 *
 * - `-- --quick`: fewer systems and rounds.
 * - `-- --product <folder>`: also measures the product of another checkout.
 * - `-- --write`: publishes the result in README.md and docs/.
 * - `-- --profile`: no comparison, but the functions that take the most time of a call.
 */
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    product: { type: 'string' },
    write: { type: 'boolean' },
    profile: { type: 'boolean' },
  },
});
const folder = fileURLToPath(new URL('.', import.meta.url));
const artefacts = fileURLToPath(new URL('../.artefacts/', import.meta.url));

if (!existsSync(`${folder}node_modules/fastify`)) {
  console.error('Installing what the product is compared with …');
  execFileSync('npm', ['ci', '--prefix', folder, '--ignore-scripts'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
if (flags.profile) {
  await bundleApps();
  await mkdir(artefacts, { recursive: true });
  console.log(await profileCalls(artefacts));
  process.exit();
}
const startedMs = performance.now();
await bundleApps(flags.product);
const products = flags.product === undefined ? ['product'] : ['product', 'before'];
const bundles = Object.fromEntries(
  await Promise.all(products.map(async (name) => [name, await measureBundle(bundleOf(name))] as const)),
);
const measured = await measure(flags.quick ? plans.quick : plans.whole, flags.product !== undefined);
const result = toResult(
  { ...measured, bundles },
  {
    command: flags.quick ? 'npm run bench -- --quick' : 'npm run bench',
    minutes: (performance.now() - startedMs) / 60_000,
  },
);
const parts = [systemsTable(result), startsTable(result), goalsTable(result), noiseText(result)];
console.log(parts.join('\n\n'));
await mkdir(artefacts, { recursive: true });
await writeFile(`${artefacts}bench.json`, `${JSON.stringify(result, null, 2)}\n`);
if (flags.write) {
  publish(result);
  writeDocs();
}
