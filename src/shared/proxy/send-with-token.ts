import { BffError } from '../errors.ts';
import type { CallNeed, CallTokens, TokensForCall } from '../interaction/call-token.ts';
import type { Borrower, HttpRequest, HttpResponse, SendHttp } from '../network/http-request.ts';
import { isRead } from '../policy/methods.ts';
import { type Caller, sessionOf } from '../session/caller.ts';
import type { SessionLocator } from '../session/locator.ts';
import type { Log } from '../telemetry/log.ts';
import { userKeyOf } from './call-limits.ts';
import { type ClaimsChallenge, readClaimsChallenge } from './claims-challenge.ts';
import { correlationOf, createWarnIfUncorrelated, type RequestIdCheck } from './correlation.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { noResponseOf, sendToApi } from './send.ts';
import type { UpstreamAttempt } from './upstream-breaker.ts';

/** An API that is called with users' access tokens. */
export interface Api {
  /** The only origin to which tokens for this API are sent. */
  readonly origin: string;
  readonly requestIdCheck: RequestIdCheck;
  /** Whether a write whose token was refused may be sent again, because the API checks the token before it acts. */
  readonly repeatsRefusedWrites: boolean;
}

export interface SendDependencies {
  readonly tokensForCall: TokensForCall;
  readonly sendHttp: SendHttp;
  /** Shared by all APIs of a worker. */
  readonly memoryBudget: MemoryBudget;
  /** Time limit for one request to the API, until the last byte of its response. */
  readonly timeoutMs: number;
  /** Maximum size of a response's body. */
  readonly bodyLimitBytes: number;
  readonly monotonicMs: () => number;
}

/** A call that may be sent as soon as there is a token for it. */
export interface AuthorizedCall {
  readonly caller: Caller;
  /** Without the access token. */
  readonly request: Pick<HttpRequest, 'method' | 'path' | 'headers' | 'body'>;
  readonly need: CallNeed;
  /** From the breaker of the API. Its outcomes are recorded here. The caller disposes of it. */
  readonly attempt: UpstreamAttempt;
  /** When the call began, in monotonic time. The session, the guard and the request body may have taken time since. */
  readonly startedMs: number;
}

/** A request and its response. */
export interface Exchange {
  readonly request: AuthorizedCall['request'];
  readonly response: HttpResponse;
  /** The access tokens that the API has received. */
  readonly sentTokens: readonly string[];
}

/**
 * Sends a call with the user's access token. If the API responds with a claims challenge, the call is sent once more with a
 * new token.
 * @param findChallenge returns what the API demands, if it refused the call. Default: by status and headers.
 * @throws {BffError} all codes of a failed call
 */
export type SendWithToken = (
  call: AuthorizedCall,
  log: Log,
  findChallenge?: (response: HttpResponse) => ClaimsChallenge | undefined,
) => Promise<Exchange>;

/** Azure ends every invocation after 230 seconds. The last 10 seconds are for returning the response. */
const MAX_CALL_MS = 220_000;
/**
 * The longest time to acquire a token: waiting for the holder of a lease (9 s), redeeming (8 s) and several table
 * operations (4 s each).
 */
const MAX_TOKEN_MS = 45_000;
/** Timers may fire this much earlier than the elapsed time shows. */
const TIMER_MS = 50;

