import { chooseScopes } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import type { Interaction } from '../interaction/interaction.ts';
import type { RequestPermissions } from '../interaction/missing-permissions.ts';
import type { RateLimits } from '../limits/rate-limits.ts';
import type { HttpResponse } from '../network/http-request.ts';
import { readMediaType } from '../policy/media-type.ts';
import { requireAllowedHeaders } from '../policy/request-headers.ts';
import type { PolicyRule } from '../policy/rule.ts';
import { type ApiResponse, toApiResponse } from '../proxy/api-response.ts';
import { type AuthorizeDependencies, authorizeCall } from '../proxy/authorize-call.ts';
import type { ClaimsChallenge } from '../proxy/claims-challenge.ts';
import type { ApiRequest, ForwardDependencies } from '../proxy/forward.ts';
import { toRequestHeaders } from '../proxy/headers.ts';
import { declaredLength, readRequestBody } from '../proxy/request-body.ts';
import { requireTokenNotEchoed } from '../proxy/returned-token.ts';
import { type Exchange, findChallengeInHeaders } from '../proxy/send-with-token.ts';
import { type Caller, sessionOf } from '../session/caller.ts';
import type { Log } from '../telemetry/log.ts';
import { recordProblem } from '../telemetry/record-problem.ts';
import { type BatchAttempt, createBatchAttempt } from './batch-attempt.ts';
import { answeredOf, answerParts, type BatchItem, type BatchPart, partsOf } from './batch-item.ts';
import { hasPermittedPart, needOf, permitParts } from './batch-permissions.ts';
import { MAX_BATCH_BYTES, readBatch, writeBatch } from './batch-request.ts';
import { toBatchResponse, toUnsentBatchResponse } from './batch-response.ts';
import type { Links } from './links.ts';
import type { PageLinks } from './page-links.ts';
import { findChallengeInAll, readBatchResponse } from './read-batch-response.ts';

export interface BatchDependencies extends ForwardDependencies {
  readonly links: Links;
  readonly pageLinks: Pick<PageLinks, 'match'>;
  readonly interaction: Pick<Interaction, 'requireNoActiveDenial' | 'required'>;
  readonly requestPermissions: RequestPermissions;
  readonly rateLimits: Pick<RateLimits, 'countForSession'>;
  readonly now: () => Date;
}

/** The version by the path of a batch. Some libraries omit the version. The URLs in their batches are relative to v1.0. */
const versions: ReadonlyMap<string, string> = new Map([
  ['/v1.0/$batch', '/v1.0'],
  ['/beta/$batch', '/beta'],
  ['/$batch', '/v1.0'],
]);

/** `/v1.0` or `/beta`. Undefined if the path is not the one of a batch. */
export const batchVersionOf = (path: string): string | undefined => versions.get(path);

/**
 * Forwards a batch. Each of its requests is checked as if it were sent alone. This service answers those that may not be
 * made, and those that depend on them. One access token serves the others.
 * @throws {BffError} all codes of a refused or failed call, if they concern the batch as a whole
 */
export async function forwardBatch(
  caller: Caller,
  request: ApiRequest,
  version: string,
  log: Log,
  dependencies: BatchDependencies,
): Promise<ApiResponse> {
  const {
    callLimits,
    rateLimits,
    upstreamBreaker,
    pageLinks,
    extendSession,
    sendWithToken,
    requestPermissions,
  } = dependencies;
  requireBatch(request);
  const headers = toRequestHeaders((name) => headerOfBatch(request, name), request.id);
  const limitBytes = Math.min(dependencies.bodyLimitBytes, MAX_BATCH_BYTES);
  using permit = callLimits.acquire(caller, declaredLength(request, limitBytes) ?? 0);
  const body = (await readRequestBody(request, limitBytes)) ?? new Uint8Array();
  const read = readBatch(body, version, (call) => pageLinks.match(caller.user, call));
  permit.countAs(read.length);
  // The endpoint has counted the batch as one call.
  rateLimits.countForSession('proxy', sessionOf(caller).facts.sessionChainId, read.length - 1);
  const authorized = await authorizeParts(caller, read, log, dependencies);
  recordAnswered(authorized.items, log);
  using attempt = createBatchAttempt(authorized.caller, upstreamBreaker);
  const started = await answerParts(authorized.items, attempt.startPart);
  recordAnswered(started, log, authorized.items);
  // A batch of which nothing is sent does not extend the session, as a refused call does not. If it is certain that a part
  // is sent, the session is extended first: a refused request for permissions writes the row, and this version is then old.
  const isSent = hasPermittedPart(authorized.caller, started);
  const current = isSent ? await extendSession(authorized.caller, log) : authorized.caller;
  const permitted = await permitParts(current, started, log, requestPermissions);
  const { items } = permitted;
  recordAnswered(items, log, started);
  const [firstPart, ...furtherParts] = partsOf(items);
  if (firstPart === undefined) return toUnsentBatchResponse(answeredOf(items), request.id);
  const sender = isSent ? permitted.caller : await extendSession(permitted.caller, log);
  const parts = [firstPart, ...furtherParts] as const;
  const need = needOf(sessionOf(sender), parts);
  const exchange = await sendWithToken(
    {
      caller: sender,
      request: { method: 'POST', path: `${version}/$batch`, headers, body: writeBatch(parts) },
      need,
      attempt,
      startedMs: request.startedMs,
    },
    log,
    (response) => findBatchChallenge(response, parts),
  );
  const response = toResponse(exchange, request.id, sender, items, log, { ...dependencies, attempt });
  requireTokenNotEchoed(response, exchange, need.feature, log);
  return response;
}

