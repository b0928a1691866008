import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAzureTable } from '../../../src/shared/storage/azure-table.ts';
import type { Table } from '../../../src/shared/storage/table.ts';
import { withBreaker } from '../../../src/shared/storage/table-breaker.ts';

/** A server in place of the table service. The test chooses its answers. */
let answer: (response: ServerResponse, request: IncomingMessage) => void;
let asked = 0;
const server = createServer((request, response) => {
  asked++;
  request.resume();
  answer(response, request);
});
let table: Table;
let connectionString: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const key = Buffer.alloc(32, 1).toString('base64');
  connectionString = `DefaultEndpointsProtocol=http;AccountName=stub;AccountKey=${key};TableEndpoint=http://127.0.0.1:${port}/stub;`;
  table = createAzureTable({ kind: 'connection-string', connectionString, allowInsecure: true }, 'sessions');
});

afterEach(() => {
  vi.useRealTimers();
  asked = 0;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const row = { partitionKey: 'user-a', rowKey: 'session-a', columns: { text: 'x' } };
const operations: Record<string, () => Promise<unknown>> = {
  read: () => table.read(row),
  insert: () => table.insert(row),
  replace: () => table.replace(row, 'etag'),
  merge: () => table.merge(row, 'etag'),
  remove: () => table.remove(row),
  check: () => table.check(),
};
const names = Object.keys(operations);
const run = (name: string) => operations[name]?.() ?? Promise.reject(new Error(name));

const bare = (status: number) => (response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'text/html' });
  response.end('<html><title>Not here</title></html>');
};
const coded = (status: number, code: string) => (response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: code } } }));
};
const unavailable = { code: 'storage_unavailable', status: 503 };

describe('an answer of an intermediary', () => {
  it.each(names)('with 404 but without the code is not treated as a missing row: %s', async (name) => {
    answer = bare(404);
    await expect(run(name)).rejects.toMatchObject(unavailable);
    expect(asked).toBe(1);
  });

  it.each(names)('with 409 but without the code is not treated as an existing row: %s', async (name) => {
    answer = bare(409);
    await expect(run(name)).rejects.toMatchObject(unavailable);
  });
});

describe('a table that does not exist', () => {
  it('has no rows and is ready', async () => {
    answer = coded(404, 'TableNotFound');
    expect(await table.read(row)).toEqual({ kind: 'missing' });
    expect(await table.replace(row, 'etag')).toEqual({ kind: 'missing' });
    expect(await table.merge(row, 'etag')).toEqual({ kind: 'missing' });
    await expect(table.remove(row)).resolves.toBeUndefined();
    await expect(table.check()).resolves.toBeUndefined();
  });

  it.each(['ResourceNotFound', 'EntityNotFound'])('has no rows if the service answers %s', async (code) => {
    answer = coded(404, code);
    expect(await table.read(row)).toEqual({ kind: 'missing' });
    await expect(table.remove(row)).resolves.toBeUndefined();
  });
});

describe('the clock of the table', () => {
  const dated = (status: number, more: Record<string, string> = {}) => {
    answer = (response) => {
      response.sendDate = false;
      response.writeHead(status, { 'content-type': 'application/json', ...more });
      response.end('{}');
    };
  };
  // The own clock is 290 s behind.
  const fresh = () =>
    createAzureTable(
      { kind: 'connection-string', connectionString, allowInsecure: true },
      'sessions',
      () => new Date('2026-08-01T11:55:10Z'),
    );
  const own = new Date('2026-08-01T11:55:10Z');
  const date = 'Sat, 01 Aug 2026 12:00:00 GMT';

  it.each([200, 204, 404, 412, 403])('is learned from the date of an answer with %i', async (status) => {
    const observing = fresh();
    dated(status, { date });
    await observing.read(row).catch(() => {});
    expect(observing.clock.earliest(own)).toEqual(new Date('2026-08-01T12:00:00Z'));
    expect(observing.clock.latest(own)).toEqual(new Date('2026-08-01T12:00:01Z'));
  });

  it.each([
    ['without a date', {}],
    ['of another request', { date, 'x-ms-client-request-id': '00000000-0000-4000-8000-000000000000' }],
  ])('is not learned from an answer %s', async (_what, headers) => {
    const observing = fresh();
    dated(404, headers);
    await observing.read(row).catch(() => {});
    expect([observing.clock.earliest(own), observing.clock.latest(own)]).toEqual([own, own]);
  });
});

