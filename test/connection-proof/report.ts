import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One line of the table that `npm run prove:connections` prints. */
export interface ProofLine {
  readonly loop: string;
  readonly isInFlight: boolean;
  readonly circumstances: number;
  readonly runs: number;
  readonly again: number;
  readonly ofAnother: number;
}

export const proofLinesPath = fileURLToPath(
  new URL('../../.artefacts/connection-proof.jsonl', import.meta.url),
);

export function report(line: ProofLine): void {
  mkdirSync(dirname(proofLinesPath), { recursive: true });
  appendFileSync(proofLinesPath, `${JSON.stringify(line)}\n`);
}
