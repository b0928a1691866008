import { BffError } from '../errors.ts';
import type { CallNeed, TokensForCall } from '../interaction/call-token.ts';
import type { HttpAnswer, SendHttp } from '../network/http-request.ts';
import type { Session } from '../session/session-store.ts';
import type { Log } from '../telemetry/log.ts';
import type { BodyReservation, BodyRoom } from './body-room.ts';
import type { CallLimits } from './call-limits.ts';
import { readClaimsChallenge } from './claims-challenge.ts';
import { echoOf, toUpstreamHeaders } from './headers.ts';
import { withoutSentToken } from './returned-token.ts';
import { isRead, sendUpstream } from './send-upstream.ts';
import { type ProxyAnswer, toProxyAnswer } from './upstream-answer.ts';

/** A call that has been allowed already: nothing here asks whether it may be made. */
export interface UpstreamCall extends CallNeed {
  /** Tells this call from all others. The upstream is told it when the caller has no name for the call. */
  readonly id: string;
  readonly method: string;
  /** Path and query as they go out, byte for byte, beginning with `/`. */
  readonly target: string;
  /** A request header of the caller, by its lower-case name. Only those of the allow-list are asked for. */
  readonly header: (name: string) => string | undefined;
  /** Further request headers that its rule lets pass. */
  readonly namedHeaders?: readonly string[];
  readonly body: Uint8Array | undefined;
  /** How many calls it is to the upstream, which counts the parts of a batch one by one; 1 when left out. */
  readonly weight?: number;
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
  /** The upstream refuses a token before it does anything of a call: a write may then be sent again. */
  readonly repeatsRefusedWrites: boolean;
  /** Of an answer. */
  readonly bodyLimitBytes: number;
  /** Of one request to the upstream, the last byte of its answer included. */
  readonly timeoutMs: number;
  /** Shared by all upstreams of a worker, as is the room. */
  readonly limits: CallLimits;
  readonly bodyRoom: BodyRoom;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly sendHttp: SendHttp;
  readonly tokensForCall: TokensForCall;
}

/**
 * The platform ends every call after 230 seconds, whatever becomes of it then. Reading the session and handing over the
 * answer have the rest.
 */
const CALL_MS = 220_000;
/** The most that a token may take: waiting for a worker that died with its lease (27 s), redeeming (8 s) and writing (4 s). */
const TOKEN_MS = 45_000;

export function createForward(needs: ForwardNeeds): Forward {
  const { origin, bodyLimitBytes, timeoutMs, limits, bodyRoom, now, monotonicMs } = needs;
  const { sendHttp, tokensForCall } = needs;

  return async (session, call, log) => {
    const person = session.address.userHash.toString('base64url');
    const entry = limits.enter(person, call.body?.byteLength ?? 0, call.weight);
    if (entry.kind === 'refused') throw rateLimited(entry.limit);
    const reservation = bodyRoom.open(person, origin);
    try {
      return await forward(session, call, log, reservation);
    } finally {
      reservation.release();
      entry.leave();
    }
  };

  async function forward(
    session: Session,
    call: UpstreamCall,
    log: Log,
    reservation: BodyReservation,
  ): Promise<ProxyAnswer> {
    const endMs = monotonicMs() + CALL_MS;
    const { method, target, body, reading, feature } = call;
    const tokens = tokensForCall(session, call, log);
    const headers = toUpstreamHeaders(call.header, call.id, call.namedHeaders);
    if (headers === undefined)
      throw new BffError('request_invalid', { detail: 'A header has a value it must not.' });
    const echo = echoOf(headers);
    const send = (accessToken: string): Promise<HttpAnswer> =>
      sendUpstream(
        sendHttp,
        {
          method,
          origin,
          path: target,
          // Added last: nothing that the caller sent can take its place or take it away (PX-7, PX-8).
          headers: { ...headers, authorization: `Bearer ${accessToken}` },
          ...(body === undefined ? {} : { body }),
          deadlineMs: Math.min(timeoutMs, endMs - monotonicMs()),
          maxResponseBytes: bodyLimitBytes,
          reserveBytes: reservation.take,
          ...(echo === undefined ? {} : { echo }),
        },
        monotonicMs,
        log,
      );
    const pass: PassAnswer = (answer) => toProxyAnswer(answer, { method, headers }, now());
    const toAnswer = (answer: HttpAnswer, sentTokens: readonly string[]): ProxyAnswer =>
      withoutSentToken(reading.toAnswer(answer, pass), sentTokens, { method, headers, feature }, log);

    const accessToken = await tokens.token();
    const answer = await send(accessToken);
    const claims = reading.challengeIn(answer);
    if (claims === undefined) return toAnswer(answer, [accessToken]);
    // Whether this API did something before it looked at the token nobody knows: the user decides (PX-18).
    if (!isRead(method) && !needs.repeatsRefusedWrites) throw tokens.stillRefused(claims);
    if (endMs - monotonicMs() < TOKEN_MS)
      throw new BffError('upstream_timeout', { detail: 'No time is left for the token that was asked for.' });
    // Refused before anything was done, or a read; once, never in a loop (PX-15).
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

function rateLimited(limit: 'person' | 'worker'): BffError {
  const whose = limit === 'person' ? 'of this person' : 'on this worker';
  return new BffError('rate_limited', {
    rules: [limit === 'person' ? 'calls-of-person' : 'calls-of-worker'],
    detail: `Too many calls, or too large ones, ${whose} are under way. Try again when some of them are done.`,
    retryAfterSeconds: 1,
  });
}

/** By status and headers alone. */
export const plainReading: AnswerReading = {
  challengeIn({ status, headers }) {
    return status === 401 ? readClaimsChallenge(headers['www-authenticate']) : undefined;
  },
  toAnswer: (answer, pass) => pass(answer),
};
