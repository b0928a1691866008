import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { simulateCaches } from '../../bench/support/cache-model.ts';
import { codecs } from '../../bench/support/codecs.ts';
import { type CountingForwarder, startCountingForwarder } from '../../bench/support/counting-forwarder.ts';
import { markdownTable } from '../../bench/support/markdown-table.ts';
import { makeMsalCache } from '../../bench/support/msal-cache.ts';
import { measureSessionHeap } from '../../bench/support/session-heap.ts';
import { medianMicroseconds } from '../../bench/support/stopwatch.ts';
import { createAzureTable } from '../../src/shared/storage/azure-table.ts';
import { isWholeRun } from '../support/scale.ts';
import { sessionContent } from '../support/session-content.ts';

describe('makeMsalCache', () => {
  it.each([
    [1, 8],
    [4, 16],
    [19, 64],
  ])('makes a cache of %i access tokens that has about %i KiB and contains JWTs', async (count, kib) => {
    const msalCache = await makeMsalCache(count);
    const { AccessToken: tokens } = JSON.parse(msalCache) as {
      AccessToken: Record<string, { secret: string }>;
    };
    expect(Object.keys(tokens)).toHaveLength(count);
    expect(msalCache.length).toBeGreaterThan(kib * 1024 * 0.9);
    expect(msalCache.length).toBeLessThan(kib * 1024 * 1.1);
    for (const { secret } of Object.values(tokens)) {
      const [header = '', , signature = ''] = secret.split('.');
      expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({ alg: 'RS256' });
      expect(Buffer.from(signature, 'base64url')).toHaveLength(256);
    }
  });
});

describe('measureSessionHeap', () => {
  it.runIf(isWholeRun)('finds that cached sessions take what the worker counts', async () => {
    const msalCache = await makeMsalCache(2);
    const facts = { expiresAt: new Date(Date.now() + 3_600_000) };
    const measured = await measureSessionHeap(sessionContent({ msalCache, facts }), 2_000);
    expect(measured.held).toBe(2_000);
    expect(measured.heap / measured.counted).toBeGreaterThan(0.75);
    expect(measured.heap / measured.counted).toBeLessThan(1.1);
    expect(measured.outside).toBeLessThan(1_000);
  });
});

describe('simulateCaches', () => {
  /** Calls at seconds 0.5, 2.5, 4.5 … of every session. */
  const load = {
    sessions: 100,
    workers: 4,
    affinity: true,
    seconds: 40,
    callsOf: () => Array.from({ length: 20 }, (_, index) => 2 * index + 0.5),
  };
  const readsOf = (more: Partial<typeof load>, seconds: number) =>
    simulateCaches({ ...load, ...more }, [seconds]).readsPerSecond.get(seconds);

  it('counts calls, and the reads of copies that are missing or too old', () => {
    expect(simulateCaches(load, [1]).callsPerSecond).toBe(50);
    expect(readsOf({}, 1)).toBe(50);
    expect(readsOf({}, 60)).toBe(0);
    // Every third call finds a copy that is too old.
    expect(readsOf({}, 5)).toBeCloseTo(50 / 3, -1);
  });

  it('reads more if any worker may get a call, and if a worker cannot hold all sessions', () => {
    expect(readsOf({ affinity: false }, 5)).toBeGreaterThan(30);
    expect(readsOf({ sessions: 6_000, workers: 1 }, 60)).toBe(3_000);
  });
});

describe('codecs', () => {
  it.each(Object.entries(codecs))('%s returns the text that it compressed', (_, { compress, decompress }) => {
    const text = `Ünïcödé ${'repeated '.repeat(1_000)}`;
    expect(decompress(compress(text)).toString('utf8')).toBe(text);
  });
});

describe('medianMicroseconds', () => {
  it('measures more time for longer work', async () => {
    const work = (times: number) => () => {
      for (let time = 0; time < times; time++) randomBytes(4_096);
    };
    const { short, long } = await medianMicroseconds({ short: work(1), long: work(30) }, 5);
    expect(long.wallUs / short.wallUs).toBeGreaterThan(5);
    expect(long.processorUs).toBeGreaterThan(short.processorUs);
  });
});

describe('startCountingForwarder', () => {
  const connectionString = inject('tableConnectionString');
  const endpoint = /TableEndpoint=([^;]+)/.exec(connectionString)?.[1] ?? '';
  let counter: CountingForwarder;
  beforeAll(async () => {
    counter = await startCountingForwarder(endpoint);
  });
  afterAll(() => counter.close());

  it('counts each operation and its bytes without changing it', async () => {
    const table = createAzureTable(
      {
        kind: 'connection-string',
        connectionString: connectionString.replace(new URL(endpoint).origin, counter.origin),
        allowInsecure: true,
      },
      `t${randomBytes(8).toString('hex')}`,
    );
    const keys = { partitionKey: 'user-a', rowKey: 'session-a' };
    const row = { ...keys, columns: { bytes: randomBytes(3_000) } };
    const inserted = await table.insert(row);
    if (inserted.kind !== 'inserted') throw new Error(inserted.kind);
    expect(counter.take().map(({ name }) => name)).toEqual(['insert', 'create table', 'insert']);

    await table.merge({ ...keys, columns: { text: 'x' } }, inserted.etag);
    const found = await table.read(keys);
    expect(found).toMatchObject({ kind: 'found', row: { columns: { text: 'x' } } });
    await table.remove(keys);
    await table.read(keys);
    const taken = counter.take();
    expect(taken.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'merge 204',
      'read 200',
      'remove 204',
      'read 404',
    ]);
    // 3,000 bytes travel as 4,000 characters of base64.
    expect(taken[1]?.receivedBytes).toBeGreaterThan(4_000);
    expect(taken[0]?.sentBytes).toBeGreaterThan(0);
    expect(counter.take()).toEqual([]);
  });
});

describe('markdownTable', () => {
  it('aligns numbers to the right and words to the left', () => {
    expect(
      markdownTable(
        ['what', 'count'],
        [
          ['longer', 1],
          ['x', 20],
        ],
      ),
    ).toBe(
      ['| what   | count |', '| ------ | ----: |', '| longer |     1 |', '| x      |    20 |'].join('\n'),
    );
  });
});
