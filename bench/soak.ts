import { mkdir, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Plant, plants } from './soak/plants.ts';
import { toReport } from './soak/report.ts';
import { expectedSeconds, runSoak, type SoakOptions } from './soak/run-soak.ts';
import { startProgress } from './support/progress.ts';

const WHOLE_SECONDS = 600;

/**
 * `npm run soak`: ten minutes of load with 500 users, while the table, Entra ID and Graph fail in turns. Options after `--`:
 * `--seconds`, `--users`, `--seed` to choose the same calls again, and `--plant` with a fault of `soak/plants.ts`, to see
 * that the soak finds it. See docs/measurements.md.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: String(WHOLE_SECONDS) },
    users: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    plant: { type: 'string', multiple: true, default: [] },
  },
});
const artefacts = fileURLToPath(new URL('../.artefacts/', import.meta.url));
const isPlant = (name: string): name is Plant => plants.some((plant) => plant === name);
// The memory of a new process grows for some minutes.
const isWhole = Number(values.seconds) >= WHOLE_SECONDS;
const options: SoakOptions = {
  seconds: Number(values.seconds),
  users: Number(values.users),
  workers: 2,
  seed: Number(values.seed),
  plants: values.plant.filter(isPlant),
  tolerance: { recoveryMs: 1_000, memoryGrowth: isWhole ? 0.1 : 0.5 },
  maxCallsPerSecond: Number.POSITIVE_INFINITY,
};
const { text, json } = toReport(await runSoak(options, startProgress(expectedSeconds(options))));
console.log(text);
await mkdir(artefacts, { recursive: true });
await writeFile(`${artefacts}soak.json`, `${JSON.stringify(json, null, 2)}\n`);
process.exitCode = json.passed ? 0 : 1;
