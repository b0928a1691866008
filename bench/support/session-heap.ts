import { Buffer } from 'node:buffer';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createKeyRing } from '../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../src/shared/crypto/seal.ts';
import { bytesOf, sessionBytes } from '../../src/shared/session/cached-size.ts';
import { createSessionCookieCodec } from '../../src/shared/session/cookie.ts';
import type { SessionContent } from '../../src/shared/session/facts.ts';
import type { SessionLocator } from '../../src/shared/session/locator.ts';
import { createSessionRowCodec } from '../../src/shared/session/row.ts';
import { createSessionStore } from '../../src/shared/session/store.ts';
import type { Row, Table } from '../../src/shared/storage/table.ts';
import { createAccessTokenMemory } from '../../src/shared/tokens/access-token-memory.ts';
import { readMsalCache } from '../../src/shared/tokens/msal-cache.ts';
import { createMemoryTable } from '../../test/support/memory-table.ts';

const keys = {
  keyRing: createKeyRing([{ id: 1, bytes: secureRandomBytes(32) }]),
  indexKey: secureRandomBytes(32),
  registration: ['client', 'public'],
};
const expiresAt = new Date(Date.now() + 12 * 60 * 60 * 1000);

/** What cached sessions take, per session, in bytes. */
export interface SessionHeap {
  /** JavaScript objects, as V8 counts them. */
  readonly heap: number;
  /** Memory outside V8's heap, of which Node's buffer pool is a part. */
  readonly outside: number;
  /** What the worker counts. */
  readonly counted: number;
  /** How many of the sessions the worker still holds. */
  readonly held: number;
}

/** Lets a new worker read this many sessions from their rows, each with its own cookie, and acquire one access token each. */
export async function measureSessionHeap(content: SessionContent, sessions: number): Promise<SessionHeap> {
  const cookies = createSessionCookieCodec(keys.indexKey);
  const codec = createSessionRowCodec({ ...keys, tableName: 'sessions', random: secureRandomBytes });
  const memoryTable = createMemoryTable();
  let reads = 0;
  let row: Row | undefined;
  const table: Table = {
    ...memoryTable,
    async read() {
      reads++;
      if (row === undefined) return { kind: 'missing' };
      return { kind: 'found', row: fromWire(row), etag: `W/"${reads}"` };
    },
  };
  const store = createSessionStore({
    ...keys,
    table,
    idleSeconds: 3_600,
    cacheSeconds: 60,
    now: () => new Date(),
    monotonicMs: () => 0,
    random: secureRandomBytes,
  });
  const tokens = createAccessTokenMemory({ now: () => new Date(), setBytes: store.setRelatedBytes });

  const open = async (cookieValue: string, locator: SessionLocator) => {
    row = codec.toRow(locator, content, { lastUsedAt: new Date(), generation: 1 });
    const read = await store.read(cookieValue);
    if (read.kind !== 'live') throw new Error(`The session is ${read.kind}.`);
    const accessToken = copyOf(longestToken(content));
    tokens.add(read.session, ['User.Read'], { accessToken, expiresAt });
    return sessionBytes(read.session) + bytesOf(accessToken);
  };
  const cookieValues = Array.from({ length: sessions }, () => {
    const locator = {
      userHash: secureRandomBytes(32),
      rowId: secureRandomBytes(32),
      secret: secureRandomBytes(32),
    };
    return cookies.write({ ...locator, expiresAt });
  });
  const read = (cookieValue: string) => {
    const locator = cookies.read(cookieValue);
    if (locator === undefined) throw new Error('The cookie cannot be read.');
    return open(cookieValue, locator);
  };
  const counted = await read(cookieValues[0] ?? '');
  const before = collected();
  for (const cookieValue of cookieValues) await read(cookieValue);
  const after = collected();
  const readsBefore = reads;
  // Newest first, because a session that is read again would displace an older one.
  for (const cookieValue of cookieValues.toReversed()) {
    row = undefined;
    await store.read(cookieValue);
  }
  const held = sessions - (reads - readsBefore);
  return {
    heap: (after.heap - before.heap) / held,
    outside: (after.outside - before.outside) / held,
    counted,
    held,
  };
}

/** The row as it arrives: its bytes are base64 in JSON. */
function fromWire({ columns, ...rowKeys }: Row): Row {
  const entries = Object.entries(columns);
  const bytes = entries.flatMap(([name, value]) =>
    value instanceof Uint8Array ? [[name, Buffer.from(value).toString('base64')] as const] : [],
  );
  const received: Record<string, string> = JSON.parse(JSON.stringify(Object.fromEntries(bytes)));
  const decoded = Object.entries(received).map(([name, text]) => [name, Buffer.from(text, 'base64')]);
  return { ...rowKeys, columns: { ...columns, ...Object.fromEntries(decoded) } };
}

function longestToken({ msalCache }: SessionContent): string {
  return readMsalCache(msalCache).idTokens[0] ?? '';
}

function copyOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function collected() {
  for (let times = 0; times < 3; times++) collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, outside: external };
}
