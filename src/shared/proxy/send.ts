import { maxHeaderSize } from 'node:http';
import { BffError } from '../errors.ts';
import { HttpFailure, type HttpRequest, type HttpResponse, type SendHttp } from '../network/http-request.ts';
import { isRead } from '../policy/methods.ts';
import type { Log } from '../telemetry/log.ts';
import { clientRequestId } from './correlation.ts';
import type { NoResponse, UpstreamAttempt } from './upstream-breaker.ts';

type UpstreamProblemCode = 'upstream_unreachable' | 'upstream_timeout' | 'upstream_answer_refused';

/** The problem of a request that was sent but has no response that can be passed on. */
export function upstreamProblem(
  { method, headers }: Pick<HttpRequest, 'method' | 'headers'>,
  code: UpstreamProblemCode,
  detail: string,
  cause?: unknown,
): BffError {
  return new BffError(code, {
    detail: isRead(method) ? detail : `${detail} The call may have taken effect.`,
    cause,
    ...clientRequestIdOf(headers),
  });
}

function clientRequestIdOf(headers: HttpRequest['headers']): { clientRequestId?: string } {
  const id = headers[clientRequestId];
  return id === undefined ? {} : { clientRequestId: id };
}

/**
 * Sends one request to an API. A read is sent once more, over a new connection, if its connection fails before a byte has
 * come back, because a kept-alive connection may end just when it is used again. A read whose response may belong to
 * another call is also sent once more. No other call is repeated: the API may have received a write, and the caller decides
 * whether to repeat a throttled call. A probe is sent once.
 * @throws {BffError} upstream_unreachable, upstream_timeout, upstream_answer_refused, rate_limited
 */
export async function sendToApi(
  sendHttp: SendHttp,
  request: HttpRequest,
  { isProbe }: Pick<UpstreamAttempt, 'isProbe'>,
  monotonicMs: () => number,
  log: Log,
): Promise<HttpResponse> {
  const endMs = monotonicMs() + request.deadlineMs;
  try {
    try {
      return await sendHttp(request);
    } catch (error) {
      const mayRepeat =
        error instanceof HttpFailure &&
        (error.kind === 'mismatched' || (error.kind === 'unreachable' && error.noBytesReceived));
      const leftMs = endMs - monotonicMs();
      if (!mayRepeat || isProbe || !isRead(request.method) || leftMs <= 0) throw error;
      log('info', { event: 'upstream-called-again' });
      return await sendHttp({ ...request, deadlineMs: leftMs, isOnNewConnection: true });
    }
  } catch (error) {
    throw error instanceof HttpFailure ? toProblem(error, request) : error;
  }
}

export interface SpentTime {
  /** Whether the time of the whole request is over, and not only that of one phase. */
  readonly isAtDeadline: boolean;
  /** False if the call had spent a part of its time before it was sent. */
  readonly hadWholeTime: boolean;
}

/**
 * How the API failed to respond. Undefined for errors that do not show whether the API works. At the deadline, these include
 * a response that had begun, because it may have waited for this worker's memory.
 */
export function noResponseOf(
  error: unknown,
  { isAtDeadline, hadWholeTime }: SpentTime,
): NoResponse | undefined {
  const cause: unknown = error instanceof BffError ? error.cause : error;
  if (!(cause instanceof HttpFailure)) return undefined;
  if (cause.kind === 'unreachable') return cause.kind;
  if (cause.kind !== 'timeout') return undefined;
  return isAtDeadline && !(hadWholeTime && cause.noBytesReceived) ? undefined : cause.kind;
}

function toProblem(failure: HttpFailure, request: HttpRequest): BffError {
  const problem = (code: UpstreamProblemCode, detail: string) =>
    upstreamProblem(request, code, detail, failure);
  switch (failure.kind) {
    case 'timeout':
      return problem('upstream_timeout', 'No complete response arrived in time.');
    case 'unreachable':
      return problem('upstream_unreachable', 'No response arrived.');
    case 'broken':
      return problem('upstream_answer_refused', 'The response ended early.');
    case 'mismatched':
      return problem('upstream_answer_refused', 'The response may belong to another call.');
    case 'too-large':
      return problem('upstream_answer_refused', 'The response is larger than the limit.');
    case 'headers-too-large':
      return problem(
        'upstream_answer_refused',
        `The headers of the response are larger than ${maxHeaderSize / 1024} KiB. A claims challenge in WWW-Authenticate may be the cause.`,
      );
    case 'unsendable':
      return new BffError('upstream_unreachable', {
        detail: 'A value in the call cannot be sent. Nothing was sent.',
        cause: failure,
        ...clientRequestIdOf(request.headers),
      });
    case 'no-connection':
      return new BffError('rate_limited', {
        rules: ['calls-of-worker'],
        detail: 'No connection to the API became free. The call had no effect.',
        cause: failure,
        retryAfterSeconds: 1,
      });
  }
}
