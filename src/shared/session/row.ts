import { Buffer } from 'node:buffer';
import type { KeyRing } from '../crypto/key-ring.ts';
import { deriveKey, encodeFields, open, type RandomBytes, seal } from '../crypto/seal.ts';
import type { ColumnValue, Row, RowKeys } from '../storage/table.ts';
import type { SessionContent } from './facts.ts';
import { sidPartition } from './index-rows.ts';
import { type SessionLocator, sessionRowKeys } from './locator.ts';
import { packContent, sessionTooLarge, unpackContent } from './row-content.ts';
import { createSessionSummaryCodec, type OpenSummaryResult } from './summary.ts';

const SCHEMA = 1;
const PART_BYTES = 60 * 1024; // a binary column holds at most 64 KiB
// An entity holds at most 1 MiB. Azurite counts binary columns as base64, which is 4/3 of their size (measured).
const MAX_SEALED_BYTES = 700 * 1024;

/** The state that only unencrypted columns hold: last use and renewal lease. */
export interface RowState {
  readonly lastUsedAt: Date;
  /** The id of the current renewal lease. Absent if no worker holds one. */
  readonly leaseId?: string;
  /** The number of leases so far. */
  readonly generation: number;
}

export type OpenRowResult =
  | { readonly kind: 'opened'; readonly content: SessionContent; readonly state: RowState }
  /**
   * The row was moved, mixed with another row, truncated or changed, or it was sealed with another secret or for another app
   * registration.
   */
  | { readonly kind: 'unreadable' }
  /** The row is sealed with a key that is no longer in SESSION_KEYS. */
  | { readonly kind: 'retired-key' }
  /** A newer version of this service wrote the row, or the row is sealed with a key that this worker does not have yet. */
  | { readonly kind: 'newer' };

/** Converts a session's content to a table row and back. Opening the content requires the secret in the cookie. */
export interface SessionRowCodec {
  /** @throws {BffError} storage_unavailable if the content is too large for a row */
  toRow(locator: SessionLocator, content: SessionContent, state: RowState): Row;
  open(locator: SessionLocator, row: Row): OpenRowResult;
  /** Opens the summary. The cookie is not required. */
  openSummary(row: Row): OpenSummaryResult;
}

export interface SessionRowOptions {
  readonly tableName: string;
  /** Client id and cloud. */
  readonly registration: readonly string[];
  readonly keyRing: KeyRing;
  readonly indexKey: Buffer;
  readonly random: RandomBytes;
}

export function createSessionRowCodec(options: SessionRowOptions): SessionRowCodec {
  const { tableName, registration, keyRing, indexKey, random } = options;
  const summaries = createSessionSummaryCodec(options);
  // Binds the content to its row, table and app registration, and to the columns `schema` and `keyId`. If one of them
  // differs, the row does not open.
  const additionalData = ({ partitionKey, rowKey }: RowKeys, keyId: number) =>
    encodeFields(['session-row', tableName, partitionKey, rowKey, SCHEMA, keyId, ...registration]);
  const contentKey = (keyBytes: Buffer, { secret }: SessionLocator) =>
    deriveKey(keyBytes, 'session-row', secret);

  return {
    toRow(locator, content, { lastUsedAt, leaseId = '', generation }) {
      const keys = sessionRowKeys(locator);
      const { id: keyId, bytes } = keyRing.sealingKey;
      const key = contentKey(bytes, locator);
      const sealed = seal(key, packContent(content), additionalData(keys, keyId), random);
      if (sealed.length > MAX_SEALED_BYTES) throw sessionTooLarge();
      const { claims, expiresAt } = content.facts;
      const sid = claims.entraSessionId;
      const columns = {
        schema: SCHEMA,
        keyId,
        expiresAt,
        sidPartition: sid === undefined ? '' : sidPartition(indexKey, sid),
        lastUsedAt,
        leaseId,
        generation,
        summary: summaries.seal(keys, content.facts, keyRing.sealingKey),
        ...toParts(sealed),
      };
      return { ...keys, columns };
    },
    open(locator, { columns }) {
      const { schema, keyId } = columns;
      const state = readState(columns);
      if (typeof schema !== 'number' || typeof keyId !== 'number' || state === undefined) {
        return { kind: 'unreadable' };
      }
      if (schema > SCHEMA) return { kind: 'newer' };
      if (schema !== SCHEMA) return { kind: 'unreadable' };
      const found = keyRing.find(keyId);
      if (found.kind === 'newer') return { kind: 'newer' };
      if (found.kind === 'retired') return { kind: 'retired-key' };
      const key = contentKey(found.key.bytes, locator);
      const plaintext = open(key, joinParts(columns), additionalData(sessionRowKeys(locator), keyId));
      if (plaintext === undefined) return { kind: 'unreadable' };
      return { kind: 'opened', content: unpackContent(plaintext), state };
    },
    openSummary: summaries.open,
  };
}

/**
 * Returns undefined if `lastUsedAt` is not a valid date. With an invalid date, every comparison is false, so the session
 * would never become idle.
 */
function readState({ lastUsedAt, leaseId, generation }: Row['columns']): RowState | undefined {
  if (!(lastUsedAt instanceof Date) || Number.isNaN(lastUsedAt.getTime())) return undefined;
  return {
    lastUsedAt,
    generation: typeof generation === 'number' ? generation : 0,
    ...(typeof leaseId === 'string' && leaseId !== '' ? { leaseId } : {}),
  };
}

function toParts(sealed: Buffer): Record<string, ColumnValue> {
  const parts: Record<string, ColumnValue> = {};
  for (let part = 0; part * PART_BYTES < sealed.length; part++) {
    parts[`part${part}`] = sealed.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
  }
  return parts;
}

function joinParts(columns: Row['columns']): Buffer {
  const parts: Uint8Array[] = [];
  for (let part = 0; ; part++) {
    const bytes = columns[`part${part}`];
    if (!(bytes instanceof Uint8Array)) return Buffer.concat(parts);
    parts.push(bytes);
  }
}
