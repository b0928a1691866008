import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable } from '../bench/support/markdown-table.ts';
import { type ProofLine, proofLinesPath } from '../test/store-proof/report.ts';

/** `npm run prove:store`: runs the complete proof and prints its counts. With `--write` it also writes them into the page. */
const page = fileURLToPath(new URL('../docs/store-proof.md', import.meta.url));
const [begin, end] = ['<!-- proof: begin -->', '<!-- proof: end -->'];
const parts: readonly ProofLine['part'][] = ['model', 'faults', 'keys', 'soak'];

rmSync(proofLinesPath, { force: true });
const startedMs = performance.now();
const exitCode = await runTests();
const minutes = (performance.now() - startedMs) / 60_000;
const table = toTable(readLines());
console.log(
  `\n${table}\n\n${minutes.toFixed(1)} minutes; ${exitCode === 0 ? 'everything holds' : 'something does NOT hold'}`,
);
if (exitCode === 0 && process.argv.includes('--write')) writeIntoPage(table);
process.exitCode = exitCode;

async function runTests(): Promise<number> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', '--mode', 'whole', 'test/store-proof'], {
    stdio: 'inherit',
  });
  const [code]: unknown[] = await once(child, 'exit');
  return typeof code === 'number' ? code : 1;
}

function readLines(): ProofLine[] {
  if (!existsSync(proofLinesPath)) return [];
  const lines = readFileSync(proofLinesPath, 'utf8').trim().split('\n');
  // Files run side by side, and each run in another order.
  return lines
    .map((line): ProofLine => JSON.parse(line))
    .sort(
      (left, right) =>
        parts.indexOf(left.part) - parts.indexOf(right.part) ||
        left.requirements.localeCompare(right.requirements) ||
        left.what.localeCompare(right.what),
    );
}

function toTable(lines: readonly ProofLine[]): string {
  return markdownTable(
    ['part', 'requirements', 'what was done', 'what came of it'],
    lines.map(({ part, requirements, what, result }) => [part, requirements, what, result]),
  );
}

function writeIntoPage(table: string): void {
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  if (from < begin.length || to < from) throw new Error(`${page} has no markers for the table`);
  writeFileSync(page, `${text.slice(0, from)}\n${table}\n${text.slice(to)}`);
}
