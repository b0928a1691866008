import { Buffer } from 'node:buffer';
import { BffError, problemHeader, toGraphError, toProblemDocument } from '../errors.ts';
import { type ApiResponse, toApiResponse, toRetryAfterSeconds } from '../proxy/api-response.ts';
import { toBrowserHeaders } from '../proxy/headers.ts';
import type { Exchange } from '../proxy/send-with-token.ts';
import type { Caller } from '../session/caller.ts';
import type { Log } from '../telemetry/log.ts';
import { recordProblem } from '../telemetry/record-problem.ts';
import type { AnsweredPart, BatchItem, BatchPart } from './batch-item.ts';
import { createLinkBudget, type LinkBudget } from './link-budget.ts';
import type { Links } from './links.ts';
import {
  FAILED_DEPENDENCY,
  findPartChallenge,
  type PartResponse,
  withLowerCaseNames,
} from './read-batch-response.ts';

export interface BatchResponseOptions {
  readonly caller: Caller;
  /** The invocation that answers the batch. */
  readonly invocationId: string;
  /** All requests of the batch. The responses are in the same order. */
  readonly items: readonly BatchItem[];
  readonly links: Links;
  /** The problem of a part that Graph refused with a claims challenge, although it may have acted on other parts. */
  readonly challengeProblem: (part: BatchPart, claims: string | undefined) => BffError;
  readonly log: Log;
  readonly now: Date;
}

/** The response to one part, as it is written: Graph's, or the problem that this service returns in its place. */
type PartAnswer = { readonly kind: 'graph'; readonly text: string } | OwnAnswer;

interface OwnAnswer {
  readonly kind: 'own';
  /** Undefined if the part depends on one that was not sent. */
  readonly problem: BffError | undefined;
}

/**
 * The response to a batch. Its status is 200, as in Graph, even if parts failed. The parts are in the order of the requests.
 * @throws {BffError} upstream_answer_refused
 */
export function toBatchResponse(
  exchange: Exchange,
  responses: readonly PartResponse[],
  options: BatchResponseOptions,
): ApiResponse {
  const { invocationId, items, log, now } = options;
  const linkBudget = createLinkBudget();
  const byId = new Map(responses.map((response) => [response.id, response]));
  const answers = items.map((item, position): readonly [id: string, PartAnswer] => {
    if (item.kind === 'answered') return [item.id, { kind: 'own', problem: item.problem }];
    const response = byId.get(item.id);
    const answer =
      response === undefined ? own(missingResponse()) : toPartAnswer(response, item, options, linkBudget);
    if (answer.kind === 'own' && answer.problem !== undefined) recordProblem(answer.problem, log, position);
    return [item.id, answer];
  });
  return write(answers, invocationId, toApiResponse(exchange, now).headers);
}

/** The response to a batch of which nothing is sent. */
export function toUnsentBatchResponse(items: readonly AnsweredPart[], invocationId: string): ApiResponse {
  return write(
    items.map(({ id, problem }) => [id, { kind: 'own', problem }]),
    invocationId,
    {},
  );
}

/**
 * Names the parts that this service answered, by their positions in `responses`, from 0. A part is body, so an API could
 * write any mark into it. A header with this name cannot come from an API, because response headers pass by allow-list.
 */
const ANSWERED_PARTS = 'bff-answered-parts';

function write(
  answers: readonly (readonly [id: string, PartAnswer])[],
  invocationId: string,
  headers: ApiResponse['headers'],
): ApiResponse {
  const texts = answers.map(([id, answer]) =>
    answer.kind === 'graph' ? answer.text : writeOwn(id, answer.problem, invocationId),
  );
  const own = answers.flatMap(([, { kind }], position) => (kind === 'own' ? [position] : []));
  return {
    status: 200,
    headers: {
      ...headers,
      'content-type': 'application/json',
      ...(own.length === 0 ? {} : { [ANSWERED_PARTS]: own.join(',') }),
    },
    body: Buffer.from(`{"responses":[${texts.join(',')}]}`, 'latin1'),
  };
}

function toPartAnswer(
  response: PartResponse,
  part: BatchPart,
  options: BatchResponseOptions,
  linkBudget: LinkBudget,
): PartAnswer {
  const { id, status } = response;
  const { links, log, now } = options;
  const { call } = part;
  const challenge = findPartChallenge(response);
  if (challenge !== undefined) {
    const claims = challenge.kind === 'claims' ? challenge.claims : undefined;
    return own(options.challengeProblem(part, claims));
  }
  const [name, location] = [...response.headers].find(([key]) => key.toLowerCase() === 'location') ?? [];
  const context = { user: options.caller.user, call };
  const newLocation = location === undefined ? undefined : links.editLocation(status, location, context, log);
  const isRedirect = status >= 300 && status < 400 && status !== 304;
  if (status < 200 || status > 599 || (isRedirect && newLocation === undefined)) {
    return own(refusal('The response to this part is a redirect, or has a status that cannot be passed on.'));
  }
  const headers = toPartHeaders(response, now);
  if (name !== undefined && newLocation !== undefined) headers[name] = newLocation;
  // The body of a redirect repeats its target.
  if (response.body === undefined || isRedirect) return fromGraph(writePart(id, status, headers, undefined));
  const body = links.editJson(response.body, context, log, status, linkBudget);
  if (body === undefined) {
    return own(refusal('The links in this part cannot be read, or are too many.'));
  }
  // No header of Graph with a name of this service passes.
  return fromGraph(writePart(id, status, { ...headers, ...body.headers }, body.text));
}

const fromGraph = (text: string): PartAnswer => ({ kind: 'graph', text });

const own = (problem: BffError): OwnAnswer => ({ kind: 'own', problem });

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

const refusal = (detail: string) => new BffError('upstream_answer_refused', { detail });

const missingResponse = () =>
  refusal('Graph did not return a response to this part. It may have taken effect.');

/** The type is not `application/problem+json`, because Graph's client reads no other type than JSON here (measured). */
function writeOwn(id: string, problem: BffError | undefined, invocationId: string): string {
  if (problem === undefined)
    return writePart(id, FAILED_DEPENDENCY, jsonType, JSON.stringify(failedDependency));
  const document = {
    ...toProblemDocument(problem),
    instance: `urn:uuid:${invocationId}`,
    error: toGraphError(problem, invocationId),
  };
  const { status, retryAfterSeconds } = problem;
  const headers = {
    ...jsonType,
    [problemHeader]: problem.code,
    ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
  };
  return writePart(id, status, headers, Buffer.from(JSON.stringify(document)).toString('latin1'));
}

const jsonType = { 'Content-Type': 'application/json' };

/** In Graph's form. It is no problem of its own: the request that failed has one. */
const failedDependency = {
  error: {
    code: 'failedDependency',
    message: 'A request on which this request depends was not sent, so this request was not sent either.',
  },
};

/** @param body one byte per character */
function writePart(
  id: string,
  status: number,
  headers: Record<string, string>,
  body: string | undefined,
): string {
  const text = `{"id":${JSON.stringify(id)},"status":${status},"headers":${JSON.stringify(headers)}`;
  return body === undefined ? `${text}}` : `${text},"body":${body}}`;
}
