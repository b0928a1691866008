import { Buffer } from 'node:buffer';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { KeyRing } from '../crypto/key-ring.ts';
import { deriveKey, encodeFields, open, type RandomBytes, seal } from '../crypto/seal.ts';
import { BffError } from '../errors.ts';
import type { ColumnValue, Row, RowKeys } from '../storage/table.ts';
import type { RowAddress, SessionAddress } from './cookie.ts';
import { fromStoredFacts, type SessionContent, type StoredFacts, toStoredFacts } from './facts.ts';
import { sidPartition } from './index-rows.ts';
import { createSessionSummaryCodec, isBoundToRegistration, type SummaryOpening } from './summary.ts';

/**
 * Version 1 had neither lease nor pauses, and version 2 was not bound to the app registration. Both are read,
 * and rewritten as this version. The column `about` was added within version 2.
 */
const SCHEMA = 3;
const OLDEST_SCHEMA = 1;
const PART_BYTES = 60 * 1024; // a binary column holds 64 KiB
// An entity holds 1 MiB and the emulator counts binary as base64, 4/3 of its size (measured).
const MAX_SEALED_BYTES = 700 * 1024;
const MAX_CONTENT_BYTES = 8 * 1024 * 1024;

const USER = 'user-';

export type RowOpening =
  | { readonly kind: 'opened'; readonly content: SessionContent; readonly state: RowState }
  /** Moved, mixed, cut or changed: it does not open where it stands. */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'retired-key' }
  /** Written by a newer version or under a newer key than this worker knows. */
  | { readonly kind: 'newer' };

/** What a row says in plain columns. */
export interface RowState {
  readonly lastUsedAt: Date;
  /** Who may redeem the refresh token just now; absent when nobody does. */
  readonly leaseId?: string;
  /** Counts the leases. */
  readonly generation: number;
}

/**
 * Turns a session's content into a table row and back. Only the holder of the cookie's secret can open a row, but for
 * what it says about itself.
 */
export interface SessionRowCodec {
  keysOf(address: RowAddress): RowKeys;
  /** All sessions of a user. */
  partitionOf(userHash: Buffer): string;
  /** Whose partition it is. */
  userHashOf(partitionKey: string): Buffer;
  toRow(address: SessionAddress, content: SessionContent, state: RowState): Row;
  open(address: SessionAddress, row: Row): RowOpening;
  /** The part that the server keys alone open. */
  openAbout(row: Row): SummaryOpening;
}

export interface SessionRowNeeds {
  readonly tableName: string;
  /** Client id and cloud. */
  readonly registration: readonly string[];
  readonly keyRing: KeyRing;
  readonly indexKey: Buffer;
  readonly random: RandomBytes;
}

