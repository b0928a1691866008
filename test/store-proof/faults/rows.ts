import { TableClient, type TableEntityResult } from '@azure/data-tables';
import { inject } from 'vitest';
import { createKeyRing, parseKeyBytes } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { createSessionCookieCodec } from '../../../src/shared/session/cookie.ts';
import type { SessionContent } from '../../../src/shared/session/facts.ts';
import { sessionRowKeys } from '../../../src/shared/session/locator.ts';
import { createSessionRowCodec } from '../../../src/shared/session/row.ts';
import { createAzureTable } from '../../../src/shared/storage/azure-table.ts';
import type { UserAgent } from '../../support/user-agent.ts';
import type { World } from '../../support/world.ts';

export type StoredRow = TableEntityResult<Record<string, unknown>>;

/** The table of a world, without the proxy. */
export const tableOf = ({ tableName }: World) =>
  TableClient.fromConnectionString(inject('tableConnectionString'), tableName, {
    allowInsecureConnection: true,
  });

export async function deleteTable(world: World): Promise<void> {
  await tableOf(world).deleteTable();
}

interface Keys {
  readonly partitionKey: string;
  readonly rowKey: string;
}

function codecs({ settings, tableName }: World, sealingKeys = settings['SESSION_KEYS'] ?? '') {
  const keys = sealingKeys.split(',').map((text) => {
    const [id = '', encoded = ''] = text.split(':');
    const bytes = parseKeyBytes(encoded);
    if (bytes === undefined) throw new Error('a sealing key of the world');
    return { id: Number(id), bytes };
  });
  const indexKey = parseKeyBytes(settings['SESSION_INDEX_KEY'] ?? '');
  if (indexKey === undefined) throw new Error('the index key of the world');
  return {
    cookies: createSessionCookieCodec(indexKey),
    rows: createSessionRowCodec({
      registration: [settings['ENTRA_CLIENT_ID'] ?? '', 'public'],
      tableName,
      indexKey,
      keyRing: createKeyRing(keys),
      random: secureRandomBytes,
    }),
  };
}

/** Returns the locator of this browser's session. */
export function keysOf(world: World, browser: UserAgent): Keys {
  const { cookies } = codecs(world);
  const locator = cookies.read(browser.cookies().get('session') ?? '');
  if (locator === undefined) throw new Error('no session cookie of this world');
  return sessionRowKeys(locator);
}

/** Reads the row of this browser's session from the table. */
export async function rowOf(world: World, browser: UserAgent): Promise<StoredRow> {
  const { partitionKey, rowKey } = keysOf(world, browser);
  return tableOf(world).getEntity<Record<string, unknown>>(partitionKey, rowKey);
}

/** Changes columns of this browser's row, as an attacker with access to the table could. */
export async function changeRow(
  world: World,
  browser: UserAgent,
  columns: Readonly<Record<string, unknown>>,
): Promise<void> {
  await tableOf(world).updateEntity({ ...keysOf(world, browser), ...columns }, 'Merge');
}

/** Opens the row as a worker with this cookie does. @param sealingKeys as in SESSION_KEYS. Default: those of the world */
export async function openRow(
  world: World,
  browser: UserAgent,
  sealingKeys?: string,
): Promise<SessionContent> {
  const { cookies, rows } = codecs(world, sealingKeys);
  const locator = cookies.read(browser.cookies().get('session') ?? '');
  if (locator === undefined) throw new Error('no session cookie of this world');
  const connectionString = inject('tableConnectionString');
  const table = createAzureTable(
    { kind: 'connection-string', connectionString, allowInsecure: true },
    world.tableName,
  );
  const read = await table.read(sessionRowKeys(locator));
  if (read.kind !== 'found') throw new Error('the row is gone');
  const opening = rows.open(locator, read.row);
  if (opening.kind !== 'opened') throw new Error(opening.kind);
  return opening.content;
}
