import type { ICachePlugin } from '@azure/msal-node';
import type { Session } from '../../../src/shared/session/session.ts';
import type { SessionStore } from '../../../src/shared/session/store.ts';
import { TOMBSTONE_KEY } from '../../../src/shared/session/tombstones.ts';
import type { RowRange, Table } from '../../../src/shared/storage/table.ts';
import { createTableClock } from '../../../src/shared/storage/table-clock.ts';
import type { CreateMsalClient, MsalClient } from '../../../src/shared/tokens/msal.ts';
import { isSessionRow } from './simulated-table.ts';

/** A bug that is planted between two parts of the product. */
export interface PlantedBug {
  table(table: Table): Table;
  store(store: SessionStore): SessionStore;
  createMsal(create: CreateMsalClient): CreateMsalClient;
}

export const noBug: PlantedBug = {
  table: (table) => table,
  store: (store) => store,
  createMsal: (create) => create,
};

/** Writes succeed even if the row has changed since it was read. */
export const noIfMatch: PlantedBug = {
  ...noBug,
  table: (table) => ({ ...table, replace: (row) => table.replace(row, '*') }),
};

/** A write inserts the row if it no longer exists. */
export const upsert: PlantedBug = {
  ...noBug,
  table: (table) => ({
    ...table,
    async replace(row, etag) {
      const updated = await table.replace(row, etag);
      if (updated.kind !== 'missing') return updated;
      const inserted = await table.insert(row);
      return inserted.kind === 'inserted' ? { kind: 'updated', etag: inserted.etag } : { kind: 'changed' };
    },
  }),
};

/** Every worker believes to have the lease, which is not written to the row. */
export const noLease: PlantedBug = {
  ...noBug,
  store: (store) => ({
    ...store,
    acquireLease: async (session, leaseId) => ({
      kind: 'acquired',
      session: { ...session, leaseId, generation: session.generation + 1 },
    }),
  }),
};

/** The holder of a lease assumes that the row is unchanged when it reads again or stores its failure. */
export const noSecondLook: PlantedBug = {
  ...noBug,
  store(store) {
    const held = new WeakSet<Session>();
    return {
      ...store,
      async acquireLease(session, leaseId) {
        const taking = await store.acquireLease(session, leaseId);
        if (taking.kind === 'acquired') held.add(taking.session);
        return taking;
      },
      refetch: async (session) => (held.has(session) ? { kind: 'found', session } : store.refetch(session)),
      async write(session, content, releasing) {
        const written = await store.write(session, content, releasing);
        return content.refreshFailure === undefined ? written : { kind: 'written', session };
      },
    };
  },
};

/** A sign-out deletes no row. Only this worker drops the session. */
export const logoutOfOneWorker: PlantedBug = {
  ...noBug,
  table: (table) => ({ ...table, remove: async () => {} }),
};

/** A sign-in does not notice that all sessions of its user were ended. */
export const markNotListed: PlantedBug = {
  ...noBug,
  table: (table) => ({
    ...table,
    list: async (...query) => {
      const listed = await table.list(...query);
      return listed.filter(({ row }) => row.rowKey !== TOMBSTONE_KEY);
    },
  }),
};

/** A sign-in whose query failed assumes that its user's sessions were not ended. */
export const markNotReadByKey: PlantedBug = {
  ...noBug,
  table: (table) => ({
    ...table,
    list: (range, ...query) => {
      const listed = table.list(range, ...query);
      return isOfSignIn(range) ? listed.catch(() => []) : listed;
    },
  }),
};

/** A sign-in queries the rows of its user while it inserts its own row, and not after it. */
export const queriedTooEarly: PlantedBug = {
  ...noBug,
  table(table) {
    const queries = new Map<string, ReturnType<Table['list']>>();
    return {
      ...table,
      insert(row) {
        const { partitionKey } = row;
        if (isSessionRow(row)) {
          const range = { kind: 'partition', partitionKey, rowsFrom: 's', rowsBefore: 'u' } as const;
          queries.set(partitionKey, table.list(range, [], 1_000));
        }
        return table.insert(row);
      },
      list: (range, ...query) => {
        const early = isOfSignIn(range) ? queries.get(range.partitionKey) : undefined;
        return early ?? table.list(range, ...query);
      },
    };
  },
};

/** Only the query of a sign-in lists its user's tombstone, too. */
function isOfSignIn(range: RowRange): range is RowRange & { readonly kind: 'partition' } {
  return range.kind === 'partition' && range.exemptRow === TOMBSTONE_KEY;
}

/** A sign-in assumes that its index row is unchanged. */
export const indexNotConfirmed: PlantedBug = {
  ...noBug,
  table: (table) => ({
    ...table,
    read: async (keys, columns) =>
      keys.partitionKey.startsWith('sid-')
        ? { kind: 'found', row: { ...keys, columns: {} }, etag: '*' }
        : table.read(keys, columns),
  }),
};

/** Workers compare instants by their own clocks. */
export const ownClocks: PlantedBug = {
  ...noBug,
  table: (table) => ({ ...table, clock: createTableClock() }),
};

/** Entries that are no longer in a stored cache stay in MSAL's memory. */
export const noClear: PlantedBug = {
  ...noBug,
  createMsal: (create) => async (options) => {
    const client = await create(options);
    client.application.clearCache = () => {};
    return client;
  },
};

/** One MSAL client for all users. Each request replaces the cache plugin with its own, and nothing is cleared. */
export const sharedClient: PlantedBug = {
  ...noBug,
  createMsal(create) {
    let shared: Promise<MsalClient> | undefined;
    let current: ICachePlugin | undefined;
    const plugin: ICachePlugin = {
      beforeCacheAccess: async (context) => current?.beforeCacheAccess(context),
      afterCacheAccess: async (context) => current?.afterCacheAccess(context),
    };
    return async (options = {}) => {
      if (options.plugin === undefined) return create(options);
      shared ??= create({ ...options, plugin });
      const client = await shared;
      client.application.clearCache = () => {};
      current = options.plugin;
      return client;
    };
  },
};