/** @throws {BffError} request_invalid, path_not_allowed, content_type_not_allowed */
function requireBatch({ method, path, routeParameter, query, header }: ApiRequest): void {
  if (`/${routeParameter}` !== path || query !== '') {
    throw new BffError('request_invalid', {
      detail: 'Refused: a batch must have exactly the path of a batch, without a query.',
    });
  }
  if (method !== 'POST') {
    throw new BffError('path_not_allowed', { rules: ['method'], detail: 'A batch is sent with POST.' });
  }
  if (readMediaType(header('content-type') ?? '') !== 'application/json') {
    throw new BffError('content_type_not_allowed', {
      rules: ['content-type'],
      detail: 'A batch must be of type application/json.',
    });
  }
  // A header that changes a call belongs in one of the parts. Among the batch's own headers, it would be dropped.
  requireAllowedHeaders(method, header, { headers: [], preferences: [], maxPageSize: 0 });
}

/** The headers of the batch itself. All others belong to its parts. */
const batchHeaders = new Set(['client-request-id', 'sdkversion', 'accept-language']);

function headerOfBatch({ header }: ApiRequest, name: string): string | undefined {
  if (name === 'content-type' || name === 'accept') return 'application/json';
  return batchHeaders.has(name) ? header(name) : undefined;
}

/** Answers the parts that the user may not make. Each rule is checked once. */
async function authorizeParts(
  caller: Caller,
  items: readonly BatchItem[],
  log: Log,
  dependencies: AuthorizeDependencies,
): Promise<{ readonly caller: Caller; readonly items: readonly BatchItem[] }> {
  let authorized = caller;
  const problems = new Map<PolicyRule, BffError | undefined>();
  const findProblem = async (rule: PolicyRule) => {
    try {
      authorized = await authorizeCall(authorized, rule, log, dependencies);
    } catch (error) {
      // Without a session, no part can be sent.
      if (!(error instanceof BffError) || error.is('session_required')) throw error;
      return error;
    }
    return undefined;
  };
  const answered = await answerParts(items, async ({ call: { rule } }) => {
    if (!problems.has(rule)) problems.set(rule, await findProblem(rule));
    return problems.get(rule);
  });
  return { caller: authorized, items: answered };
}

/** @param recorded an earlier state, whose answered parts are recorded already */
function recordAnswered(items: readonly BatchItem[], log: Log, recorded: readonly BatchItem[] = []): void {
  for (const [position, item] of items.entries()) {
    if (item.kind !== 'answered' || item.problem === undefined) continue;
    if (recorded[position]?.kind !== 'answered') recordProblem(item.problem, log, position);
  }
}

function findBatchChallenge(
  response: HttpResponse,
  parts: readonly BatchPart[],
): ClaimsChallenge | undefined {
  if (response.status !== 200) return findChallengeInHeaders(response);
  if (!response.body.includes('insufficient_claims')) return undefined;
  return findChallengeInAll(readBatchResponse(response, parts) ?? [], parts.length);
}

function toResponse(
  exchange: Exchange,
  invocationId: string,
  caller: Caller,
  items: readonly BatchItem[],
  log: Log,
  { links, interaction, now, attempt }: BatchDependencies & { readonly attempt: BatchAttempt },
): ApiResponse {
  const parts = partsOf(items);
  const responses = readBatchResponse(exchange.response, parts);
  attempt.recordParts(responses ?? [], parts);
  if (responses === undefined && exchange.response.status >= 400) return toApiResponse(exchange, now());
  if (responses === undefined) {
    throw new BffError('upstream_answer_refused', {
      detail: 'Graph did not return a batch response. The requests may have taken effect.',
    });
  }
  // A single call would be repeated with a new token. This batch cannot be repeated, because its other parts may
  // have taken effect.
  const challengeProblem = ({ call: { rule } }: BatchPart, claims: string | undefined) => {
    const session = sessionOf(caller);
    const scopes = chooseScopes(rule, session.facts.grantedScopes);
    const { feature } = rule;
    return interaction.required(session, {
      reason: 'continuous_access_evaluation',
      feature,
      scopes,
      ...(claims === undefined ? {} : { claims }),
    });
  };
  return toBatchResponse(exchange, responses, {
    invocationId,
    caller,
    items,
    links,
    challengeProblem,
    log,
    now: now(),
  });
}
