import { Buffer } from 'node:buffer';
import { BffError, toGraphError, toProblemDocument } from '../errors.ts';
import type { HttpResponse } from '../network/http-request.ts';
import { BYTE_ORDER_MARK } from '../policy/json-scanner.ts';
import { type JsonValue, parseJson } from '../policy/json-text.ts';
import { type ApiResponse, toApiResponse, toRetryAfterSeconds } from '../proxy/api-response.ts';
import { type ClaimsChallenge, readClaimsChallenge } from '../proxy/claims-challenge.ts';
import { toBrowserHeaders } from '../proxy/headers.ts';
import type { Exchange } from '../proxy/send-with-token.ts';
import type { Caller } from '../session/caller.ts';
import type { Log } from '../telemetry/log.ts';
import type { BatchPart } from './batch-request.ts';
import type { Links } from './links.ts';

/** The response to one part, as Graph sent it. */
export interface PartResponse {
  readonly id: string;
  readonly status: number;
  /** Names have the letter case in which Graph sent them. */
  readonly headers: ReadonlyMap<string, string>;
  /** JSON, one byte per character. */
  readonly body: string | undefined;
}

/** The response to the batch, its list, the response to one part, and the headers and body of that response. */
const OPENED_LEVELS = 4;

/**
 * The responses to the parts of a batch. Undefined if this is not the response to a batch. Ids are compared without
 * letter case, as in Graph, and are returned as the caller wrote them.
 */
export function readBatchResponse(
  { status, body }: Pick<HttpResponse, 'status' | 'body'>,
  parts: readonly Pick<BatchPart, 'id' | 'sentId'>[],
): readonly PartResponse[] | undefined {
  if (status !== 200) return undefined;
  // One byte per character, so that unopened values keep their bytes.
  const text = body.toString('latin1');
  const json = text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text;
  const root = parseJson(json, { openedLevels: OPENED_LEVELS, uniqueNames: 'opened' });
  const list = root.kind === 'object' ? root.members.get('responses') : undefined;
  if (list?.kind !== 'array') return undefined;
  const waiting = new Map(parts.map(({ id, sentId }) => [sentId.toLowerCase(), id]));
  const responses: PartResponse[] = [];
  for (const item of list.items) {
    const read = item.kind === 'object' ? readPartResponse(item.members) : undefined;
    const id = read && waiting.get(read.id.toLowerCase());
    if (read === undefined || id === undefined) return undefined;
    waiting.delete(read.id.toLowerCase());
    responses.push({ ...read, id });
  }
  return responses;
}

function readPartResponse(members: ReadonlyMap<string, JsonValue>): PartResponse | undefined {
  const id = members.get('id');
  const status = members.get('status');
  const headers = members.get('headers');
  if (id?.kind !== 'string' || status?.kind !== 'literal' || !/^[1-9]\d\d$/.test(status.text))
    return undefined;
  return {
    id: id.value,
    status: Number(status.text),
    headers: new Map(
      headers?.kind === 'object'
        ? [...headers.members].flatMap(([name, value]) =>
            value.kind === 'string' ? [[name, value.value]] : [],
          )
        : [],
    ),
    body: members.get('body')?.text,
  };
}

/**
 * What Graph demands, if Graph has acted on no part: each part was refused with a claims challenge, or depends on
 * a refused part.
 */
export function findChallengeInAll(
  responses: readonly PartResponse[],
  partCount: number,
): ClaimsChallenge | undefined {
  const challenges = responses.map(findPartChallenge);
  const isAllRefused =
    responses.length === partCount &&
    responses.every(({ status }, index) => challenges[index] !== undefined || status === FAILED_DEPENDENCY);
  return isAllRefused ? challenges.find((challenge) => challenge !== undefined) : undefined;
}

/** The part that this one depends on has failed (RFC 4918, 11.4). */
const FAILED_DEPENDENCY = 424;

function findPartChallenge({ status, headers }: PartResponse): ClaimsChallenge | undefined {
  return status === 401 ? readClaimsChallenge(withLowerCaseNames(headers)['www-authenticate']) : undefined;
}

