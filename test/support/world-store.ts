import { inject } from 'vitest';
import { createKeyRing, parseKeyBytes } from '../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../src/shared/crypto/seal.ts';
import type { Session } from '../../src/shared/session/session.ts';
import { createSessionStore, type SessionStore } from '../../src/shared/session/store.ts';
import { createAzureTable } from '../../src/shared/storage/azure-table.ts';
import type { UserAgent } from './user-agent.ts';
import type { World } from './world.ts';

/** Creates the session store of a further worker of the world. */
export function storeOf({ settings, tableName }: World): SessionStore {
  const [id = '', key = ''] = (settings['SESSION_KEYS'] ?? '').split(':');
  const bytes = parseKeyBytes(key);
  const indexKey = parseKeyBytes(settings['SESSION_INDEX_KEY'] ?? '');
  if (!bytes || !indexKey) throw new Error('the keys of the world');
  const connectionString = inject('tableConnectionString');
  return createSessionStore({
    registration: [settings['ENTRA_CLIENT_ID'] ?? '', 'public'],
    table: createAzureTable({ kind: 'connection-string', connectionString, allowInsecure: true }, tableName),
    keyRing: createKeyRing([{ id: Number(id), bytes }]),
    indexKey,
    idleSeconds: 3600,
    cacheSeconds: 0,
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    random: secureRandomBytes,
  });
}

/** Opens the session of a browser, with its cookie. */
export async function openSession(world: World, browser: UserAgent): Promise<Session> {
  const read = await storeOf(world).read(browser.cookies().get('session') ?? '');
  if (read.kind !== 'live') throw new Error(read.kind);
  return read.session;
}
