import type { Client } from '@microsoft/microsoft-graph-client';
import { BffError } from '../errors.ts';
import type { CallNeed, TokensForCall } from '../interaction/call-token.ts';
import type { SendHttp } from '../network/http-request.ts';
import type { CountCall } from '../proxy/counted-call.ts';
import type { BodyRoom } from '../proxy/memory-budget.ts';
import { createWatchEcho, type EchoesRequestId } from '../proxy/request-id-echo.ts';
import { noConnection } from '../proxy/send.ts';
import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import { AuthenticationHandler } from './authentication-handler.ts';
import { CountedRequests } from './counted-requests.ts';
import { HiddenFailures } from './hidden-failures.ts';
import { SendHandler } from './send-handler.ts';

/** Calls that we compose ourselves, through Microsoft's client, with the signed-in person's own access token. */
export interface GraphClient {
  /**
   * Runs `work` with a client that calls Graph as this person. What Graph answers with an error status is the library's
   * `GraphError` inside of `work`; one that `work` does not catch becomes a problem.
   * @throws {BffError} interaction_required, session_required, consent_declined, admin_consent_required,
   * rate_limited, upstream_unreachable, upstream_timeout, upstream_answer_refused, and those of acquiring a token
   */
  use<Result>(
    session: Session,
    need: Pick<CallNeed, 'feature' | 'scopes'>,
    log: Log,
    work: (client: Client) => Promise<Result>,
  ): Promise<Result>;
}

export interface GraphClientNeeds {
  readonly origin: string;
  readonly echoesRequestId: EchoesRequestId;
  readonly timeoutMs: number;
  readonly countCall: CountCall;
  readonly bodyLimitBytes: number;
  /** Shared with all answers that pass through the proxy. */
  readonly bodyRoom: BodyRoom;
  readonly tokensForCall: TokensForCall;
  readonly sendHttp: SendHttp;
  readonly monotonicMs: () => number;
}

export function createGraphClient(needs: GraphClientNeeds): GraphClient {
  const { origin, countCall, tokensForCall } = needs;
  const watchEcho = createWatchEcho(needs.monotonicMs);
  return {
    async use(session, need, log, work) {
      const tokens = tokensForCall(session, { ...need, alternatives: [] }, log);
      const accessToken = await tokens.token();
      const { Client } = await import('@microsoft/microsoft-graph-client');
      const { feature } = need;
      const failures = new HiddenFailures();
      const authentication = new AuthenticationHandler({
        origin,
        accessToken,
        tokens,
        feature,
        failures,
        log,
      });
      authentication.setNext(new SendHandler({ ...needs, session, watchEcho, log }));
      const counted = new CountedRequests(session, countCall, authentication, failures);
      const client = Client.initWithMiddleware({
        baseUrl: origin,
        defaultVersion: 'v1.0',
        middleware: counted,
      });
      try {
        return await work(client);
      } catch (error) {
        // A failure that `work` has caught is not the one that it failed with.
        throw failures.behind(error) ?? toProblem(error);
      }
    },
  };
}

/** The status that Graph answered with, of an error that Microsoft's client threw; undefined for any other error. */
export function graphStatusOf(error: unknown): number | undefined {
  // By its members: a bundle may hold the library twice, and then `instanceof` fails.
  const status: unknown = error instanceof Error ? Reflect.get(error, 'statusCode') : undefined;
  return typeof status === 'number' && status >= 100 ? status : undefined;
}

/** The failures of {@link SendHandler} other than `rate_limited`. */
const sendFailures = ['upstream_unreachable', 'upstream_timeout', 'upstream_answer_refused'] as const;

function isOneOf<Value>(values: readonly Value[], value: unknown): value is Value {
  return values.some((one) => one === value);
}

/**
 * What a composed call's failure means to the browser. The library wraps what is thrown below it and keeps its name as
 * `code`, the status as `statusCode` (measured). Anything that is not of the library is left as it is.
 */
function toProblem(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'Error') return error;
  const status: unknown = Reflect.get(error, 'statusCode');
  if (typeof status !== 'number') return error;
  const code: unknown = Reflect.get(error, 'code');
  // Only errors without a Graph status. Graph's own errors also have codes and messages, which the user must not see.
  if (status < 100 && code === 'rate_limited') return noConnection(error);
  if (status < 100 && isOneOf(sendFailures, code)) {
    return new BffError(code, { detail: error.message, cause: error });
  }
  if (status < 400) {
    return new BffError('upstream_unreachable', {
      detail: 'Microsoft Graph did not answer as it should.',
      cause: error,
    });
  }
  return new BffError('upstream_answer_refused', {
    detail: `Microsoft Graph answered with status ${status}.`,
    cause: error,
  });
}
