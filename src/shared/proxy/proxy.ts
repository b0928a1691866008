import { BffError } from '../errors.ts';
import type { Session } from '../session/session-store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Forward } from './forward.ts';
import { readUpstreamPath } from './path-grammar.ts';
import type { Policy } from './policy.ts';
import { readUpstreamQuery } from './query-grammar.ts';
import { readRequestBody } from './request-body.ts';
import type { ProxyAnswer } from './upstream-answer.ts';

/** A call as the browser made it. */
export interface ProxyCall {
  readonly method: string;
  /** Path after our prefix, as in the URL. */
  readonly path: string;
  /** The same path as the host's router saw it. */
  readonly routeParameter: string;
  /** Without the question mark. */
  readonly query: string;
  header(name: string): string | undefined;
  body(): Promise<Uint8Array>;
}

/** Forwards what the policy allows to one upstream origin, with the signed-in user's access token. */
export interface UpstreamProxy {
  /** @throws {BffError} with every problem code that a refused or failed call has */
  call(session: Session, call: ProxyCall, log: Log): Promise<ProxyAnswer>;
}

export interface ProxyNeeds {
  readonly policy: Policy;
  readonly bodyLimitBytes: number;
  readonly forward: Forward;
}

export function createProxy({ policy, bodyLimitBytes, forward }: ProxyNeeds): UpstreamProxy {
  return {
    async call(session, call, log) {
      const { path, feature, scopes } = allowedCall(policy, call);
      const body = await readRequestBody(call, bodyLimitBytes);
      const { method, query, header } = call;
      const target = query === '' ? path : `${path}?${query}`;
      return forward(session, { method, target, header, body, feature, scopes }, log);
    },
  };
}

function allowedCall(policy: Policy, call: ProxyCall) {
  const reading = readUpstreamPath(call.path, call.routeParameter);
  if (reading.kind === 'refused')
    throw new BffError('request_invalid', { detail: `Refused: ${reading.reason}.` });
  const query = readUpstreamQuery(call.query);
  if (query.kind === 'refused')
    throw new BffError('request_invalid', { detail: `Refused: ${query.reason}.` });
  const match = policy.match(call.method, reading.path);
  if (match.kind === 'refused') {
    throw new BffError('path_not_allowed', {
      detail:
        match.reason === 'method' ? 'No rule allows this method on this path.' : 'No rule names this path.',
    });
  }
  if (!query.names.every((name) => match.queryOptions.has(name))) {
    throw new BffError('path_not_allowed', {
      detail: 'The rule for this path does not allow one of the query options.',
    });
  }
  return { path: reading.path.raw, feature: match.feature, scopes: match.scopes };
}