describe('refuses', () => {
  const entity = (partitionKey: string, rowKey: string) => ({
    PartitionKey: partitionKey,
    RowKey: rowKey,
    'odata.etag': 'W/"1"',
    text: 'x',
  });
  const found =
    (body: unknown, headers: (request: IncomingMessage) => Record<string, string> = () => ({})) =>
    (response: ServerResponse, request: IncomingMessage) => {
      response.writeHead(200, { 'content-type': 'application/json', etag: 'W/"1"', ...headers(request) });
      response.end(JSON.stringify(body));
    };

  it('another row than the requested one', { tags: ['PX-17'] }, async () => {
    answer = found(entity('user-a', 'session-a'));
    expect(await table.read(row)).toMatchObject({ kind: 'found', row: { columns: { text: 'x' } } });
    for (const other of [entity('user-b', 'session-a'), entity('user-a', 'session-b'), { text: 'x' }]) {
      answer = found(other);
      await expect(table.read(row)).rejects.toMatchObject(unavailable);
    }
  });

  it('a list with a row of another partition', { tags: ['PX-17'] }, async () => {
    const mine = { kind: 'partition', partitionKey: 'user-a', rowsFrom: 'a', rowsBefore: 'm' } as const;
    const all = { kind: 'partitions', from: 'user-a', before: 'user-c' } as const;
    answer = found({ value: [entity('user-a', 'a'), entity('user-a', 'l')] });
    expect(await table.list(mine, ['text'], 9)).toHaveLength(2);
    expect(await table.list(all, ['text'], 9)).toHaveLength(2);
    for (const other of [entity('user-b', 'a'), entity('user-a', 'm'), entity('user-a', 'Z')]) {
      answer = found({ value: [entity('user-a', 'a'), other] });
      await expect(table.list(mine, ['text'], 9)).rejects.toMatchObject(unavailable);
    }
    answer = found({ value: [entity('user-c', 'a')] });
    await expect(table.list(all, ['text'], 9)).rejects.toMatchObject(unavailable);
  });

  it.each(names)(
    'an answer with another request id, also to a write: %s',
    { tags: ['PX-17'] },
    async (name) => {
      const id = 'x-ms-client-request-id';
      answer = found(entity('user-a', 'session-a'), () => ({ [id]: '00000000-0000-4000-8000-000000000000' }));
      await expect(run(name)).rejects.toMatchObject(unavailable);
      expect(asked).toBe(1);
    },
  );

  it('no answer with its own request id, in any letter case', async () => {
    const id = 'x-ms-client-request-id';
    answer = found(entity('user-a', 'session-a'), ({ headers }) => ({
      [id]: String(headers[id]).toUpperCase(),
    }));
    expect(await table.read(row)).toMatchObject({ kind: 'found' });
  });
});

describe('a service that never answers', () => {
  it.each([
    ['read', 2_000],
    ['check', 2_000],
    ['insert', 4_000],
    ['replace', 4_000],
    ['merge', 4_000],
    ['remove', 4_000],
  ])(
    'causes a failure at the deadline: %s after %i ms',
    async (name, deadlineMs) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const arrived = new Promise<void>((resolve) => {
        answer = () => resolve();
      });
      const settled = vi.fn();
      const outcome = expect(run(name).finally(settled)).rejects.toMatchObject(unavailable);
      await arrived;
      await vi.advanceTimersByTimeAsync(deadlineMs - 1);
      expect(settled).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(1);
      await outcome;
    },
    6_000,
  );
});

describe('a busy service', () => {
  it('gets 15 requests for any number of operations of a user, and 9 for those of many', async () => {
    const { table: held } = withBreaker(table, { monotonicMs: () => performance.now() });
    answer = coded(503, 'ServerBusy');
    for (let count = 0; count < 20; count++)
      await expect(held.read({ ...row, partitionKey: 'user-a' })).rejects.toMatchObject(unavailable);
    // The client sends each of five operations three times.
    expect(asked).toBe(15);
    const { table: other } = withBreaker(table, { monotonicMs: () => performance.now() });
    for (let count = 0; count < 20; count++)
      await expect(other.read({ ...row, partitionKey: `user-${count}` })).rejects.toMatchObject(unavailable);
    expect(asked).toBe(15 + 9);
  });
});
