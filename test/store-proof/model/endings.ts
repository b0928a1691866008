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
  if (does === 'end-one') return { rows: [keyOf(browser.row)], signIns: [] };
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
        if (isOfUser(record.answer.row, browser) && !isAhead(world, record)) {
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

/** The worker's clock is ahead of the table's, and the worker has not learned that yet. The sign-in seems to begin later. */
function isAhead({ setting }: World, { activity, knowsTableClock }: ActivityRecord): boolean {
  return knowsTableClock !== true && (setting.clockSkewMs?.[activity.worker] ?? 0) > 0;
}

/**
 * How long after an ending of all sessions a sign-in may still end, because their order is not certain. Dates have whole
 * seconds, and two requests may each take up to their deadlines.
 */
const UNCERTAIN_MS = 10_000;

/** A sign-in ends only because of an ending that was not certainly over when it began. */
export function hasEndedMeanwhile({ records, setting }: World, signIn: ActivityRecord): boolean {
  const { activity, beganAtMs = 0, knowsTableClock } = signIn;
  const behindMs = Math.max(0, -(setting.clockSkewMs?.[activity.worker] ?? 0));
  const uncertainMs = UNCERTAIN_MS + (knowsTableClock === true ? 0 : behindMs);
  // At the limit of sessions, another sign-in removes the row and its index row.
  const isEnding = (does: string) =>
    does === 'end-all' || does === 'end-by-sid' || (does === 'sign-in' && setting.maxPerUser !== undefined);
  return records.some(
    ({ activity: { does }, answeredAtMs = Number.POSITIVE_INFINITY, beganAtMs: endingAtMs }) =>
      isEnding(does) && endingAtMs !== undefined && beganAtMs - answeredAtMs < uncertainMs,
  );
}

/** A failed ending may have written a tombstone for rows that it did not delete. */
function isHalfEnded({ records }: World, sid: string): boolean {
  return records.some(
    ({ activity, browser, answer }) =>
      activity.does === 'end-by-sid' && browser?.sid === sid && answer?.kind !== 'done',
  );
}
