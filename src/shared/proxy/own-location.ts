import type { Policy } from '../policy/policy.ts';

export interface OwnLocationOptions {
  readonly policy: Policy;
  /** The API's origin. */
  readonly origin: string;
  /** Replaces the API's origin: `https://app.example/api/orders`. */
  readonly ownPrefix: string;
}

/** As for every header that passes. */
const MAX_LOCATION_LENGTH = 2048;

/**
 * A `Location` of a custom API as the browser gets it. It must begin with exactly the API's origin or be a path, and the
 * policy must allow a GET of it. The call is compared with the policy again when the browser follows it.
 * @returns undefined if the browser may not follow it
 */
export function toOwnLocation(
  location: string,
  { policy, origin, ownPrefix }: OwnLocationOptions,
): string | undefined {
  const target = location.startsWith(`${origin}/`) ? location.slice(origin.length) : location;
  if (!target.startsWith('/') || target.length > MAX_LOCATION_LENGTH) return undefined;
  const questionMark = target.indexOf('?');
  const path = questionMark === -1 ? target : target.slice(0, questionMark);
  const query = questionMark === -1 ? '' : target.slice(questionMark + 1);
  const match = policy.match({ method: 'GET', path, query });
  if (match.kind === 'refused') return undefined;
  const { call } = match;
  return `${ownPrefix}${call.path}${call.query === '' ? '' : `?${call.query}`}`;
}
