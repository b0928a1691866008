import { Buffer } from 'node:buffer';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import type { ProxyAnswer } from './answer.ts';
import { type SentRequest, upstreamProblem } from './send.ts';
import { createTokenSearch } from './token-search.ts';

/**
 * Returns the answer, if it does not hold a token that was sent for it. An API that shows the request, for example on
 * an error page, would give the token to the browser's scripts. The search covers the answer as the browser
 * would get it, not as the upstream sent it.
 * @throws {BffError} upstream_answer_refused
 */
export function withoutSentToken(
  answer: ProxyAnswer,
  sentTokens: readonly string[],
  call: SentRequest & { readonly feature: string },
  log: Log,
): ProxyAnswer {
  const holdsToken = createTokenSearch(sentTokens);
  const headers = Buffer.from(Object.values(answer.headers).join('\n'), 'latin1');
  const place = holdsToken(headers) ? 'headers' : holdsToken(answer.body) ? 'body' : undefined;
  if (place === undefined) return answer;
  audit(log, { event: 'token-returned', feature: call.feature, place });
  throw upstreamProblem(call, 'upstream_answer_refused', 'The answer repeats the access token of the call.');
}
