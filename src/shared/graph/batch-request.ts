import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { BffError } from '../errors.ts';
import { hasBody, type Policy } from '../policy/match.ts';
import { isJsonType, readMediaType } from '../policy/media-type.ts';
import { requireNamedHeaders } from '../policy/request-headers.ts';
import { type AllowedCall, allowedCall, type WantedCall } from '../proxy/allowed-call.ts';
import { requireNamesOf, requireReadableType } from '../proxy/body-fields.ts';
import { toForwardedHeaders } from '../proxy/headers.ts';
import { type JsonValue, parseJson } from '../proxy/json-text.ts';

/** One call of a batch that the policy allows. */
export interface BatchPart {
  readonly id: string;
  /**
   * The part's id in the request to Graph. Different callers choose the same ids, so the answer to another batch could
   * otherwise fit.
   */
  readonly sentId: string;
  readonly method: string;
  readonly allowed: AllowedCall;
  /** The part as it is sent: JSON. */
  readonly text: string;
}

/** @see https://learn.microsoft.com/graph/json-batching#batch-size-limitations */
const MAX_PARTS = 20;

/**
 * Graph takes 4 MB in one request, whatever it is.
 * @see https://learn.microsoft.com/graph/api/profilephoto-update
 */
export const MAX_BATCH_BYTES = 4 * 1024 * 1024;

/** What Graph documents. OData's others (`atomicityGroup`, `if`) change what a part means. */
const knownNames = new Set(['id', 'method', 'url', 'headers', 'body', 'dependsOn']);

/** The body, its list, a part, its headers or `dependsOn`. */
const OPENED_LEVELS = 4;

/**
 * The calls of a batch, each compared with the policy as if it came alone. What nobody understands is refused, not
 * left out: another reader might understand it.
 * @param allow compares one part with the policy. If left out, the part is compared as it is written.
 * @param version `/v1.0` or `/beta`, to which the addresses are relative
 * @throws {BffError} request_invalid, path_not_allowed, content_type_not_allowed; `batch_id` says in which part
 */
export function readBatch(
  policy: Policy,
  version: string,
  body: Uint8Array,
  allow: (wanted: WantedCall) => AllowedCall = (wanted) => allowedCall(policy, wanted),
): readonly BatchPart[] {
  const root = parseJson(decode(body), { openedLevels: OPENED_LEVELS, uniqueNames: 'everywhere' });
  if (root === undefined) {
    throw invalid(
      'the batch is not JSON, nests too deeply, has a name twice in one object or too many of them',
    );
  }
  const list = root.kind === 'object' && root.members.size === 1 ? root.members.get('requests') : undefined;
  if (list?.kind !== 'array') throw invalid('the batch is not an object with the one member "requests"');
  const { items } = list;
  if (items.length < 1 || items.length > MAX_PARTS) throw invalid(`a batch has 1 to ${MAX_PARTS} requests`);
  const raw = items.map(readPart);
  requireUniqueIds(raw);
  requireKnownOrder(raw);
  const sentIds = new Map(raw.map(({ id }) => [id, randomUUID()]));
  return raw.map((part) => inPart(part.id, () => checkPart(allow, version, part, sentIds)));
}

/** The batch as it is sent, written by us: nothing that was not read is in it. */
export function writeBatch(parts: readonly BatchPart[]): Uint8Array {
  return Buffer.from(`{"requests":[${parts.map(({ text }) => text).join(',')}]}`);
}

/** Does something for one part; an error says in which. */
function inPart<Value>(id: string, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    throw namingPart(id, error);
  }
}

/** The same error, saying in which part it was. */
export function namingPart(id: string, error: unknown): unknown {
  return error instanceof BffError ? error.inBatchRequest(id) : error;
}

interface RawPart {
  readonly id: string;
  readonly members: ReadonlyMap<string, JsonValue>;
  readonly dependsOn: readonly string[];
}

function readPart(value: JsonValue, at: number): RawPart {
  const place = `number ${at + 1}`;
  if (value.kind !== 'object') throw invalid(`${place} is not an object`);
  const { members } = value;
  const id = textOf(members.get('id'));
  // Comes back in problems and answers: printable, and short.
  if (id === undefined || !/^[\x20-\x7e]{1,64}$/.test(id)) {
    throw invalid(`${place} has no "id" of 1 to 64 printable ASCII characters`);
  }
  return inPart(id, () => {
    if (![...members.keys()].every((name) => knownNames.has(name))) throw invalid('it has an unknown member');
    return { id, members, dependsOn: readDependsOn(members.get('dependsOn')) };
  });
}

function readDependsOn(value: JsonValue | undefined): readonly string[] {
  if (value === undefined) return [];
  if (value.kind === 'array' && value.items.length >= MAX_PARTS) {
    throw invalid(`"dependsOn" has at most ${MAX_PARTS - 1} ids`);
  }
  const ids = value.kind === 'array' ? value.items.map(textOf) : [undefined];
  if (!ids.every((id) => id !== undefined)) throw invalid('"dependsOn" is not a list of ids');
  return ids;
}

/** Graph does not tell ids apart by letter case. */
function requireUniqueIds(parts: readonly RawPart[]): void {
  const seen = new Set<string>();
  for (const { id } of parts) {
    const comparable = id.toLowerCase();
    if (seen.has(comparable)) inPart(id, () => failWith('another one has the same "id"'));
    seen.add(comparable);
  }
}

/**
 * Earlier ones only, so that there is no circle; and one of the three orders that Graph runs: all side by side, each
 * behind the one before it, or all that wait behind the same one.
 */
