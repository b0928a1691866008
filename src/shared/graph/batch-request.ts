import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { BffError } from '../errors.ts';
import { type JsonValue, parseJson } from '../policy/json-text.ts';
import type { PolicyMatch, RequestedCall } from '../policy/match.ts';
import { decodeUtf8 } from '../policy/utf8.ts';
import type { BatchItem, BatchPart } from './batch-item.ts';
import { checkPart, invalidBatch, stringOf } from './batch-part.ts';

/** @see https://learn.microsoft.com/graph/json-batching#batch-size-limitations */
const MAX_PARTS = 20;

/**
 * Graph accepts 4 MB in a request of any kind.
 * @see https://learn.microsoft.com/graph/api/profilephoto-update
 */
export const MAX_BATCH_BYTES = 4 * 1024 * 1024;

/** The members that Graph documents. Others of OData (`atomicityGroup`, `if`) change what a part means. */
const knownNames = new Set(['id', 'method', 'url', 'headers', 'body', 'dependsOn']);

/** The batch, its list, a part, and the part's `headers`, `dependsOn` and body. */
const OPENED_LEVELS = 4;

/**
 * Reads the requests of a batch, in the caller's order, and compares each with the policy as if it were sent alone. Unknown
 * members are refused and not dropped, because a request may mean something else without them.
 * @param version `/v1.0` or `/beta`, to which the requests' URLs are relative
 * @throws {BffError} request_invalid for the batch as a whole; `batch_id` identifies the request at fault, if it is one
 */
export function readBatch(
  body: Uint8Array,
  version: string,
  match: (call: RequestedCall) => PolicyMatch,
): readonly BatchItem[] {
  const requests = readRequests(body).map(readRequest);
  requireUniqueIds(requests);
  requireSupportedOrder(requests);
  const sentIds = new Map(requests.map(({ id }) => [id, randomUUID()]));
  return requests.map((request) => toItem(request, version, sentIds, match));
}

function toItem(
  { id, members, dependsOn, problem }: ReadRequest,
  version: string,
  sentIds: ReadonlyMap<string, string>,
  match: (call: RequestedCall) => PolicyMatch,
): BatchItem {
  if (problem !== undefined) return { kind: 'answered', id, problem };
  const toSentId = (other: string) => sentIds.get(other) ?? failWith('an id is missing');
  const sentId = toSentId(id);
  try {
    const options = { version, sentId, dependsOn: dependsOn.map(toSentId) };
    const { call, text } = checkPart(members, options, match);
    return { kind: 'part', id, sentId, dependsOn, call, text };
  } catch (error) {
    if (!(error instanceof BffError)) throw error;
    return { kind: 'answered', id, problem: error };
  }
}

/** The batch as it is sent. It is written again, so that it contains nothing that was not checked. */
export function writeBatch(parts: readonly BatchPart[]): Uint8Array {
  return Buffer.from(`{"requests":[${parts.map(({ text }) => text).join(',')}]}`);
}

function readRequests(body: Uint8Array): readonly JsonValue[] {
  const text = decodeUtf8(body);
  if (text === undefined) throw invalidBatch('the batch is not UTF-8');
  const root = parseJson(text, { openedLevels: OPENED_LEVELS, uniqueNames: 'everywhere' });
  if (root.kind === 'invalid') {
    throw invalidBatch(
      'the batch is not JSON, nests too deeply, has a name twice in one object, or has too many names',
    );
  }
  const list = root.kind === 'object' && root.members.size === 1 ? root.members.get('requests') : undefined;
  if (list?.kind !== 'array') throw invalidBatch('the batch is not an object with the one member "requests"');
  if (list.items.length < 1 || list.items.length > MAX_PARTS)
    throw invalidBatch(`a batch has 1 to ${MAX_PARTS} requests`);
  return list.items;
}

interface ReadRequest {
  readonly id: string;
  readonly members: ReadonlyMap<string, JsonValue>;
  /** Empty if `dependsOn` cannot be read. */
  readonly dependsOn: readonly string[];
  /** What is wrong with the request's form. */
  readonly problem: BffError | undefined;
}

/** A request without an id refuses the whole batch, because no response could name it. */
function readRequest(value: JsonValue, index: number): ReadRequest {
  const position = `number ${index + 1}`;
  if (value.kind !== 'object') throw invalidBatch(`${position} is not an object`);
  const { members } = value;
  const id = stringOf(members.get('id'));
  // Problems and responses repeat the id, so it is printable and short.
  if (id === undefined || !/^[\x20-\x7e]{1,64}$/.test(id)) {
    throw invalidBatch(`${position} has no "id" of 1 to 64 printable ASCII characters`);
  }
  const hasUnknownMember = ![...members.keys()].every((name) => knownNames.has(name));
  const { ids, fault } = readDependsOn(members.get('dependsOn'));
  const reason = hasUnknownMember ? 'it has an unknown member' : fault;
  return { id, members, dependsOn: ids, problem: reason === undefined ? undefined : invalidBatch(reason) };
}

function readDependsOn(value: JsonValue | undefined): {
  readonly ids: readonly string[];
  readonly fault?: string;
} {
  if (value === undefined) return { ids: [] };
  const ids = value.kind === 'array' ? value.items.map(stringOf) : [undefined];
  if (ids.length >= MAX_PARTS) return { ids: [], fault: `"dependsOn" has at most ${MAX_PARTS - 1} ids` };
  return ids.every((id) => id !== undefined)
    ? { ids }
    : { ids: [], fault: '"dependsOn" is not a list of ids' };
}

/** Graph ignores the letter case of ids. */
function requireUniqueIds(parts: readonly ReadRequest[]): void {
  const seen = new Set<string>();
  for (const { id } of parts) {
    const comparable = id.toLowerCase();
    if (seen.has(comparable)) throw invalidBatch('another request has the same "id"').inBatchRequest(id);
    seen.add(comparable);
  }
}

/**
 * A part may depend only on earlier parts, so there is no cycle. The order must be one of the three that Graph supports:
 * all parts in parallel, each after the previous one, or some after the same one.
 */
function requireSupportedOrder(parts: readonly ReadRequest[]): void {
  const earlier = new Set<string>();
  for (const { id, dependsOn } of parts) {
    if (!dependsOn.every((other) => earlier.has(other))) {
      throw invalidBatch('"dependsOn" must have only ids of earlier requests').inBatchRequest(id);
    }
    earlier.add(id);
  }
  const waiting = parts.filter(({ dependsOn }) => dependsOn.length > 0);
  const isSerial = parts.every(
    ({ dependsOn }, index) =>
      index === 0 || (dependsOn.length === 1 && dependsOn[0] === parts[index - 1]?.id),
  );
  const isAfterSameOne =
    new Set(waiting.flatMap(({ dependsOn }) => dependsOn)).size <= 1 &&
    waiting.every(({ dependsOn }) => dependsOn.length === 1);
  if (!isSerial && !isAfterSameOne) {
    throw invalidBatch(
      'each "dependsOn" must have the id of the previous request, or all must have the same id',
    );
  }
}

function failWith(reason: string): never {
  throw invalidBatch(reason);
}
