import { BffError } from '../errors.ts';
import {
  type Borrower,
  type HttpAnswer,
  HttpFailure,
  type HttpRequest,
  type SendHttp,
} from '../network/http-request.ts';
import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import { clientRequestId } from './headers.ts';

/** The part of a sent request that its failure is told by. */
export type SentRequest = Pick<HttpRequest, 'method' | 'headers'>;

/** Calls of one session share connections without a delay. Other sessions get them by the rules of {@link Borrower}. */
export function borrowerOf({ address: { userHash, rowId } }: Pick<Session, 'address'>): Borrower {
  return { kind: 'session', name: `${userHash.toString('base64url')} ${rowId.toString('base64url')}` };
}

type UpstreamProblemCode = 'upstream_unreachable' | 'upstream_timeout' | 'upstream_answer_refused';

/** A sent request without an answer that could be passed on, as a problem. */
export function upstreamProblem(
  { method, headers }: SentRequest,
  code: UpstreamProblemCode,
  detail: string,
  cause?: unknown,
): BffError {
  const id = headers[clientRequestId];
  return new BffError(code, {
    detail: isRead(method) ? detail : `${detail} Whether it took effect is not known.`,
    cause,
    ...(id === undefined ? {} : { clientRequestId: id }),
  });
}

/** Safe methods: sent twice they change nothing (RFC 9110, 9.2.1). */
export const isRead = (method: string) => method === 'GET' || method === 'HEAD';

/**
 * One request to an upstream, its failures as problems. A read whose connection fails before a byte has come back is sent
 * once more, over a new connection. A kept-alive connection may end just when it is used again, and the bytes that came
 * over it may be the answer to another call. No other call is ever repeated. The upstream may have received a write,
 * and the caller decides whether to repeat a throttled call.
 * @throws {BffError} upstream_unreachable, upstream_timeout, upstream_answer_refused, rate_limited
 */
export async function sendUpstream(
  sendHttp: SendHttp,
  request: HttpRequest,
  monotonicMs: () => number,
  log: Log,
): Promise<HttpAnswer> {
  const endMs = monotonicMs() + request.deadlineMs;
  try {
    try {
      return await sendHttp(request);
    } catch (error) {
      const mayRepeat =
        error instanceof HttpFailure &&
        (error.kind === 'mismatched' || (error.kind === 'unreachable' && error.noBytesReceived));
      const leftMs = endMs - monotonicMs();
      if (!mayRepeat || !isRead(request.method) || leftMs <= 0) throw error;
      log('info', { event: 'upstream-called-again' });
      return await sendHttp({ ...request, deadlineMs: leftMs, isOnNewConnection: true });
    }
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    switch (error.kind) {
      case 'timeout':
        throw upstreamProblem(request, 'upstream_timeout', 'No whole answer in time.', error);
      case 'unreachable':
        throw upstreamProblem(request, 'upstream_unreachable', 'No answer came.', error);
      case 'broken':
        throw upstreamProblem(request, 'upstream_answer_refused', 'The answer broke off.', error);
      case 'mismatched':
        throw upstreamProblem(
          request,
          'upstream_answer_refused',
          'The answer belongs to another call.',
          error,
        );
      case 'too-large':
        throw upstreamProblem(
          request,
          'upstream_answer_refused',
          'The answer is larger than may pass.',
          error,
        );
      case 'unsendable':
        // The text for a read does not say that the call may have taken effect, and this call has taken none.
        throw upstreamProblem(
          { ...request, method: 'GET' },
          'upstream_unreachable',
          'A value in the call cannot be sent. Nothing was sent.',
          error,
        );
      case 'no-connection':
        throw noConnection(error);
    }
  }
}

/** A write had no effect: it was not sent, or the upstream refused its token. */
export function noConnection(cause: Error): BffError {
  return new BffError('rate_limited', {
    rules: ['calls-of-worker'],
    detail: 'No connection to the service behind this one became free. Nothing of the call was done.',
    cause,
    retryAfterSeconds: 1,
  });
}