function requireKnownOrder(parts: readonly RawPart[]): void {
  const earlier = new Set<string>();
  for (const { id, dependsOn } of parts) {
    if (!dependsOn.every((other) => earlier.has(other))) {
      inPart(id, () => failWith('"dependsOn" names something else than an earlier request'));
    }
    earlier.add(id);
  }
  const waiting = parts.filter(({ dependsOn }) => dependsOn.length > 0);
  const isSerial = parts.every(
    ({ dependsOn }, at) => at === 0 || (dependsOn.length === 1 && dependsOn[0] === parts[at - 1]?.id),
  );
  const isSame =
    new Set(waiting.flatMap(({ dependsOn }) => dependsOn)).size <= 1 &&
    waiting.every(({ dependsOn }) => dependsOn.length === 1);
  if (!isSerial && !isSame) {
    throw invalid('"dependsOn" is neither the request before in each, nor the same one in all that have it');
  }
}

function checkPart(
  allow: (wanted: WantedCall) => AllowedCall,
  version: string,
  { id, members, dependsOn }: RawPart,
  sentIds: ReadonlyMap<string, string>,
): BatchPart {
  const method = textOf(members.get('method'));
  const url = textOf(members.get('url'));
  if (method === undefined || url === undefined) throw invalid('it has no "method" or no "url"');
  const sentHeaders = readHeaders(members.get('headers'));
  const headers = toAllowedHeaders(sentHeaders);
  const body = members.get('body');
  if (body !== undefined && !hasBody(method)) throw invalid('this method has no body');
  if (body !== undefined) {
    headers['content-type'] ??= defaultTypeOf(body);
    requireBody(body, headers['content-type']);
  }
  const [path, wantedQuery] = split(url);
  const allowed = allow({
    method,
    path: `${version}/${path}`,
    query: wantedQuery,
    contentType: headers['content-type'],
  });
  const { query, bodyFields } = allowed;
  requireNamedHeaders(method, (name) => sentHeaders.get(name), allowed);
  Object.assign(headers, toAllowedHeaders(sentHeaders, allowed.headers), headers);
  if (body !== undefined && bodyFields !== undefined) {
    requireReadableType(headers['content-type']);
    requireNamesOf(bodyFields, body.kind === 'object' ? [...body.members.keys()] : undefined);
  }
  const sentId = sentIds.get(id) ?? failWith('it has no id');
  const written = [
    ['id', JSON.stringify(sentId)],
    ['method', JSON.stringify(method)],
    ['url', JSON.stringify(query === '' ? `/${path}` : `/${path}?${query}`)],
    ...(Object.keys(headers).length === 0 ? [] : [['headers', JSON.stringify(headers)]]),
    // As it came, checked: its numbers may be more than ours can hold.
    ...(body === undefined ? [] : [['body', body.text]]),
    ...(dependsOn.length === 0
      ? []
      : [['dependsOn', JSON.stringify(dependsOn.map((other) => sentIds.get(other)))]]),
  ];
  return {
    id,
    sentId,
    method,
    allowed,
    text: `{${written.map(([name, text]) => `"${name}":${text}`).join(',')}}`,
  };
}

/**
 * Path and query of an address that is relative to the version. An absolute one has an empty segment behind its scheme,
 * and one without a scheme before its host: the grammar of paths refuses both.
 */
function split(url: string): readonly [path: string, query: string] {
  const relative = url.startsWith('/') ? url.slice(1) : url;
  const mark = relative.indexOf('?');
  if (mark === -1) return [relative, ''];
  // Graph's documentation writes them so, and no library encodes inside JSON.
  return [relative.slice(0, mark), relative.slice(mark + 1).replaceAll(' ', '%20')];
}

/** By their lower-case names. */
function readHeaders(value: JsonValue | undefined): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  if (value.kind !== 'object') throw invalid('"headers" is not an object');
  const values = new Map<string, string>();
  for (const [name, member] of value.members) {
    const text = textOf(member);
    const lowerCase = name.toLowerCase();
    if (text === undefined) throw invalid('"headers" has a value that is not a text');
    if (values.has(lowerCase)) throw invalid('"headers" names a header twice');
    values.set(lowerCase, text);
  }
  return values;
}

/** Keeps the headers on the allow-list of a single call. All others are dropped, above all `Authorization`. */
function toAllowedHeaders(
  values: ReadonlyMap<string, string>,
  named: readonly string[] = [],
): Record<string, string> {
  const headers = toForwardedHeaders((name) => values.get(name), named);
  if (headers === undefined) throw invalid('a header has a value it must not');
  return headers;
}

const defaultTypeOf = ({ kind }: JsonValue) => {
  if (kind === 'string') throw invalid('a body in base64 needs its Content-Type in "headers"');
  return 'application/json';
};

/** An object where the type is JSON, base64 for every other. */
function requireBody(body: JsonValue, contentType: string): void {
  const type = readMediaType(contentType);
  if (type === undefined) throw invalid('the Content-Type in "headers" is none');
  const isObject = body.kind === 'object' || (body.kind === 'unopened' && body.text.startsWith('{'));
  if (isJsonType(contentType)) {
    if (!isObject) throw invalid('the body of a JSON type is not an object');
    return;
  }
  const text = textOf(body);
  if (text === undefined || !/^(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)={0,2}$/.test(text)) {
    throw invalid('the body of this type is not base64');
  }
}

const textOf = (value: JsonValue | undefined) => (value?.kind === 'string' ? value.value : undefined);

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw invalid('the batch is not UTF-8');
  }
}

const invalid = (reason: string) => new BffError('request_invalid', { detail: `Refused: ${reason}.` });

function failWith(reason: string): never {
  throw invalid(reason);
}
