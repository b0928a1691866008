import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { BffError } from '../errors.ts';
import { type JsonValue, parseJson } from '../policy/json-text.ts';
import type { AllowedCall, PolicyMatch, RequestedCall } from '../policy/match.ts';
import { decodeUtf8 } from '../policy/utf8.ts';
import { checkPart, invalidBatch, stringOf } from './batch-part.ts';

/** One call of a batch that the policy allows. */
export interface BatchPart {
  readonly id: string;
  /**
   * The part's id in the request to Graph. Many callers choose the same ids (`1`, `2`, …). With those ids, the response to
   * another batch could be taken for the response to this one.
   */
  readonly sentId: string;
  readonly call: AllowedCall;
  /** The part as it is sent: JSON. */
  readonly text: string;
}

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
 * Reads the calls of a batch and compares each with the policy as if it were sent alone. Unknown members are refused and
 * not dropped, because a part may mean something else without them.
 * @param version `/v1.0` or `/beta`, to which the parts' URLs are relative
 * @throws {BffError} request_invalid, path_not_allowed, content_type_not_allowed; `batch_id` identifies the part
 */
export function readBatch(
  body: Uint8Array,
  version: string,
  match: (call: RequestedCall) => PolicyMatch,
): readonly BatchPart[] {
  const parts = readRequests(body).map(readPart);
  requireUniqueIds(parts);
  requireSupportedOrder(parts);
  const sentIds = new Map(parts.map(({ id }) => [id, randomUUID()]));
  return parts.map((part) =>
    forPart(part.id, () => {
      const sentId = sentIds.get(part.id) ?? failWith('it has no id');
      const dependsOn = part.dependsOn.map((id) => sentIds.get(id) ?? failWith('an id is missing'));
      const { call, text } = checkPart(part.members, { version, sentId, dependsOn }, match);
      return { id: part.id, sentId, call, text };
    }),
  );
}

/** The batch as it is sent. It is written again, so that it contains nothing that was not checked. */
export function writeBatch(parts: readonly BatchPart[]): Uint8Array {
  return Buffer.from(`{"requests":[${parts.map(({ text }) => text).join(',')}]}`);
}

/** Runs a step for one part, and adds the part's id to an error. */
function forPart<Value>(id: string, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    throw withBatchId(id, error);
  }
}

/** The same error, with the id of the part in which it occurred. */
export function withBatchId(id: string, error: unknown): unknown {
  return error instanceof BffError ? error.inBatchRequest(id) : error;
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

interface RawPart {
  readonly id: string;
  readonly members: ReadonlyMap<string, JsonValue>;
  readonly dependsOn: readonly string[];
}

function readPart(value: JsonValue, index: number): RawPart {
  const position = `number ${index + 1}`;
  if (value.kind !== 'object') throw invalidBatch(`${position} is not an object`);
  const { members } = value;
  const id = stringOf(members.get('id'));
  // Problems and responses repeat the id, so it is printable and short.
  if (id === undefined || !/^[\x20-\x7e]{1,64}$/.test(id)) {
    throw invalidBatch(`${position} has no "id" of 1 to 64 printable ASCII characters`);
  }
  return forPart(id, () => {
    if (![...members.keys()].every((name) => knownNames.has(name))) failWith('it has an unknown member');
    return { id, members, dependsOn: readDependsOn(members.get('dependsOn')) };
  });
}

function readDependsOn(value: JsonValue | undefined): readonly string[] {
  if (value === undefined) return [];
  if (value.kind === 'array' && value.items.length >= MAX_PARTS) {
    throw invalidBatch(`"dependsOn" has at most ${MAX_PARTS - 1} ids`);
  }
  const ids = value.kind === 'array' ? value.items.map(stringOf) : [undefined];
  if (!ids.every((id) => id !== undefined)) throw invalidBatch('"dependsOn" is not a list of ids');
  return ids;
}

/** Graph ignores the letter case of ids. */
function requireUniqueIds(parts: readonly RawPart[]): void {
  const seen = new Set<string>();
  for (const { id } of parts) {
    const comparable = id.toLowerCase();
    if (seen.has(comparable)) forPart(id, () => failWith('another request has the same "id"'));
    seen.add(comparable);
  }
}

/**
 * A part may depend only on earlier parts, so there is no cycle. The order must be one of the three that Graph supports:
 * all parts in parallel, each after the previous one, or some after the same one.
 */
function requireSupportedOrder(parts: readonly RawPart[]): void {
  const earlier = new Set<string>();
  for (const { id, dependsOn } of parts) {
    if (!dependsOn.every((other) => earlier.has(other))) {
      forPart(id, () => failWith('"dependsOn" must have only ids of earlier requests'));
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
