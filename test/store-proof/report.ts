import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The whole proof takes minutes and runs by `npm run prove:store`; `npm test` runs a short form of each part. */
export const isWholeProof = process.env['STORE_PROOF'] === 'whole';

/** One line of the table that `npm run prove:store` prints and `docs/store-proof.md` shows. */
export interface ProofLine {
  readonly part: 'model' | 'faults' | 'soak' | 'keys';
  /** Rows of the fault model or of the requirements, or the invariant. */
  readonly rows: string;
  /** What was done, counted: `3 workers, 50 calls, answer lost`. */
  readonly what: string;
  /** What came of it, counted. */
  readonly result: string;
}

export const proofLinesPath = fileURLToPath(new URL('../../.artefacts/store-proof.jsonl', import.meta.url));

/** Keeps a line for the table. Call it last: a line says that its proof held. */
export function report(line: ProofLine): void {
  mkdirSync(dirname(proofLinesPath), { recursive: true });
  appendFileSync(proofLinesPath, `${JSON.stringify(line)}\n`);
}
