import { BffError } from '../errors.ts';
import type { CallNeed, TokensForCall } from '../interaction/call-token.ts';
import type { HttpAnswer, SendHttp } from '../network/http-request.ts';
import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import { type ProxyAnswer, toProxyAnswer } from './answer.ts';
import { readClaimsChallenge } from './claims-challenge.ts';
import { correlationOf, toUpstreamHeaders } from './headers.ts';
import type { BodyReservation, BodyRoom } from './memory-budget.ts';
import { createWatchEcho, type EchoesRequestId } from './request-id-echo.ts';
import { withoutSentToken } from './returned-token.ts';
import { borrowerOf, isRead, sendUpstream } from './send.ts';

/** A call that has been allowed already: nothing here asks whether it may be made. */
export interface UpstreamCall extends CallNeed {
  /** Tells this call from all others. The upstream is told it when the caller has no name for the call. */
  readonly id: string;
  /**
   * When the invocation began, by the monotonic clock. Session, guard, admission and request body take time before this
   * call.
   */
  readonly startedMs: number;
  readonly method: string;
  /** Path and query as they go out, byte for byte, beginning with `/`. */
  readonly target: string;
  /** A request header of the caller, by its lower-case name. Only those of the allow-list are asked for. */
  readonly header: (name: string) => string | undefined;
  /** Further request headers that the call's rule lets pass. */
  readonly namedHeaders?: readonly string[];
  readonly body: Uint8Array | undefined;
  readonly reading: AnswerReading;
}

/** An answer as it comes out when nothing is special about it: status checked, headers by allow-list. */
export type PassAnswer = (answer: HttpAnswer) => ProxyAnswer;

/** How an answer is read: by {@link plainReading}, or where status and headers do not say it all, in another way. */
export interface AnswerReading {
  /** The claims with which the upstream has refused the token, where nothing of the call was done. */
  challengeIn(answer: HttpAnswer): string | undefined;
  /** @throws {BffError} upstream_answer_refused */
  toAnswer(answer: HttpAnswer, pass: PassAnswer): ProxyAnswer;
}

/**
 * Sends one allowed call to one upstream, with the access token of the session's person, and filters the answer.
 * @throws {BffError} with every problem code that a failed call has
 */
export type Forward = (session: Session, call: UpstreamCall, log: Log) => Promise<ProxyAnswer>;

export interface ForwardNeeds {
  /** The one origin that these tokens are sent to. */
  readonly origin: string;
  readonly echoesRequestId: EchoesRequestId;
  /** The upstream checks the token before it acts, so a refused write may be sent again. */
  readonly repeatsRefusedWrites: boolean;
  /** Of an answer. */
  readonly bodyLimitBytes: number;
  /** Of one request to the upstream, the last byte of its answer included. */
  readonly timeoutMs: number;
  /** Shared by all upstreams of a worker. */
  readonly bodyRoom: BodyRoom;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly sendHttp: SendHttp;
  readonly tokensForCall: TokensForCall;
}

/**
 * Longest time for a call, from the start of the invocation. The platform ends every invocation after 230 seconds. The
 * remaining seconds are for handing over the answer.
 */
const CALL_MS = 220_000;
/** The most that a token may take: waiting for a worker that died with its lease (27 s), redeeming (8 s) and writing (4 s). */
const TOKEN_MS = 45_000;

export function createForward(needs: ForwardNeeds): Forward {
  const { origin, bodyLimitBytes, timeoutMs, bodyRoom, now, monotonicMs } = needs;
  const { sendHttp, tokensForCall, echoesRequestId } = needs;
  const watchEcho = createWatchEcho(monotonicMs);

  return async (session, call, log) => {
    const reservation = bodyRoom.open(session.address.userHash.toString('base64url'), origin);
    try {
      return await forward(session, call, log, reservation);
    } finally {
      reservation.release();
    }
  };

  async function forward(
    session: Session,
    call: UpstreamCall,
    log: Log,
    reservation: BodyReservation,
  ): Promise<ProxyAnswer> {
    const endMs = call.startedMs + CALL_MS;
    const { method, target, body, reading, feature } = call;
    const tokens = tokensForCall(session, call, log);
    const headers = toUpstreamHeaders(call.header, call.id, call.namedHeaders);
    if (headers === undefined)
      throw new BffError('request_invalid', { detail: 'A header has a value it must not.' });
    const correlation = correlationOf(headers, echoesRequestId);
    const send = async (accessToken: string): Promise<HttpAnswer> => {
      const leftMs = endMs - monotonicMs();
      if (leftMs <= 0)
        throw new BffError('upstream_timeout', { detail: 'No time is left for the call. Nothing was sent.' });
      const answer = await sendUpstream(
        sendHttp,
        {
          method,
          origin,
          path: target,
          // Added last: nothing that the caller sent can take its place or take it away.
          headers: { ...headers, authorization: `Bearer ${accessToken}` },
          ...(body === undefined ? {} : { body }),
          deadlineMs: Math.min(timeoutMs, leftMs),
          maxResponseBytes: bodyLimitBytes,
          reserveBytes: reservation.take,
          borrower: borrowerOf(session),
          ...(correlation === undefined ? {} : { correlation }),
        },
        monotonicMs,
        log,
      );
      watchEcho(answer, correlation, log);
      return answer;
    };
    const pass: PassAnswer = (answer) => toProxyAnswer(answer, { method, headers }, now());
    const toAnswer = (answer: HttpAnswer, sentTokens: readonly string[]): ProxyAnswer =>
      withoutSentToken(reading.toAnswer(answer, pass), sentTokens, { method, headers, feature }, log);

    const accessToken = await tokens.token();
    const answer = await send(accessToken);
    const claims = reading.challengeIn(answer);
    if (claims === undefined) return toAnswer(answer, [accessToken]);
    // The API may have acted before it checked the token, so only the user may repeat the write.
    if (!isRead(method) && !needs.repeatsRefusedWrites) throw tokens.stillRefused(claims);
    if (endMs - monotonicMs() < TOKEN_MS)
      throw new BffError('upstream_timeout', { detail: 'No time is left for the token that was asked for.' });
    // The call is a read, or the API refused it before it acted. It is repeated once, never in a loop.
    log('info', { event: 'access-reevaluated' });
    // The refusal is read: keeping its share while asking for another's would let calls wait for each other.
    reservation.release();
    const renewedToken = await tokens.token({ claims, refusedToken: accessToken });
    const renewed = await send(renewedToken);
    const stillAsked = reading.challengeIn(renewed);
    if (stillAsked === undefined) return toAnswer(renewed, [accessToken, renewedToken]);
    throw tokens.stillRefused(stillAsked);
  }
}

/** By status and headers alone. */
export const plainReading: AnswerReading = {
  challengeIn({ status, headers }) {
    return status === 401 ? readClaimsChallenge(headers['www-authenticate']) : undefined;
  },
  toAnswer: (answer, pass) => pass(answer),
};
