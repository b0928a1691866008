import { Buffer } from 'node:buffer';
import type { KeyRing, ServerKey } from '../crypto/key-ring.ts';
import { deriveKey, encodeFields, open, type RandomBytes, seal } from '../crypto/seal.ts';
import type { Row, RowKeys } from '../storage/table.ts';
import type { SessionFacts } from './facts.ts';

/**
 * The part of a session that the sealing keys open without the cookie's secret. It is shown to administrators and to
 * the user. It contains no name, no email address and no token.
 */
export interface SessionSummary {
  /** Such as "Edge on Windows". */
  readonly device?: string;
  readonly signedInAt: Date;
  /** When Entra ID stated the roles. They may have been removed since. */
  readonly rolesAsOf: Date;
  readonly grantedScopes: readonly string[];
}

/** Seals and opens the column `summary` of a session's row. */
export interface SessionSummaryCodec {
  seal(keys: RowKeys, facts: SessionFacts, key: ServerKey): Buffer;
  open(row: Row): OpenSummaryResult;
}

export type OpenSummaryResult =
  | { readonly kind: 'opened'; readonly summary: SessionSummary }
  /** The summary is sealed with a key that this worker does not have. */
  | { readonly kind: 'not-known' }
  /** The summary was moved to another row, changed or removed, or belongs to another app registration. */
  | { readonly kind: 'unreadable' };

export interface SessionSummaryOptions {
  readonly tableName: string;
  /** Client id and cloud. Another app registration may use the same table and keys. */
  readonly registration: readonly string[];
  readonly keyRing: KeyRing;
  readonly random: RandomBytes;
}

interface StoredSummary {
  readonly device?: string;
  readonly signedInAt: string;
  readonly rolesAsOf: string;
  readonly grantedScopes: readonly string[];
}

export function createSessionSummaryCodec({
  tableName,
  registration,
  keyRing,
  random,
}: SessionSummaryOptions): SessionSummaryCodec {
  const additionalData = ({ partitionKey, rowKey }: RowKeys, keyId: number) =>
    encodeFields(['session-summary', tableName, partitionKey, rowKey, keyId, ...registration]);
  // The key is derived for each row, so it does no harm if two rows happen to have the same random IV.
  const summaryKey = ({ bytes }: ServerKey, { partitionKey, rowKey }: RowKeys) =>
    deriveKey(bytes, 'session-summary', encodeFields([partitionKey, rowKey]));

  return {
    seal(keys, { device, signedInAt, claimsAsOf, grantedScopes }, key) {
      const stored: StoredSummary = {
        ...(device === undefined ? {} : { device }),
        signedInAt: signedInAt.toISOString(),
        rolesAsOf: claimsAsOf.toISOString(),
        grantedScopes,
      };
      const plaintext = Buffer.from(JSON.stringify(stored));
      return seal(summaryKey(key, keys), plaintext, additionalData(keys, key.id), random);
    },
    open(row) {
      const { summary: sealed, keyId } = row.columns;
      if (!(sealed instanceof Uint8Array) || typeof keyId !== 'number') return { kind: 'unreadable' };
      const found = keyRing.find(keyId);
      if (found.kind !== 'known') return { kind: 'not-known' };
      const plaintext = open(summaryKey(found.key, row), sealed, additionalData(row, keyId));
      if (plaintext === undefined) return { kind: 'unreadable' };
      // The bytes are authenticated, so `seal` has written them.
      const stored = JSON.parse(plaintext.toString('utf8')) as StoredSummary;
      const { signedInAt, rolesAsOf } = stored;
      const summary = { ...stored, signedInAt: new Date(signedInAt), rolesAsOf: new Date(rolesAsOf) };
      return { kind: 'opened', summary };
    },
  };
}
