import { BffError } from '../../src/shared/errors.ts';
import { createTokensForCall } from '../../src/shared/interaction/call-token.ts';
import type { SendHttp } from '../../src/shared/network/http-request.ts';
import { parseCustomApiPolicy } from '../../src/shared/policy/custom-api.ts';
import type { Policy } from '../../src/shared/policy/policy.ts';
import { createCallLimits } from '../../src/shared/proxy/call-limits.ts';
import type { CustomApiDependencies } from '../../src/shared/proxy/custom-api.ts';
import type { ApiRequest } from '../../src/shared/proxy/forward.ts';
import { createMemoryBudget } from '../../src/shared/proxy/memory-budget.ts';
import type { AcquireAccessToken } from '../../src/shared/tokens/access-token.ts';

/** Dependencies of an API that admits every user and has an access token for each. */
export function apiDependencies(
  sendHttp: SendHttp,
  now: Date,
  acquireAccessToken: AcquireAccessToken = async (session) => ({
    kind: 'token',
    accessToken: 'token',
    expiresAt: now,
    session,
  }),
): CustomApiDependencies {
  const interaction = {
    required: () =>
      new BffError('interaction_required', {
        extensions: { reason: 'sign_in_required', scopes: [], login_url: '/api/auth/login' },
      }),
    requireNoActiveDenial: () => undefined,
    openTicket: () => undefined,
  };
  return {
    authorization: { forCall: () => async (caller) => caller, wouldAllow: () => true },
    extendSession: async (caller) => caller,
    interaction,
    tokensForCall: createTokensForCall({
      acquireAccessToken,
      refusals: { remember: () => undefined },
      interaction,
    }),
    callLimits: createCallLimits(),
    memoryBudget: createMemoryBudget(),
    bodyLimitBytes: 1024,
    timeoutMs: 30_000,
    now: () => now,
    monotonicMs: () => performance.now(),
    sendHttp,
  };
}

/** The policy of an API that allows `/me` with every method. */
export function openApiPolicy(more: object = {}): Policy {
  const rule = {
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    path: '/me',
    scopes: ['Orders.Read'],
  };
  const document = { ...more, features: { one: { title: 'One', rules: [rule] } } };
  const reading = parseCustomApiPolicy(document, 'api://orders');
  if (reading.kind === 'invalid') throw new Error(reading.issues.join());
  return reading.policy;
}

/** A request for `/me`, as the browser sends it. */
export function apiRequest(
  method: string,
  { startedMs = 0, headers = {}, body }: Partial<RequestParts> = {},
): ApiRequest {
  const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
  const bytes = body ?? (hasBody ? Buffer.from('{}') : undefined);
  const sent: Readonly<Record<string, string>> = {
    ...(bytes === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(bytes.length) }),
    ...headers,
  };
  return {
    id: 'call-1',
    startedMs,
    method,
    path: '/me',
    routeParameter: 'me',
    query: '',
    embed: undefined,
    header: (name) => sent[name],
    body: async () => bytes,
  };
}

interface RequestParts {
  readonly startedMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}
