import { BffError } from '../errors.ts';
import { requireListedFields, requireUtf8Type } from '../policy/body-fields.ts';
import type { JsonValue } from '../policy/json-text.ts';
import { type AllowedCall, type PolicyMatch, type RequestedCall, requireAllowed } from '../policy/match.ts';
import { isJsonType, readMediaType } from '../policy/media-type.ts';
import { hasBody } from '../policy/methods.ts';
import { requireAllowedHeaders } from '../policy/request-headers.ts';
import { toForwardedHeaders } from '../proxy/headers.ts';
import { MAX_PAGE_LINK_LENGTH } from './page-links.ts';

interface PartOptions {
  /** `/v1.0` or `/beta`, to which the part's URL is relative. */
  readonly version: string;
  readonly sentId: string;
  /** The sent ids of the parts that this one waits for. */
  readonly dependsOn: readonly string[];
}

/**
 * Compares one part of a batch with the policy.
 * @returns the allowed call, and the JSON of the part for the request to Graph
 * @throws {BffError} request_invalid, path_not_allowed, content_type_not_allowed
 */
export function checkPart(
  members: ReadonlyMap<string, JsonValue>,
  { version, sentId, dependsOn }: PartOptions,
  match: (call: RequestedCall) => PolicyMatch,
): { readonly call: AllowedCall; readonly text: string } {
  const method = stringOf(members.get('method'));
  const url = stringOf(members.get('url'));
  if (method === undefined || url === undefined) throw invalidBatch('it has no "method" or no "url"');
  const values = readHeaders(members.get('headers'));
  // As in a single call, a body of another method has no meaning and is dropped, together with its type.
  const body = hasBody(method) ? members.get('body') : undefined;
  const contentType = hasBody(method)
    ? bodyTypeOf(body, toAllowedHeaders(values)['content-type'])
    : undefined;
  const [path, query] = splitUrl(url);
  const call = requireAllowed(match({ method, path: `${version}/${path}`, query, contentType }));
  // First, because it refuses long headers without reading them.
  const { 'content-type': _, ...otherHeaders } = toAllowedHeaders(values, call.rule.headers);
  requireAllowedHeaders(method, (name) => values.get(name), call.rule);
  requireFields(call, body, contentType);
  const headers = { ...otherHeaders, ...(contentType === undefined ? {} : { 'content-type': contentType }) };
  const sentMembers = [
    ['id', JSON.stringify(sentId)],
    ['method', JSON.stringify(method)],
    // As the policy allowed it. The caller's URL is not used again.
    ['url', JSON.stringify(toUrl(call, version))],
    ...(Object.keys(headers).length === 0 ? [] : [['headers', JSON.stringify(headers)]]),
    // The original text, which has been checked. It may have numbers that JavaScript cannot represent.
    ...(body === undefined ? [] : [['body', body.text]]),
    ...(dependsOn.length === 0 ? [] : [['dependsOn', JSON.stringify(dependsOn)]]),
  ];
  return { call, text: `{${sentMembers.map(([name, text]) => `"${name}":${text}`).join(',')}}` };
}

/** The URL of an allowed call, relative to the version. */
function toUrl({ path, query }: AllowedCall, version: string): string {
  const relative = path.slice(version.length);
  return query === '' ? relative : `${relative}?${query}`;
}

export function invalidBatch(reason: string): BffError {
  return new BffError('request_invalid', { detail: `Refused: ${reason}.` });
}

export function stringOf(value: JsonValue | undefined): string | undefined {
  return value?.kind === 'string' ? value.value : undefined;
}

/**
 * Path and query of a URL that is relative to the version. An absolute URL (`https://…` or `//…`) has an empty segment,
 * which the policy refuses.
 */
function splitUrl(url: string): readonly [path: string, query: string] {
  const relative = url.startsWith('/') ? url.slice(1) : url;
  const questionMark = relative.indexOf('?');
  if (questionMark === -1) return [relative, ''];
  // The batches in Graph's documentation have spaces in queries, and no library encodes the URLs in a JSON body.
  const query = relative.slice(questionMark + 1);
  // The policy refuses a longer query without reading it.
  const encoded = query.length > MAX_PAGE_LINK_LENGTH ? query : query.replaceAll(' ', '%20');
  return [relative.slice(0, questionMark), encoded];
}

/** The part's headers, by lower-case name. */
function readHeaders(value: JsonValue | undefined): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  if (value.kind !== 'object') throw invalidBatch('"headers" is not an object');
  const values = new Map<string, string>();
  for (const [name, member] of value.members) {
    const text = stringOf(member);
    const lowerCase = name.toLowerCase();
    if (text === undefined) throw invalidBatch('"headers" has a value that is not a string');
    if (values.has(lowerCase)) throw invalidBatch('"headers" has a header twice');
    values.set(lowerCase, text);
  }
  return values;
}

/** The headers that single calls may have too. All others are dropped, above all `Authorization`. */
function toAllowedHeaders(
  values: ReadonlyMap<string, string>,
  listed: readonly string[] = [],
): Record<string, string> {
  const headers = toForwardedHeaders((name) => values.get(name), listed);
  if (headers === undefined)
    throw invalidBatch('a header is too long or has a character that is not allowed');
  return headers;
}

/** The part's `Content-Type`. As in Graph, a body without a type is JSON. */
function bodyTypeOf(body: JsonValue | undefined, declared: string | undefined): string | undefined {
  if (body === undefined) return declared;
  if (declared === undefined && body.kind === 'string')
    throw invalidBatch('a body in base64 needs its Content-Type in "headers"');
  const contentType = declared ?? 'application/json';
  requireBody(body, contentType);
  return contentType;
}

/** The body of a JSON type must be an object, and that of every other type base64. */
function requireBody(body: JsonValue, contentType: string): void {
  if (readMediaType(contentType) === undefined)
    throw invalidBatch('the Content-Type in "headers" is not a media type');
  if (isJsonType(contentType)) {
    const isObject = body.kind === 'object' || (body.kind === 'unopened' && body.text.startsWith('{'));
    if (!isObject) throw invalidBatch('the body of a JSON type is not an object');
    return;
  }
  const text = stringOf(body);
  if (text === undefined || !/^(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)={0,2}$/.test(text)) {
    throw invalidBatch('the body of this type is not base64');
  }
}

function requireFields(
  { rule: { bodyFields } }: AllowedCall,
  body: JsonValue | undefined,
  contentType: string | undefined,
): void {
  if (body === undefined || bodyFields === undefined) return;
  requireUtf8Type(contentType);
  requireListedFields(bodyFields, body.kind === 'object' ? [...body.members.keys()] : undefined);
}
