import { HttpFailure, type HttpResponse, type SendHttp } from '../network/http-request.ts';
import type { Finding } from './finding.ts';

const DEADLINE_MS = 1_000;
const MAX_RESPONSE_BYTES = 16 * 1024;
const PATH = '/api/health/live';

const CURE =
  'the host fails at requests with a `code` parameter, such as every sign-in: set AzureWebJobsSecretStorageType to files';

/**
 * Calls this service at its public address with a meaningless `code`. For such a request, the Functions host looks up
 * its access keys before the service sees the request. If the host's storage fails, the host returns an empty 500 or
 * nothing, and every sign-in fails in the same way. The same call without `code` shows whether the address can be
 * reached from here at all. On a cold host, the first look-up may take longer than a second, so only a second timeout
 * counts. Never rejects.
 */
export function createSelfCall(publicBaseUrl: string, sendHttp: SendHttp): () => Promise<Finding> {
  const get = (path: string) =>
    sendHttp({
      method: 'GET',
      origin: publicBaseUrl,
      path,
      headers: { accept: 'application/json' },
      borrower: { kind: 'one call' },
      deadlineMs: DEADLINE_MS,
      maxResponseBytes: MAX_RESPONSE_BYTES,
    });
  const getTwiceIfSlow = (path: string) =>
    get(path).catch((error: unknown) => {
      if (isTimeout(error)) return get(path);
      throw error;
    });
  return async () => {
    try {
      if (!isLive(await get(PATH))) return { kind: 'unknown' };
    } catch {
      return { kind: 'unknown' };
    }
    try {
      const response = await getTwiceIfSlow(`${PATH}?code=x`);
      if (isLive(response)) return { kind: 'works' };
      // A server in front of the host may refuse the call too, but not with an empty 500.
      const hostFails = response.status === 500 && response.body.length === 0;
      return hostFails ? { kind: 'degraded', cure: CURE } : { kind: 'unknown' };
    } catch (error) {
      return isTimeout(error) ? { kind: 'degraded', cure: CURE } : { kind: 'unknown' };
    }
  };
}

const isTimeout = (error: unknown) => error instanceof HttpFailure && error.kind === 'timeout';
const isLive = ({ status, body }: HttpResponse) => status === 200 && body.includes('"live"');
