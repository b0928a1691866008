import { BffError } from '../errors.ts';
import { readMediaType } from '../proxy/media-type.ts';
import { createTokenSearch } from '../proxy/token-search.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';

/**
 * Graph's answer to a composed call, if it does not hold a token that was sent for it: pages and functions show what it
 * says. Only what Microsoft's client reads as a whole is looked at; a file may be a stream, of which nothing is kept.
 * @throws {BffError} upstream_answer_refused
 */
export async function withoutSentToken(
  response: Response,
  sentTokens: readonly string[],
  feature: string,
  log: Log,
): Promise<Response> {
  const type = readMediaType(response.headers.get('content-type') ?? '') ?? 'text/plain';
  if (response.body === null || !/^text\/|[/+]json$/.test(type)) return response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (createTokenSearch(sentTokens)(bytes)) {
    audit(log, { event: 'token-returned', feature, place: 'body' });
    throw new BffError('upstream_answer_refused', {
      detail: 'The answer repeats the access token of the call.',
    });
  }
  const { status, statusText, headers } = response;
  return new Response(bytes, { status, statusText, headers });
}
