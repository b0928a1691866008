import type { Buffer } from 'node:buffer';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { BffError } from '../errors.ts';
import { fromStoredFacts, type SessionContent, type StoredFacts, toStoredFacts } from './facts.ts';

const MAX_CONTENT_BYTES = 8 * 1024 * 1024;

interface StoredContent extends Omit<SessionContent, 'facts'> {
  readonly facts: StoredFacts;
}

/** Encodes the content to be sealed. @throws {BffError} storage_unavailable if it is too long */
export function packContent({ facts, msalCache, tokenGeneration, refreshFailure }: SessionContent): Buffer {
  // Members are named one by one: callers also pass a whole session, whose locator must not be sealed in the row.
  const stored: StoredContent = {
    facts: toStoredFacts(facts),
    msalCache,
    tokenGeneration,
    ...(refreshFailure === undefined ? {} : { refreshFailure }),
  };
  const text = JSON.stringify(stored);
  if (text.length > MAX_CONTENT_BYTES) throw sessionTooLarge();
  return zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}

/** @param packed authenticated bytes, which {@link packContent} wrote */
export function unpackContent(packed: Buffer): SessionContent {
  const text = zstdDecompressSync(packed, { maxOutputLength: MAX_CONTENT_BYTES }).toString('utf8');
  const { facts, ...rest } = JSON.parse(text) as StoredContent;
  return { facts: fromStoredFacts(facts), ...rest };
}

export function sessionTooLarge(): BffError {
  return new BffError('storage_unavailable', { detail: 'The session is too large for a row of the table.' });
}
