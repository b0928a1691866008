import type { HttpAnswer } from '../network/http-request.ts';
import { parseRetryAfterSeconds } from '../network/retry-after.ts';
import { mayBeJson, readMediaType } from '../policy/media-type.ts';
import { clientRequestId, toBrowserHeaders } from './headers.ts';
import { type SentRequest, upstreamProblem } from './send.ts';

/** What goes back to the browser: headers by allow-list, the body as it came. */
export interface ProxyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** For an upstream that wants to be left alone and does not say how long. */
const RETRY_AFTER_SECONDS = 5;

/**
 * What the browser gets of an upstream's answer.
 * @throws {BffError} upstream_answer_refused
 */
export function toProxyAnswer(
  { status, headers, body }: HttpAnswer,
  request: SentRequest,
  now: Date,
): ProxyAnswer {
  const refuse = (detail: string) => upstreamProblem(request, 'upstream_answer_refused', detail);
  if (status < 200 || status > 599) throw refuse('The answer has a status that cannot be passed on.');
  // A redirect is not followed with the token, and its target is not the browser's to see.
  if (status >= 300 && status < 400 && status !== 304) throw refuse('The answer is a redirect.');
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw refuse('The answer is compressed although that was not asked for.');
  const passed = toBrowserHeaders(headers);
  // By this type a browser tells our refusals from answers: an upstream's problem is an answer, whatever its code says.
  if (readMediaType(passed['content-type'] ?? '') === 'application/problem+json') {
    passed['content-type'] = 'application/json';
  }
  // A part of JSON cannot be checked, because a name or an address may be cut off.
  if (status === 206 && mayBeJson(passed['content-type']))
    throw refuse('The answer is only a part of a JSON document, which cannot be checked.');
  const sentId = request.headers[clientRequestId];
  if (sentId !== undefined) passed[clientRequestId] = sentId;
  const retryAfterSeconds = toRetryAfterSeconds(status, passed['retry-after'], now);
  if (retryAfterSeconds === undefined) delete passed['retry-after'];
  else passed['retry-after'] = String(retryAfterSeconds);
  const empty = status === 204 || status === 205 || status === 304 || body.byteLength === 0;
  // Graph's own JavaScript client fails on an empty answer that claims to be JSON (measured with sendMail).
  if (empty && request.method !== 'HEAD') delete passed['content-type'];
  return { status, headers: passed, body: empty ? new Uint8Array() : body };
}

/** Whole seconds: Graph writes decimals, leaves the header out, and may write a date; scripts read a number. */
export function toRetryAfterSeconds(
  status: number,
  header: string | undefined,
  now: Date,
): number | undefined {
  const seconds = parseRetryAfterSeconds(header, now);
  return status === 429 || status === 503 ? Math.max(seconds ?? RETRY_AFTER_SECONDS, 1) : seconds;
}
