import { Buffer } from 'node:buffer';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import type { ApiResponse } from './api-response.ts';
import { upstreamProblem } from './send.ts';
import type { Exchange } from './send-with-token.ts';
import { createTokenSearch } from './token-search.ts';

/**
 * Refuses a response that contains an access token that was sent for it. An API that shows the request, for example on an
 * error page, would otherwise give the token to the browser's scripts. Check the response as the browser gets it, because
 * its body may have been edited.
 * @throws {BffError} upstream_answer_refused
 */
export function requireTokenNotEchoed(
  { headers, body }: Pick<ApiResponse, 'headers' | 'body'>,
  { request, sentTokens }: Pick<Exchange, 'request' | 'sentTokens'>,
  feature: string,
  log: Log,
): void {
  const holdsToken = createTokenSearch(sentTokens);
  const headerBytes = Buffer.from(Object.values(headers).join('\n'), 'latin1');
  const place = holdsToken(headerBytes) ? 'headers' : holdsToken(body) ? 'body' : undefined;
  if (place === undefined) return;
  audit(log, { event: 'token-returned', feature, place });
  throw upstreamProblem(
    request,
    'upstream_answer_refused',
    'The response repeats the access token of the call.',
  );
}
