import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { compareSystems, type Sample } from './support/compare.ts';
import { toReport } from './support/report.ts';
import { bundleApps, systems } from './support/systems.ts';

/**
 * `npm run bench`: compares the product with other ways to do the same, in one run. With `-- --quick`, fewer systems and
 * rounds. Only ratios of one run mean something: machines differ, and so do the hours of one machine.
 */
const isQuick = process.argv.includes('--quick');
const folder = fileURLToPath(new URL('.', import.meta.url));
const artefacts = fileURLToPath(new URL('../.artefacts/', import.meta.url));

if (!existsSync(`${folder}node_modules/fastify`)) {
  console.error('Installing what the product is compared with …');
  execFileSync('npm', ['ci', '--prefix', folder, '--ignore-scripts'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
await bundleApps();
const samples: readonly Sample[] = await compareSystems(
  systems.filter((system) => !isQuick || system.isQuick),
  { path: '/v1.0/me', rounds: isQuick ? 3 : 7, warmUpSeconds: isQuick ? 2 : 3, seconds: isQuick ? 2 : 3 },
);
const { table, json } = toReport(samples);
console.log(table);
await mkdir(artefacts, { recursive: true });
await writeFile(`${artefacts}bench.json`, `${JSON.stringify(json, null, 2)}\n`);
