import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { markdownTable } from '../bench/support/markdown-table.ts';
import { type ProofLine, proofLinesPath } from '../test/connection-proof/report.ts';

/**
 * `npm run prove:connections`: makes 200 runs of each circumstance in which an upstream answers one user's call a
 * second time while another user calls. Prints a table of the runs. `npm test` makes one run of each circumstance, and
 * `npm run test:all` 20.
 */
rmSync(proofLinesPath, { force: true });
const startedMs = performance.now();
const exitCode = await runTests();
const minutes = (performance.now() - startedMs) / 60_000;
const lines = existsSync(proofLinesPath) ? readFileSync(proofLinesPath, 'utf8').trim().split('\n') : [];
console.log(`\n${toTable(lines.map((line): ProofLine => JSON.parse(line)))}\n`);
console.log(
  `${minutes.toFixed(1)} minutes; ${exitCode === 0 ? 'everything holds' : 'something does NOT hold'}`,
);
process.exitCode = exitCode;

async function runTests(): Promise<number> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', '--mode', 'whole', 'test/connection-proof'], {
    stdio: 'inherit',
    env: { ...process.env, RUNS_OF_EACH: '200' },
  });
  const [code]: unknown[] = await once(child, 'exit');
  return typeof code === 'number' ? code : 1;
}

function toTable(proof: readonly ProofLine[]): string {
  return markdownTable(
    ['event loop', 'call of the other user', 'circumstances', 'runs', 'repeated', 'bytes of another user'],
    proof.map(({ loop, isInFlight, circumstances, runs, again, ofAnother }) => [
      loop,
      isInFlight ? 'in progress' : 'afterwards',
      String(circumstances),
      String(runs),
      String(again),
      String(ofAnother),
    ]),
  );
}
