import { Buffer } from 'node:buffer';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import type { ApiResponse } from './api-response.ts';
import { upstreamProblem } from './send.ts';
import type { Exchange } from './send-with-token.ts';
import { createTokenSearch } from './token-search.ts';

/**
 * Refuses a response that contains an access token of its call. An API that shows the request, for example on an error page,
 * would otherwise give the token to the browser's scripts.
 * @param response as the browser gets it, because this service may have edited the body
 * @throws {BffError} upstream_answer_refused
 */
export function requireTokenNotEchoed(
  response: Pick<ApiResponse, 'headers' | 'body'>,
  { request, sentTokens }: Pick<Exchange, 'request' | 'sentTokens'>,
  feature: string,
  log: Log,
): void {
  const holdsToken = createTokenSearch(sentTokens);
  const headerBytes = Buffer.from(Object.values(response.headers).join('\n'), 'latin1');
  const place = holdsToken(headerBytes) ? 'headers' : holdsToken(response.body) ? 'body' : undefined;
  if (place === undefined) return;
  audit(log, { event: 'token-returned', feature, place });
  throw upstreamProblem(
    request,
    'upstream_answer_refused',
    'The response repeats the access token of the call.',
  );
}
