import { chooseScopes, type ScopeNeed } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import type { CallNeed } from '../interaction/call-token.ts';
import { isMissingScopes } from '../interaction/consent-backoff.ts';
import type { Interaction } from '../interaction/interaction.ts';
import type { HttpResponse } from '../network/http-request.ts';
import { readMediaType } from '../policy/media-type.ts';
import { requireAllowedHeaders } from '../policy/request-headers.ts';
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
import { type BatchPart, MAX_BATCH_BYTES, readBatch, withBatchId, writeBatch } from './batch-request.ts';
import { findChallengeInAll, readBatchResponse, toBatchResponse } from './batch-response.ts';
import type { Links } from './links.ts';
import type { PageLinks } from './page-links.ts';

export interface BatchDependencies extends ForwardDependencies {
  readonly links: Links;
  readonly pageLinks: Pick<PageLinks, 'match'>;
  readonly interaction: Pick<Interaction, 'requireNoActiveDenial' | 'required'>;
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
 * Forwards a batch. Each of its parts is checked as if it were sent alone, and one access token serves all of them.
 * @throws {BffError} all codes of a refused or failed call; `batch_id` identifies the part that was refused
 */
export async function forwardBatch(
  caller: Caller,
  request: ApiRequest,
  version: string,
  log: Log,
  dependencies: BatchDependencies,
): Promise<ApiResponse> {
  const { callLimits, pageLinks, extendSession, sendWithToken } = dependencies;
  requireBatch(request);
  const headers = toRequestHeaders((name) => headerOfBatch(request, name), request.id);
  const limitBytes = Math.min(dependencies.bodyLimitBytes, MAX_BATCH_BYTES);
  using permit = callLimits.acquire(caller, declaredLength(request, limitBytes) ?? 0);
  const body = (await readRequestBody(request, limitBytes)) ?? new Uint8Array();
  const parts = readBatch(body, version, (call) => pageLinks.match(caller.user, call));
  permit.countAs(parts.length);
  const authorized = await authorizeParts(caller, parts, log, dependencies);
  // After the last check, because a refused batch does not extend the session.
  const current = await extendSession(authorized, log);
  const need = needOf(current, parts);
  const exchange = await sendWithToken(
    {
      caller: current,
      request: { method: 'POST', path: `${version}/$batch`, headers, body: writeBatch(parts) },
      need,
      startedMs: request.startedMs,
    },
    log,
    (response) => findBatchChallenge(response, parts),
  );
  const response = toResponse(exchange, current, parts, log, dependencies);
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

async function authorizeParts(
  caller: Caller,
  parts: readonly BatchPart[],
  log: Log,
  dependencies: AuthorizeDependencies,
): Promise<Caller> {
  let authorized = caller;
  for (const { id, call } of parts) {
    try {
      authorized = await authorizeCall(authorized, call.rule, log, dependencies);
    } catch (error) {
      throw withBatchId(id, error);
    }
  }
  return authorized;
}

/**
 * One token serves all parts. If the scopes that each part would use alone are granted, the token needs only those.
 * Otherwise it needs all scopes that the rules ask for. A missing consent is requested, and a declined one recorded, for
 * the first feature that lacks it.
 */
function needOf(caller: Caller, parts: readonly BatchPart[]): CallNeed {
  const session = sessionOf(caller);
  const chosen = ({ call }: BatchPart) => chooseScopes(call.rule, session.facts.grantedScopes);
  const withoutConsent = parts.find((part) => isMissingScopes(session, chosen(part)));
  const need: ScopeNeed = {
    scopes: union(parts.map(({ call }) => call.rule.scopes)),
    alternatives: [union(parts.map(chosen))],
  };
  return { ...need, feature: (withoutConsent ?? parts[0])?.call.rule.feature ?? '' };
}

const union = (lists: readonly (readonly string[])[]) => [...new Set(lists.flat())];

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
  caller: Caller,
  parts: readonly BatchPart[],
  log: Log,
  { links, interaction, now }: BatchDependencies,
): ApiResponse {
  const responses = readBatchResponse(exchange.response, parts);
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
  return toBatchResponse(exchange, responses, { caller, parts, links, challengeProblem, log, now: now() });
}
