import { Buffer } from 'node:buffer';
import type { StoredRow } from '../faults/rows.ts';

const SHORTEST = 4;

/**
 * Every text of four or more characters that a reader of the table can find: in names, keys and values, as
 * bytes and as UTF-16, in order. Sealed data results in short random pieces.
 */
export function readableText(rows: readonly StoredRow[]): string {
  const pieces: string[] = [];
  for (const row of rows) {
    for (const [column, value] of Object.entries(row)) {
      const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value), 'utf8');
      const text = bytes.toString('latin1');
      for (const reading of [text, text.replaceAll('\0', '')]) {
        pieces.push(column, ...(reading.match(new RegExp(`[\\x20-\\x7e]{${SHORTEST},}`, 'g')) ?? []));
      }
    }
  }
  return pieces.join('\n');
}