export function createSendWithToken(api: Api, dependencies: SendDependencies): SendWithToken {
  const { tokensForCall, memoryBudget, monotonicMs } = dependencies;
  const warnIfUncorrelated = createWarnIfUncorrelated(monotonicMs);

  return async (call, log, findChallenge = findChallengeInHeaders) => {
    const { caller, request, need, attempt, startedMs } = call;
    const endMs = startedMs + MAX_CALL_MS;
    const correlation = correlationOf(request.headers, api.requestIdCheck);
    using memory = memoryBudget.open(userKeyOf(caller), api.origin);
    const tokens = tokensForCall(sessionOf(caller), need, log);
    const send = async (accessToken: string): Promise<HttpResponse> => {
      const leftMs = endMs - monotonicMs();
      if (leftMs <= 0)
        throw new BffError('upstream_timeout', { detail: 'No time is left for the call. Nothing was sent.' });
      const complete: HttpRequest = {
        ...request,
        origin: api.origin,
        // Added last, so that no header of the caller can replace or remove it.
        headers: { ...request.headers, authorization: `Bearer ${accessToken}` },
        deadlineMs: Math.min(dependencies.timeoutMs, leftMs),
        maxResponseBytes: dependencies.bodyLimitBytes,
        reserveBytes: memory.acquire,
        borrower: borrowerOf(caller),
        ...(correlation === undefined ? {} : { correlation }),
      };
      const sentMs = monotonicMs();
      const response = await sendToApi(dependencies.sendHttp, complete, attempt, monotonicMs, log).catch(
        (error: unknown) => {
          const failure = noResponseOf(error, {
            isAtDeadline: monotonicMs() - sentMs >= complete.deadlineMs - TIMER_MS,
            hadWholeTime: complete.deadlineMs === dependencies.timeoutMs,
          });
          if (failure !== undefined) attempt.recordNoResponse(failure);
          throw error;
        },
      );
      attempt.recordResponse(response);
      warnIfUncorrelated(response, correlation, log);
      return response;
    };

    const accessToken = await tokens.token();
    const response = await send(accessToken);
    const challenge = findChallenge(response);
    if (challenge === undefined) return { request, response, sentTokens: [accessToken] };
    if (challenge.kind === 'unreadable') throw unreadableChallenge(tokens, log);
    const { claims } = challenge;
    // The API may have acted before it checked the token, so only the user may repeat a write.
    if (!isRead(request.method) && !api.repeatsRefusedWrites) throw tokens.refusedProblem(claims);
    if (endMs - monotonicMs() < MAX_TOKEN_MS)
      throw new BffError('upstream_timeout', { detail: 'No time is left to acquire the demanded token.' });
    log('info', { event: 'access-reevaluated' });
    // If calls kept the memory of this response while they acquire memory for the next, they could block each other.
    memory.release();
    const renewedToken = await tokens.token({ claims, refusedToken: accessToken });
    const renewed = await send(renewedToken);
    const further = findChallenge(renewed);
    // A call is repeated once and never in a loop.
    if (further?.kind === 'unreadable') throw unreadableChallenge(tokens, log);
    if (further !== undefined) throw tokens.refusedProblem(further.claims);
    return { request, response: renewed, sentTokens: [accessToken, renewedToken] };
  };
}

/** The user can sign in without the claims, and the API may then accept the new token. */
function unreadableChallenge(tokens: CallTokens, log: Log): Error {
  log('warn', { event: 'claims-challenge-unreadable' });
  return tokens.refusedProblem(undefined);
}

/** What a response with status 401 demands in its `WWW-Authenticate` header. */
export function findChallengeInHeaders({ status, headers }: HttpResponse): ClaimsChallenge | undefined {
  return status === 401 ? readClaimsChallenge(headers['www-authenticate']) : undefined;
}

/** The same object for all calls of a cached session, because it is compared with the borrower of each idle connection. */
const borrowers = new WeakMap<SessionLocator, Borrower>();

/** Calls of one session share connections without a delay. {@link Borrower} has the rules for other sessions. */
function borrowerOf(caller: Caller): Borrower {
  const { locator } = sessionOf(caller);
  const known = borrowers.get(locator);
  if (known !== undefined) return known;
  const { userHash, rowId } = locator;
  const name = `${userHash.toString('base64url')} ${rowId.toString('base64url')}`;
  const borrower: Borrower = { kind: 'session', name };
  borrowers.set(locator, borrower);
  return borrower;
}
