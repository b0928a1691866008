import type { HttpResponse } from '../network/http-request.ts';
import { BYTE_ORDER_MARK } from '../policy/json-scanner.ts';
import { type JsonValue, parseJson } from '../policy/json-text.ts';
import { type ClaimsChallenge, readClaimsChallenge } from '../proxy/claims-challenge.ts';
import type { BatchPart } from './batch-item.ts';

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
export const FAILED_DEPENDENCY = 424;

/** What Graph demands, if it refused this part. */
export function findPartChallenge({ status, headers }: PartResponse): ClaimsChallenge | undefined {
  return status === 401 ? readClaimsChallenge(withLowerCaseNames(headers)['www-authenticate']) : undefined;
}

/** The headers of a part by lower-case name. */
export const withLowerCaseNames = (headers: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries([...headers].map(([name, value]) => [name.toLowerCase(), value]));
