import { BffError } from '../errors.ts';
import { type HttpAnswer, HttpFailure, type HttpRequest, type SendHttp } from '../network/http-request.ts';

/**
 * One request to an upstream, its failures as problems.
 * @throws {BffError} upstream_unreachable, upstream_timeout, upstream_answer_refused
 */
export async function sendUpstream(sendHttp: SendHttp, request: HttpRequest): Promise<HttpAnswer> {
  try {
    return await sendHttp(request);
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    const written =
      request.method === 'GET' || request.method === 'HEAD' ? '' : ' Whether it took effect is not known.';
    switch (error.kind) {
      case 'timeout':
        throw new BffError('upstream_timeout', {
          detail: `No whole answer in time.${written}`,
          cause: error,
        });
      case 'unreachable':
        throw new BffError('upstream_unreachable', { detail: `No answer came.${written}`, cause: error });
      case 'broken':
        throw new BffError('upstream_answer_refused', {
          detail: `The answer broke off.${written}`,
          cause: error,
        });
      case 'too-large':
        throw new BffError('upstream_answer_refused', {
          detail: 'The answer is larger than may pass.',
          cause: error,
        });
    }
  }
}
