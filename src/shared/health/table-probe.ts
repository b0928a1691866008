import type { RandomBytes } from '../crypto/seal.ts';
import { BffError } from '../errors.ts';
import { expiryRow } from '../session/index-rows.ts';
import type { Table } from '../storage/table.ts';
import type { Finding } from './finding.ts';

/** How long, at least, a probe row remains if its worker ends before it removes the row. */
const LEFTOVER_MS = 60 * 60_000;

/**
 * Writes a row, reads it and removes it, because a role that only reads passes every check that writes nothing. The row
 * is an expiry row whose target does not exist, so the sweep removes it if this worker ends in between.
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
      // One failure may be temporary. A refusal lasts until an operator grants the permission.
      const isLasting = isRefused(error) || failures > 1;
      return { kind: isLasting ? 'failing' : 'degraded', error, cure: CURE };
    }
  };
}

const CURE =
  'the table must be writable: with a managed identity by the role "Storage Table Data Contributor", with a signature by its permissions';

/** True if the storage service refuses this app's credential, or its permission for the operation. */
function isRefused(error: unknown): boolean {
  const cause: unknown = error instanceof BffError ? error.cause : error;
  const status: unknown = cause instanceof Error ? Reflect.get(cause, 'statusCode') : undefined;
  return status === 401 || status === 403;
}