export function createSessionRowCodec(needs: SessionRowNeeds): SessionRowCodec {
  const { tableName, registration, keyRing, indexKey, random } = needs;
  const about = createSessionSummaryCodec(needs);
  const partitionOf = (userHash: Buffer) => `${USER}${userHash.toString('base64url')}`;
  const keysOf = ({ userHash, rowId }: RowAddress): RowKeys => ({
    partitionKey: partitionOf(userHash),
    rowKey: `session-${rowId.toString('base64url')}`,
  });
  // Bound to its place. A row does not open if it was copied to another partition, row or table, if it was
  // relabeled, or if another registration made it with the same keys.
  const additionalData = ({ partitionKey, rowKey }: RowKeys, schema: number, keyId: number) =>
    encodeFields([
      'session-row',
      tableName,
      partitionKey,
      rowKey,
      schema,
      keyId,
      ...(isBoundToRegistration(schema) ? registration : []),
    ]);
  const rowKeyBytes = (keyBytes: Buffer, secret: Buffer) => deriveKey(keyBytes, 'session-row', secret);

  return {
    keysOf,
    partitionOf,
    userHashOf: (partitionKey) => Buffer.from(partitionKey.slice(USER.length), 'base64url'),
    toRow(address, content, { lastUsedAt, leaseId = '', generation }) {
      const keys = keysOf(address);
      const { id, bytes } = keyRing.writing;
      const sealed = seal(
        rowKeyBytes(bytes, address.secret),
        pack(content),
        additionalData(keys, SCHEMA, id),
        random,
      );
      if (sealed.length > MAX_SEALED_BYTES) {
        throw tooLarge();
      }
      const sid = content.facts.claims.entraSessionId;
      const columns: Record<string, ColumnValue> = {
        schema: SCHEMA,
        keyId: id,
        expiresAt: content.facts.expiresAt,
        sidPartition: sid === undefined ? '' : sidPartition(indexKey, sid),
        lastUsedAt,
        leaseId,
        generation,
        about: about.seal(keys, content.facts, keyRing.writing),
      };
      for (let part = 0; part * PART_BYTES < sealed.length; part++) {
        columns[`part${part}`] = sealed.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
      }
      return { ...keys, columns };
    },
    open(address, { columns }) {
      const { schema, keyId, lastUsedAt, leaseId, generation } = columns;
      if (typeof schema !== 'number' || typeof keyId !== 'number' || !isInstant(lastUsedAt)) {
        return { kind: 'unreadable' };
      }
      if (schema > SCHEMA) return { kind: 'newer' };
      if (schema < OLDEST_SCHEMA || !Number.isInteger(schema)) return { kind: 'unreadable' };
      const found = keyRing.find(keyId);
      if (found.kind === 'newer') return { kind: 'newer' };
      if (found.kind === 'retired') return { kind: 'retired-key' };
      const plaintext = open(
        rowKeyBytes(found.key.bytes, address.secret),
        joinParts(columns),
        additionalData(keysOf(address), schema, keyId),
      );
      return plaintext === undefined
        ? { kind: 'unreadable' }
        : {
            kind: 'opened',
            content: unpack(plaintext),
            state: {
              lastUsedAt,
              generation: typeof generation === 'number' ? generation : 0,
              ...(typeof leaseId === 'string' && leaseId !== '' ? { leaseId } : {}),
            },
          };
    },
    openAbout: about.open,
  };
}

/** An invalid date compares as neither earlier nor later: a session with one would never end idle. */
function isInstant(value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

function joinParts(columns: Row['columns']): Buffer {
  const parts: Uint8Array[] = [];
  for (let part = 0; ; part++) {
    const bytes = columns[`part${part}`];
    if (!(bytes instanceof Uint8Array)) return Buffer.concat(parts);
    parts.push(bytes);
  }
}

function pack({ facts, msalCache, tokenGeneration, refreshFailure }: SessionContent): Buffer {
  // Named one by one: a whole session given as content must not seal its own address into the row.
  const text = JSON.stringify({ facts: toStoredFacts(facts), msalCache, tokenGeneration, refreshFailure });
  if (text.length > MAX_CONTENT_BYTES) throw tooLarge();
  return zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}

function unpack(packed: Buffer): SessionContent {
  const text = zstdDecompressSync(packed, { maxOutputLength: MAX_CONTENT_BYTES }).toString('utf8');
  // The bytes are authenticated: they are what `pack` wrote, under this schema or the one before.
  const { facts, tokenGeneration = 0, ...rest } = JSON.parse(text) as StoredContent;
  const { consentDenials = {}, claimsAsOf = NEVER } = facts;
  return { facts: fromStoredFacts({ ...facts, consentDenials, claimsAsOf }), tokenGeneration, ...rest };
}

type LaterFacts = 'consentDenials' | 'claimsAsOf';

interface StoredContent extends Omit<SessionContent, 'facts' | 'tokenGeneration'> {
  readonly facts: Omit<StoredFacts, LaterFacts> & Partial<Pick<StoredFacts, LaterFacts>>;
  readonly tokenGeneration?: number;
}

/** A row that does not say how old its claims are: they are renewed at the next call. */
const NEVER = new Date(0).toISOString();

function tooLarge(): BffError {
  return new BffError('storage_unavailable', { detail: 'The session holds more than a table row can.' });
}
