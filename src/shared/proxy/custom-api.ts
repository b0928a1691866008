import { requireAllowed } from '../policy/match.ts';
import type { Policy } from '../policy/policy.ts';
import type { Caller } from '../session/caller.ts';
import type { Log } from '../telemetry/log.ts';
import { type ApiResponse, toApiResponse } from './api-response.ts';
import type { RequestIdCheck } from './correlation.ts';
import { type ApiRequest, createForward, type ForwardDependencies, toRequestedCall } from './forward.ts';
import { toOwnLocation } from './own-location.ts';
import { requireTokenNotEchoed } from './returned-token.ts';
import { createSendWithToken, type SendDependencies } from './send-with-token.ts';
import { createUpstreamBreaker } from './upstream-breaker.ts';

/** One API that is called through a path of this service. */
export interface ApiProxy {
  /** @throws {BffError} all codes of a refused or failed call */
  call(caller: Caller, request: ApiRequest, log: Log): Promise<ApiResponse>;
}

export interface CustomApiOptions {
  readonly name: string;
  readonly origin: string;
  readonly requestIdCheck: RequestIdCheck;
  readonly policy: Policy;
  /** The address of this API at this service: `https://app.example/api/orders`. */
  readonly ownPrefix: string;
}

export interface CustomApiDependencies
  extends SendDependencies,
    Omit<ForwardDependencies, 'sendWithToken' | 'upstreamBreaker'> {
  readonly now: () => Date;
}

/** Forwards calls to one custom API, if its policy allows them. */
export function createCustomApi(
  { name, origin, requestIdCheck, policy, ownPrefix }: CustomApiOptions,
  dependencies: CustomApiDependencies,
): ApiProxy {
  const { repeatsRefusedWrites } = policy;
  const sendWithToken = createSendWithToken({ origin, requestIdCheck, repeatsRefusedWrites }, dependencies);
  const upstreamBreaker = createUpstreamBreaker({ upstream: name, ...dependencies });
  const forward = createForward({ ...dependencies, sendWithToken, upstreamBreaker }, 'refuse');
  return {
    async call(caller, request, log) {
      const call = requireAllowed(policy.match(toRequestedCall(request)));
      const exchange = await forward(caller, request, call, log);
      const answer = toApiResponse(exchange, dependencies.now());
      const { location = '' } = exchange.response.headers;
      const ownLocation = toOwnLocation(location, { policy, origin, ownPrefix });
      const headers = { ...answer.headers, ...(ownLocation === undefined ? {} : { location: ownLocation }) };
      const response = { ...answer, headers };
      requireTokenNotEchoed(response, exchange, call.rule.feature, log);
      return response;
    },
  };
}
