import { BffError } from '../errors.ts';
import { parseRetryAfterSeconds } from '../network/retry-after.ts';
import { type GraphClient, graphStatusOf } from './graph-client.ts';

/**
 * A client whose refusals by Graph become problems that say what to do, for calls that act on other people. What else fails
 * stays as it is.
 * @throws {BffError} beside those of `graph`: request_invalid, directory_role_required, not_found, rate_limited
 */
export function withClearRefusals(graph: GraphClient, now: () => Date): GraphClient {
  return {
    use: (session, need, log, work) =>
      graph.use(session, need, log, async (client) => {
        try {
          return await work(client);
        } catch (error) {
          throw toRefusal(error, now()) ?? error;
        }
      }),
  };
}

function toRefusal(error: unknown, now: Date): BffError | undefined {
  switch (graphStatusOf(error)) {
    case 400:
      return new BffError('request_invalid', {
        detail: 'Microsoft Graph does not understand what was asked for.',
        cause: error,
      });
    case 403:
      return new BffError('directory_role_required', {
        detail: 'Microsoft Graph refused it. The app itself has the permission.',
        cause: error,
      });
    case 404:
      return new BffError('not_found', { detail: 'Microsoft Graph does not know it.', cause: error });
    case 429:
      return new BffError('rate_limited', {
        detail: 'Microsoft Graph asks to wait a moment.',
        cause: error,
        retryAfterSeconds: retryAfterOf(error, now) ?? DEFAULT_RETRY_AFTER_SECONDS,
      });
    default:
      return undefined;
  }
}

const DEFAULT_RETRY_AFTER_SECONDS = 10;

function retryAfterOf(error: unknown, now: Date): number | undefined {
  const headers: unknown = error instanceof Error ? Reflect.get(error, 'headers') : undefined;
  return headers instanceof Headers
    ? parseRetryAfterSeconds(headers.get('retry-after') ?? undefined, now)
    : undefined;
}
