import { sessionContent } from '../test/support/session-content.ts';
import { markdownTable } from './support/markdown-table.ts';
import { makeMsalCache } from './support/msal-cache.ts';
import { measureSessionHeap } from './support/session-heap.ts';

/**
 * `npm run measure:sessions [sessions]`: the memory that cached sessions take in a worker, by the number of access tokens
 * in the row, and what the worker counts.
 */
const sessions = Number(process.argv[2] ?? 6_000);

const expiresAt = new Date(Date.now() + 12 * 60 * 60 * 1000);
const rows: (string | number)[][] = [];
for (const [title, accessTokens, claims] of [
  ['1', 1, {}],
  ['2', 2, {}],
  ['4', 4, {}],
  ['1, and 200 groups', 1, { groups: Array.from({ length: 200 }, () => crypto.randomUUID()) }],
  ['1, and a name in Japanese', 1, { name: '山田 花子' }],
] as const) {
  const msalCache = (await makeMsalCache(accessTokens)).replaceAll(
    'Alice Adams',
    'name' in claims ? claims.name : 'Alice Adams',
  );
  const { heap, outside, counted, held } = await measureSessionHeap(
    sessionContent({ msalCache, claims, facts: { expiresAt } }),
    sessions,
  );
  const kib = (bytes: number) => (bytes / 1024).toFixed(1);
  rows.push([title, kib(msalCache.length), kib(heap), kib(outside), kib(counted), held]);
}
console.log(
  markdownTable(
    [
      'access tokens in the row',
      'MSAL cache, KiB',
      'heap, KiB',
      'outside, KiB',
      'counted, KiB',
      'sessions held',
    ],
    rows,
  ),
);
