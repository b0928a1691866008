import { sidPartition } from '../../../src/shared/session/index-rows.ts';
import type { Row, RowKeys } from '../../../src/shared/storage/table.ts';
import type { Browser } from './activity.ts';
import { isSessionRow, keyOf } from './simulated-table.ts';
import { indexKey } from './users.ts';
import type { ActivityRecord, World } from './world-state.ts';

/** The activities that an ending of many sessions finds begun, or undefined for another activity. */
export function earlierThan(
  { activity: { does } }: ActivityRecord,
  browser: Browser,
  { table, reader, records }: Pick<World, 'table' | 'reader' | 'records'>,
): ActivityRecord['earlier'] {
  if (does !== 'end-all' && does !== 'end-by-sid') return undefined;
  const rows = table.versions().flatMap(({ row }) => {
    if (!isSessionRow(row)) return [];
    const isMeant =
      does === 'end-all'
        ? row.partitionKey === browser.row.partitionKey
        : sidOf(row, { reader }) === browser.sid;
    return isMeant ? [keyOf(row)] : [];
  });
  const signIns = records.filter(
    ({ activity, state }) => activity.does === 'sign-in' && state !== 'not begun',
  );
  return { rows, signIns: signIns.map(({ index }) => index) };
}

/** A confirmed ending leaves no session that began before it. */
export function checkEndings(world: World): string | undefined {
  const left = new Set(world.table.versions().map(({ row }) => keyOf(row)));
  for (const ending of world.records) {
    const { activity, earlier, browser, index, answer } = ending;
    if (earlier === undefined || browser === undefined || answer?.kind !== 'done') continue;
    const row = earlier.rows.find((key) => left.has(key));
    if (row !== undefined) return `no session outlives an ending: ${row} and ${index}`;
    for (const signIn of earlier.signIns) {
      const record = world.records[signIn];
      // A sign-in without a response left a row whose cookie no browser has.
      if (record?.answer?.kind !== 'signed-in' || !left.has(keyOf(record.answer.row))) continue;
      if (activity.does === 'end-all') {
        if (isOfUser(record.answer.row, browser) && !isAhead(world, record, ending)) {
          return `no sign-in outlives an ending of all: ${signIn} and ${index}`;
        }
      } else if (world.table.listed.has(keyOf(indexRowOf(browser.sid, record.answer.row)))) {
        // An ending by sid finds a sign-in only by its index row.
        return `no sign-in outlives an ending by sid: ${signIn} and ${index}`;
      }
    }
  }
  return undefined;
}

/** Another ending by sid would find every session whose cookie a browser has. */
export function checkIndex(world: World): string | undefined {
  const { table, records, browsers, reader } = world;
  const rows = new Map(table.versions().map(({ row }) => [keyOf(row), row]));
  const known = [
    ...browsers.values(),
    ...records.flatMap(({ browser, answer }) =>
      [browser ?? [], answer?.kind === 'signed-in' ? answer : []].flat(),
    ),
  ];
  for (const key of new Set(known.map(({ row }) => keyOf(row)))) {
    const row = rows.get(key);
    const sid = row && sidOf(row, { reader });
    if (row === undefined || sid === undefined) continue;
    const index = rows.get(keyOf(indexRowOf(sid, row)));
    if (index?.columns['sessionPartition'] !== row.partitionKey)
      return `the index leads to every session: ${key}`;
    if (index.columns['ended'] === true && !isHalfEnded(world, sid)) {
      return `no session that lives is marked as ended: ${key}`;
    }
  }
  return undefined;
}

function sidOf(row: Row, { reader }: Pick<World, 'reader'>): string | undefined {
  const opened = reader.open(row);
  return opened.kind === 'session' ? opened.content.facts.claims.entraSessionId : undefined;
}

const indexRowOf = (sid: string, { rowKey }: RowKeys): RowKeys => ({
  partitionKey: sidPartition(indexKey, sid),
  rowKey,
});

const isOfUser = ({ partitionKey }: RowKeys, { row }: Browser) => partitionKey === row.partitionKey;

/** Compares times of two workers' clocks. A sign-in whose clock is ahead seems to have begun later. */
function isAhead({ setting }: World, signIn: ActivityRecord, ending: ActivityRecord): boolean {
  const skewMs = ({ activity }: ActivityRecord) => setting.clockSkewMs?.[activity.worker] ?? 0;
  return skewMs(signIn) > skewMs(ending);
}

/** A failed ending may have written a tombstone for rows that it did not delete. */
function isHalfEnded({ records }: World, sid: string): boolean {
  return records.some(
    ({ activity, browser, answer }) =>
      activity.does === 'end-by-sid' && browser?.sid === sid && answer?.kind !== 'done',
  );
}
