import { TableClient, type TableEntityResult } from '@azure/data-tables';
import { inject } from 'vitest';
import type { World } from './world.ts';

const tableOf = ({ tableName }: World) =>
  TableClient.fromConnectionString(inject('tableConnectionString'), tableName, {
    allowInsecureConnection: true,
  });

/** The rows of the world's sessions, as an administrator of the storage account sees them. */
export async function readSessionRows(world: World): Promise<TableEntityResult<Record<string, unknown>>[]> {
  return (await readRows(world)).filter(({ rowKey, partitionKey }) => {
    return rowKey?.startsWith('session-') === true && partitionKey?.startsWith('user-') === true;
  });
}

/** Every row of the world's table. */
export async function readRows(world: World): Promise<TableEntityResult<Record<string, unknown>>[]> {
  const client = tableOf(world);
  const rows: TableEntityResult<Record<string, unknown>>[] = [];
  try {
    for await (const row of client.listEntities()) rows.push(row);
  } catch (error) {
    // The service creates the table at its first write.
    if (Reflect.get(Object(error), 'statusCode') !== 404) throw error;
  }
  return rows;
}

/** Empties the world's table, which signs all users out. */
export async function removeRows(world: World): Promise<void> {
  const client = tableOf(world);
  for (const { partitionKey = '', rowKey = '' } of await readRows(world)) {
    await client.deleteEntity(partitionKey, rowKey);
  }
}
