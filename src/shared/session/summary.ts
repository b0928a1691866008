import { Buffer } from 'node:buffer';
import type { KeyRing, ServerKey } from '../crypto/key-ring.ts';
import { deriveKey, encodeFields, open, type RandomBytes, seal } from '../crypto/seal.ts';
import type { ColumnValue, Row, RowKeys } from '../storage/table.ts';
import type { SessionFacts } from './facts.ts';

/**
 * What the server keys alone open of a session, for those who see it without its cookie: the same person in another
 * browser, an administrator. No name, no address, no token.
 */
export interface SessionSummary {
  /** Such as "Edge on Windows". */
  readonly device?: string;
  readonly signedInAt: Date;
  /** When Entra said the roles: they may have been taken away since. */
  readonly rolesAsOf: Date;
  readonly grantedScopes: readonly string[];
}

/** Seals and opens the column `about` of a session's row. */
export interface SessionAboutCodec {
  seal(keys: RowKeys, facts: SessionFacts, key: ServerKey): Buffer;
  open(row: Row): SummaryOpening;
}

/** Rows of earlier versions are not bound. Each becomes bound at its next write. */
export function isBoundToRegistration(schema: ColumnValue | undefined): boolean {
  return typeof schema === 'number' && schema >= 3;
}

export type SummaryOpening =
  | { readonly kind: 'opened'; readonly about: SessionSummary }
  /** An earlier version wrote the row, or it was sealed with a key that this worker does not have. */
  | { readonly kind: 'not-known' }
  /** Moved, mixed or changed, so it does not open in this place. */
  | { readonly kind: 'unreadable' };

export interface SessionAboutNeeds {
  readonly tableName: string;
  /**
   * Client id and cloud. Sessions of another registration in the same table, under the same keys, do not belong
   * to this app.
   */
  readonly registration: readonly string[];
  readonly keyRing: KeyRing;
  readonly random: RandomBytes;
}

interface StoredAbout {
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
}: SessionAboutNeeds): SessionAboutCodec {
  const additionalData = ({ partitionKey, rowKey }: RowKeys, keyId: number, isBound: boolean) =>
    encodeFields(['session-about', tableName, partitionKey, rowKey, keyId, ...(isBound ? registration : [])]);
  // A key for each row, as the content has one, so that random IVs never meet under one key.
  const rowKeyBytes = ({ bytes }: ServerKey, { partitionKey, rowKey }: RowKeys) =>
    deriveKey(bytes, 'session-about', encodeFields([partitionKey, rowKey]));

  return {
    seal(keys, { device, signedInAt, claimsAsOf, grantedScopes }, key) {
      const stored: StoredAbout = {
        ...(device === undefined ? {} : { device }),
        signedInAt: signedInAt.toISOString(),
        rolesAsOf: claimsAsOf.toISOString(),
        grantedScopes,
      };
      const plaintext = Buffer.from(JSON.stringify(stored));
      return seal(rowKeyBytes(key, keys), plaintext, additionalData(keys, key.id, true), random);
    },
    open(row) {
      const { about, keyId, schema } = row.columns;
      if (about === undefined) return { kind: 'not-known' };
      if (!(about instanceof Uint8Array) || typeof keyId !== 'number') return { kind: 'unreadable' };
      const found = keyRing.find(keyId);
      if (found.kind !== 'known') return { kind: 'not-known' };
      const plaintext = open(
        rowKeyBytes(found.key, row),
        about,
        additionalData(row, keyId, isBoundToRegistration(schema)),
      );
      if (plaintext === undefined) return { kind: 'unreadable' };
      // The bytes are authenticated: they are what `seal` wrote.
      const stored = JSON.parse(plaintext.toString('utf8')) as StoredAbout;
      return {
        kind: 'opened',
        about: {
          ...stored,
          signedInAt: new Date(stored.signedInAt),
          rolesAsOf: new Date(stored.rolesAsOf),
        },
      };
    },
  };
}
