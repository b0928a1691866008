import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One line of the table that `npm run prove:store` prints and `docs/store-proof.md` shows. */
export interface ProofLine {
  readonly part: 'model' | 'faults' | 'soak' | 'keys';
  /** Numbers of the requirements that the proof is about. */
  readonly requirements: string;
  /** What was done, counted: `3 workers, 50 calls, answer lost`. */
  readonly what: string;
  /** What came of it, counted. */
  readonly result: string;
}

export const proofLinesPath = fileURLToPath(new URL('../../.artefacts/store-proof.jsonl', import.meta.url));

/** Adds a line to the table. Call it last, because a line states that the proof succeeded. */
export function report(line: ProofLine): void {
  mkdirSync(dirname(proofLinesPath), { recursive: true });
  appendFileSync(proofLinesPath, `${JSON.stringify(line)}\n`);
}
