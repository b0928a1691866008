import { Buffer } from 'node:buffer';
import { BffError, toGraphError, toProblemDocument } from '../errors.ts';
import type { HttpAnswer } from '../network/http-request.ts';
import { type ProxyAnswer, toRetryAfterSeconds } from '../proxy/answer.ts';
import { readClaimsChallenge } from '../proxy/claims-challenge.ts';
import type { PassAnswer } from '../proxy/forward.ts';
import { toBrowserHeaders } from '../proxy/headers.ts';
import { BYTE_ORDER_MARK, type JsonValue, parseJson } from '../proxy/json-text.ts';
import type { Log } from '../telemetry/log.ts';
import type { BatchPart } from './batch-request.ts';
import type { AnsweredCall, Links } from './links.ts';

/** The answer to one part, as Graph sent it. */
export interface PartAnswer {
  readonly id: string;
  readonly status: number;
  /** Names as they came, in any letter case. */
  readonly headers: ReadonlyMap<string, string>;
  /** JSON, or undefined where there is none. */
  readonly body: string | undefined;
}

/** The body, its list, an answer, its headers. */
const OPENED_LEVELS = 4;

/**
 * The answers in a batch's answer; undefined when it is something else. Ids are compared as Graph does, without letter
 * case, and are returned as the caller wrote them.
 */
export function readBatchAnswer(
  answer: HttpAnswer,
  parts: readonly Pick<BatchPart, 'id' | 'sentId'>[],
): readonly PartAnswer[] | undefined {
  // Byte for byte: what is not opened goes on as it came, whatever its encoding.
  const text = answer.body.toString('latin1');
  const json = text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text;
  const root = parseJson(json, { openedLevels: OPENED_LEVELS, uniqueNames: 'opened' });
  const list = root?.kind === 'object' ? root.members.get('responses') : undefined;
  if (list?.kind !== 'array') return undefined;
  const waiting = new Map(parts.map(({ id, sentId }) => [sentId.toLowerCase(), id]));
  const answers: PartAnswer[] = [];
  for (const item of list.items) {
    const read = item.kind === 'object' ? readPartAnswer(item.members) : undefined;
    const id = read && waiting.get(read.id.toLowerCase());
    if (read === undefined || id === undefined) return undefined;
    waiting.delete(read.id.toLowerCase());
    answers.push({ ...read, id });
  }
  return answers;
}

function readPartAnswer(members: ReadonlyMap<string, JsonValue>): PartAnswer | undefined {
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

/** The claims that Graph wants, when it refused every part that it came to: then nothing of the batch was done. */
export function challengeInAll(answers: readonly PartAnswer[], partCount: number): string | undefined {
  const wanted = answers.map(challengeInPart);
  const nothingDone =
    answers.length === partCount &&
    answers.every(({ status }, at) => wanted[at] !== undefined || status === FAILED_DEPENDENCY);
  return nothingDone ? wanted.find((claims) => claims !== undefined) : undefined;
}

/** RFC 4918, 11.4: what it depends on has failed. */
const FAILED_DEPENDENCY = 424;

function challengeInPart({ status, headers }: PartAnswer): string | undefined {
  return status === 401 ? readClaimsChallenge(lowerCased(headers)['www-authenticate']) : undefined;
}

export interface BatchAnswerNeeds {
  readonly parts: readonly BatchPart[];
  readonly links: Links;
  readonly callOf: (part: BatchPart) => AnsweredCall;
  /** The problem for a part that Graph refused with these claims, while others were done. */
  readonly refusedPart: (part: BatchPart, claims: string) => BffError;
  readonly pass: PassAnswer;
  readonly log: Log;
  readonly now: Date;
}

/** The batch's answer as the browser gets it: 200, whatever came of its parts, as from Graph. */
export function toBatchAnswer(
  answer: HttpAnswer,
  answers: readonly PartAnswer[],
  needs: BatchAnswerNeeds,
): ProxyAnswer {
  const unanswered = new Map(needs.parts.map((part) => [part.id, part]));
  const texts = answers.map((partAnswer) => {
    const part = unanswered.get(partAnswer.id);
    unanswered.delete(partAnswer.id);
    return part === undefined ? [] : [writePart(partAnswer, part, needs)];
  });
  const missing = [...unanswered.keys()].map((id) =>
    writeProblem(id, refusal('There is no answer to this part. Whether it took effect is not known.')),
  );
  return {
    status: 200,
    headers: { ...needs.pass(answer).headers, 'content-type': 'application/json' },
    body: Buffer.from(`{"responses":[${[...texts.flat(), ...missing].join(',')}]}`, 'latin1'),
  };
}

function writePart(answer: PartAnswer, part: BatchPart, needs: BatchAnswerNeeds): string {
  const { id, status } = answer;
  const { links, refusedPart, log, now } = needs;
  const claims = challengeInPart(answer);
  if (claims !== undefined) return writeProblem(id, refusedPart(part, claims));
  const call = needs.callOf(part);
  const [name, location] = [...answer.headers].find(([key]) => key.toLowerCase() === 'location') ?? [];
  const passed = location === undefined ? undefined : links.inLocation(status, location, call);
  const isRedirect = status >= 300 && status < 400 && status !== 304;
  if (status < 200 || status > 599 || (isRedirect && passed === undefined)) {
    return writeProblem(
      id,
      refusal('The answer to this part is a redirect, or has a status that cannot pass.'),
    );
  }
  const headers = passedHeaders(answer, now);
  if (name !== undefined && passed !== undefined) headers[name] = passed;
  // What a redirect says beside its address repeats it.
  const body =
    answer.body === undefined || isRedirect ? undefined : links.inJson(answer.body, call, log, status);
  if (answer.body !== undefined && !isRedirect && body === undefined) {
    return writeProblem(id, refusal('The links in this part cannot be read, or are too many.'));
  }
  return write(id, status, headers, body);
}

/** By the allow-list of a call that comes alone, spelt as Graph has spelt them: its libraries look for `Content-Type`. */
function passedHeaders({ status, headers }: PartAnswer, now: Date): Record<string, string> {
  const passed = toBrowserHeaders(lowerCased(headers));
  const kept = [...headers].filter(([name, value]) => {
    const lowerCase = name.toLowerCase();
    return lowerCase !== 'retry-after' && passed[lowerCase] === value;
  });
  const retryAfterSeconds = toRetryAfterSeconds(status, passed['retry-after'], now);
  return {
    ...Object.fromEntries(kept),
    ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
  };
}

const lowerCased = (headers: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries([...headers].map(([name, value]) => [name.toLowerCase(), value]));

const refusal = (detail: string) => new BffError('upstream_answer_refused', { detail });

/** `application/json`, not `problem+json`: Graph's client reads nothing else of a part (measured). */
function writeProblem(id: string, error: BffError): string {
  const document = { ...toProblemDocument(error), error: toGraphError(error) };
  const body = Buffer.from(JSON.stringify(document)).toString('latin1');
  return write(id, error.status, { 'Content-Type': 'application/json' }, body);
}

/** @param body in bytes, one a character */
function write(
  id: string,
  status: number,
  headers: Record<string, string>,
  body: string | undefined,
): string {
  const text = `{"id":${JSON.stringify(id)},"status":${status},"headers":${JSON.stringify(headers)}`;
  return body === undefined ? `${text}}` : `${text},"body":${body}}`;
}
