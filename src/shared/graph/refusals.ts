import { BffError } from '../errors.ts';
import { type GraphClient, graphRetryAfterOf, graphStatusOf } from './client.ts';

/**
 * A client that explains refusals of Graph, for calls that act on other users. All other errors stay as they are.
 * @throws {BffError} besides those of `graph`: request_invalid, directory_role_required, not_found, rate_limited
 */
export function withExplainedRefusals(graph: GraphClient): GraphClient {
  return {
    get: explained(graph.get),
    find: explained(graph.find),
    findContent: explained(graph.findContent),
    post: explained(graph.post),
    patch: explained(graph.patch),
    put: explained(graph.put),
    delete: explained(graph.delete),
  };
}

function explained<Arguments extends unknown[], Result>(
  call: (...args: Arguments) => Promise<Result>,
): (...args: Arguments) => Promise<Result> {
  return async (...args) => {
    try {
      return await call(...args);
    } catch (error) {
      throw explain(error);
    }
  };
}

function explain(error: unknown): unknown {
  const cause = error;
  switch (graphStatusOf(error)) {
    case 400:
      return new BffError('request_invalid', {
        detail: 'Microsoft Graph rejected the request as invalid.',
        cause,
      });
    case 403:
      return new BffError('directory_role_required', {
        detail: 'Microsoft Graph refused the call, although the app has the permission.',
        cause,
      });
    case 404:
      return new BffError('not_found', { detail: 'Microsoft Graph did not find the resource.', cause });
    case 429:
      return new BffError('rate_limited', {
        detail: 'Microsoft Graph is throttling this app. Wait a moment.',
        cause,
        retryAfterSeconds: graphRetryAfterOf(error) ?? DEFAULT_RETRY_AFTER_SECONDS,
      });
    default:
      return error;
  }
}

const DEFAULT_RETRY_AFTER_SECONDS = 10;
