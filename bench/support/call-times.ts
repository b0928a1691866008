import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { createTokenSearch } from '../../src/shared/proxy/token-search.ts';
import type { Table, TableRead } from '../../src/shared/storage/table.ts';
import { signIn } from '../../test/support/world.ts';
import { type InvokeFunction, startInProcessWorker } from './in-process-worker.ts';
import { withProduct } from './product.ts';
import { medianMicroseconds, type Timing } from './stopwatch.ts';

/**
 * Measures a call in this process, by where its session comes from. The function is called as the Functions worker calls
 * it, and Graph responds at once.
 */
export async function measureCalls(turns: number) {
  let timings: CallTimes | undefined;
  await withProduct(async (product) => {
    const browser = (await product.startWorker()).browser();
    await signIn(browser, { user: 'alice' });
    const cookie = [...browser.cookies()].map(([name, value]) => `${name}=${value}`).join('; ');

    const fromCache = await startInProcessWorker(product, cookie, { cacheSeconds: 60 });
    const fromRow = await startInProcessWorker(product, cookie, { cacheSeconds: 0, withTable: rememberRows });
    const fromStorage = await startInProcessWorker(product, cookie, { cacheSeconds: 0 });
    timings = await medianMicroseconds(
      {
        ...tokenSearches(),
        'none: the liveness check': () => fromCache('health-live', '/api/health/live'),
        "the worker's cache": () => callGraph(fromCache),
        'the row, without storage latency': () => callGraph(fromRow),
        'the row, read from the storage emulator': () => callGraph(fromStorage),
      },
      turns,
    );
  });
  if (timings === undefined) throw new Error('Nothing was measured.');
  return timings;
}

export type CallTimes = Readonly<
  Record<
    | 'none: the liveness check'
    | "the worker's cache"
    | 'the row, without storage latency'
    | 'the row, read from the storage emulator',
    Timing
  >
>;

/** The search of every answer, with a token as Entra ID writes it and bodies that do not hold it. */
function tokenSearches(): Readonly<Record<string, () => unknown>> {
  const token = `${randomBytes(1000).toString('base64url')}.${randomBytes(256).toString('base64url')}`;
  const bodies = { '2 KB': 2e3, '60 KB': 60e3, '1 MB': 1e6 };
  return Object.fromEntries(
    Object.entries(bodies).map(([name, bytes]) => {
      const body = Buffer.from(randomBytes((bytes / 4) * 3).toString('base64'));
      return [`search of ${name}, base64`, () => createTokenSearch([token])(body)];
    }),
  );
}

async function callGraph(call: InvokeFunction): Promise<void> {
  const status = await call('graph', '/api/graph/v1.0/me');
  if (status !== '200') throw new Error(`The call returned ${status}.`);
}

/** A table that repeats each read from memory, so that repeated reads take no time. */
function rememberRows(table: Table): Table {
  const reads = new Map<string, TableRead>();
  return {
    ...table,
    async read(keys, columns) {
      const name = `${keys.partitionKey} ${keys.rowKey}`;
      const read = reads.get(name) ?? (await table.read(keys, columns));
      reads.set(name, read);
      return read;
    },
  };
}
