import { BffError } from '../errors.ts';
import type { HttpAnswer } from '../network/http-request.ts';
import { toBrowserHeaders } from './headers.ts';

/** What goes back to the browser: headers by allow-list, the body as it came. */
export interface ProxyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * What the browser gets of an upstream's answer.
 * @throws {BffError} upstream_answer_refused
 */
export function toProxyAnswer({ status, headers, body }: HttpAnswer): ProxyAnswer {
  const refuse = (detail: string) => new BffError('upstream_answer_refused', { detail });
  if (status < 200 || status > 599) throw refuse('The answer has a status that cannot be passed on.');
  // A redirect is not followed with the token, and its target is not the browser's to see (PX-11).
  if (status >= 300 && status < 400 && status !== 304) throw refuse('The answer is a redirect.');
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw refuse('The answer is compressed although that was not asked for.');
  const passed = toBrowserHeaders(headers);
  const empty = status === 204 || status === 205 || status === 304 || body.byteLength === 0;
  // Graph's own JavaScript client fails on an empty answer that claims to be JSON (measured with sendMail).
  if (empty) delete passed['content-type'];
  return { status, headers: passed, body: empty ? new Uint8Array() : body };
}
