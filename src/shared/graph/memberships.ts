import { createHash } from 'node:crypto';
import type { FindMemberships } from '../access/authorize.ts';
import { BffError } from '../errors.ts';
import { createMemo } from '../network/memo.ts';
import { toCaller } from '../session/caller.ts';
import type { Session } from '../session/session.ts';
import type { Log } from '../telemetry/log.ts';
import type { GraphClient, GraphObject } from './client.ts';

export interface FindMembershipsDependencies {
  readonly graph: Pick<GraphClient, 'post'>;
  readonly monotonicMs: () => number;
  /** How long a result is reused: as long as Entra ID's claims about the user. */
  readonly cacheSeconds: number;
}

/** Graph's limit for one call. */
const MAX_IDS = 20;
/** How long a failure is reused, so that the next call does not ask Graph again immediately. */
const FAILURE_CACHE_MS = 5_000;

/**
 * Asks Graph which of the groups the user is a member of, because a token cannot hold all groups. This worker reuses the
 * result for a while. Calls that arrive before the response share it. `User.Read` is enough. The shipped policy requests it
 * at every sign-in.
 * @see https://learn.microsoft.com/graph/api/directoryobject-checkmemberobjects
 */
export function createFindMemberships({
  graph,
  monotonicMs,
  cacheSeconds,
}: FindMembershipsDependencies): FindMemberships {
  const memo = createMemo<Promise<readonly string[]>>(monotonicMs);

  return (session, groups, log) => {
    const key = cacheKey(session, groups);
    const cached = memo.find(key);
    if (cached !== undefined) return cached;
    const memberOf = ask(session, groups, log);
    memo.remember(key, memberOf, cacheSeconds * 1000);
    memberOf.catch((error: unknown) => {
      // A problem that the user can resolve is not reused.
      const isTransient = error instanceof BffError && (error.status === 429 || error.status >= 500);
      // This service's own limit refused the call, so Graph was not called.
      const isOwnLimit = error instanceof BffError && error.code === 'rate_limited';
      if (isTransient && !isOwnLimit) memo.remember(key, memberOf, FAILURE_CACHE_MS);
      else memo.forget(key);
    });
    return memberOf;
  };

  async function ask(session: Session, groups: readonly string[], log: Log): Promise<readonly string[]> {
    const memberOf: unknown[] = [];
    for (let at = 0; at < groups.length; at += MAX_IDS) {
      const ids = groups.slice(at, at + MAX_IDS);
      const options = { feature: 'profile', scopes: ['User.Read'], log };
      const response = await graph.post(toCaller(session), '/me/checkMemberObjects', { ids }, options);
      memberOf.push(...readIds(response));
    }
    return groups.filter((group) => memberOf.includes(group));
  }
}

/** By session, because the sign-in link of a reused problem works only in the session for which it was made. */
function cacheKey({ locator }: Session, groups: readonly string[]): string {
  const hash = createHash('sha256').update(groups.join()).digest('base64');
  return `${locator.userHash.toString('base64')} ${locator.rowId.toString('base64')} ${hash}`;
}

function readIds(response: GraphObject | undefined): readonly unknown[] {
  const ids = response?.['value'];
  return Array.isArray(ids) ? ids : [];
}
