import type { RandomBytes } from '../crypto/seal.ts';
import { BffError } from '../errors.ts';
import { expiryRow } from '../session/index-rows.ts';
import type { Table } from '../storage/table.ts';
import type { Finding } from './finding.ts';

/** How long the sweep leaves the probe row of a worker that ended before it removed the row. */
const LEFTOVER_MS = 60 * 60_000;

/**
 * Writes a row, reads it and removes it, because a role that only reads passes every check that writes nothing. The row is
 * an expiry row without a target, so if this worker dies in between, the sweep removes it.
 */
export function createTableProbe(table: Table, random: RandomBytes, now: () => Date): () => Promise<Finding> {
  // Workers probe at the same time, so each has its own row.
  const target = { partitionKey: 'probe', rowKey: random(16).toString('base64url') };
  let failures = 0;
  return async () => {
    try {
      const row = expiryRow(target, new Date(now().getTime() + LEFTOVER_MS));
      await table.insert(row);
      await table.read(row);
      await table.remove(row);
      failures = 0;
      return { kind: 'works' };
    } catch (error) {
      failures++;
      // One failure may be a moment's. A refused permission stays, until an operator grants it.
      const isLasting = isRefused(error) || failures > 1;
      return { kind: isLasting ? 'failing' : 'degraded', error, cure: CURE };
    }
  };
}

const CURE =
  'the table must be writable: with a managed identity by the role "Storage Table Data Contributor", with a signature by its permissions';

/** True if the storage service knows the caller and refuses the operation. */
function isRefused(error: unknown): boolean {
  const cause: unknown = error instanceof BffError ? error.cause : error;
  const status: unknown = cause instanceof Error ? Reflect.get(cause, 'statusCode') : undefined;
  return status === 401 || status === 403;
}
