import { Buffer } from 'node:buffer';
import { BffError } from '../errors.ts';
import { createTokenSearch } from '../proxy/token-search.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';

/**
 * Returns Graph's answer to a composed call, if it does not hold a token that was sent for it. Pages and functions show
 * what the answer says. All of it is in memory, whatever its type, even if the library makes a stream of it.
 * @throws {BffError} upstream_answer_refused
 */
export async function withoutSentToken(
  response: Response,
  sentTokens: readonly string[],
  feature: string,
  log: Log,
): Promise<Response> {
  const { status, statusText, headers } = response;
  const holdsToken = createTokenSearch(sentTokens);
  const refuseIn = (place: 'headers' | 'body'): never => {
    audit(log, { event: 'token-returned', feature, place });
    throw new BffError('upstream_answer_refused', {
      detail: 'The answer repeats the access token of the call.',
    });
  };
  if (holdsToken(Buffer.from([...headers.values()].join('\n'), 'latin1'))) refuseIn('headers');
  if (response.body === null) return response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (holdsToken(bytes)) refuseIn('body');
  return new Response(bytes, { status, statusText, headers });
}