export interface BatchResponseOptions {
  readonly caller: Caller;
  readonly parts: readonly BatchPart[];
  readonly links: Links;
  /** The problem of a part that Graph refused with a claims challenge, although it may have acted on other parts. */
  readonly challengeProblem: (part: BatchPart, claims: string | undefined) => BffError;
  readonly log: Log;
  readonly now: Date;
}

/**
 * The response to a batch. Its status is 200, as in Graph, even if parts failed.
 * @throws {BffError} upstream_answer_refused
 */
export function toBatchResponse(
  exchange: Exchange,
  responses: readonly PartResponse[],
  options: BatchResponseOptions,
): ApiResponse {
  const pending = new Map(options.parts.map((part) => [part.id, part]));
  const texts = responses.flatMap((response) => {
    const part = pending.get(response.id);
    pending.delete(response.id);
    return part === undefined ? [] : [writePart(response, part, options)];
  });
  const missing = [...pending.keys()].map((id) =>
    writeProblem(id, refusal('Graph did not return a response to this part. It may have taken effect.')),
  );
  return {
    status: 200,
    headers: { ...toApiResponse(exchange, options.now).headers, 'content-type': 'application/json' },
    body: Buffer.from(`{"responses":[${[...texts, ...missing].join(',')}]}`, 'latin1'),
  };
}

function writePart(response: PartResponse, part: BatchPart, options: BatchResponseOptions): string {
  const { id, status } = response;
  const { links, log, now } = options;
  const { call } = part;
  const challenge = findPartChallenge(response);
  if (challenge !== undefined) {
    const claims = challenge.kind === 'claims' ? challenge.claims : undefined;
    return writeProblem(id, options.challengeProblem(part, claims));
  }
  const [name, location] = [...response.headers].find(([key]) => key.toLowerCase() === 'location') ?? [];
  const newLocation = location === undefined ? undefined : links.editLocation(status, location, call);
  const isRedirect = status >= 300 && status < 400 && status !== 304;
  if (status < 200 || status > 599 || (isRedirect && newLocation === undefined)) {
    return writeProblem(
      id,
      refusal('The response to this part is a redirect, or has a status that cannot be passed on.'),
    );
  }
  const headers = toPartHeaders(response, now);
  if (name !== undefined && newLocation !== undefined) headers[name] = newLocation;
  // The body of a redirect repeats its target.
  if (response.body === undefined || isRedirect) return write(id, status, headers, undefined);
  const body = links.editJson(response.body, { user: options.caller.user, call }, log, status);
  if (body === undefined) {
    return writeProblem(id, refusal('The links in this part cannot be read, or are too many.'));
  }
  return write(id, status, headers, body);
}

/**
 * The headers of a single call's allow-list, in Graph's letter case, because Graph's libraries look for `Content-Type`.
 */
function toPartHeaders({ status, headers }: PartResponse, now: Date): Record<string, string> {
  const browserHeaders = toBrowserHeaders(withLowerCaseNames(headers));
  const passedHeaders = [...headers].filter(([name, value]) => {
    const lowerCase = name.toLowerCase();
    return lowerCase !== 'retry-after' && browserHeaders[lowerCase] === value;
  });
  const retryAfterSeconds = toRetryAfterSeconds(status, browserHeaders['retry-after'], now);
  return {
    ...Object.fromEntries(passedHeaders),
    ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
  };
}

const withLowerCaseNames = (headers: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries([...headers].map(([name, value]) => [name.toLowerCase(), value]));

const refusal = (detail: string) => new BffError('upstream_answer_refused', { detail });

/** The type is not `application/problem+json`, because Graph's client reads no other type than JSON here (measured). */
function writeProblem(id: string, error: BffError): string {
  const document = { ...toProblemDocument(error), error: toGraphError(error) };
  const body = Buffer.from(JSON.stringify(document)).toString('latin1');
  return write(id, error.status, { 'Content-Type': 'application/json' }, body);
}

/** @param body one byte per character */
function write(
  id: string,
  status: number,
  headers: Record<string, string>,
  body: string | undefined,
): string {
  const text = `{"id":${JSON.stringify(id)},"status":${status},"headers":${JSON.stringify(headers)}`;
  return body === undefined ? `${text}}` : `${text},"body":${body}}`;
}
