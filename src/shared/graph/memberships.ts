import { createHash } from 'node:crypto';
import type { FindMemberships } from '../access/admission.ts';
import { BffError } from '../errors.ts';
import { createMemo } from '../network/memo.ts';
import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { GraphClient } from './graph-client.ts';

export interface FindMembershipsNeeds {
  readonly graph: GraphClient;
  readonly monotonicMs: () => number;
  /** How long an answer counts: what Graph says of a person ages as what Entra says does. */
  readonly keptSeconds: number;
}

/** As many as Graph takes in one call. */
const MAX_IDS = 20;
/** A Graph that fails or asks for less is not asked again by the very next call. */
const FAILURE_KEPT_MS = 5_000;

/**
 * Asks Graph which of the groups the person is in, for tokens that cannot hold them all. What it said is kept in this
 * worker for a while, and however many calls want to know, one of them asks. `User.Read`, which every sign-in grants, is
 * enough. @see https://learn.microsoft.com/graph/api/directoryobject-checkmemberobjects
 */
export function createFindMemberships({
  graph,
  monotonicMs,
  keptSeconds,
}: FindMembershipsNeeds): FindMemberships {
  const kept = createMemo<Promise<readonly string[]>>(monotonicMs);

  return (session, groups, log) => {
    const name = nameOf(session, groups);
    const known = kept.find(name);
    if (known !== undefined) return known;
    const memberOf = ask(session, groups, log);
    kept.remember(name, memberOf, keptSeconds * 1000);
    memberOf.catch((error: unknown) => {
      // What the person could put right is asked again at once.
      const isTransient = error instanceof BffError && (error.status === 429 || error.status >= 500);
      // Our own limit refused the call. Graph was not asked.
      const isOurs = error instanceof BffError && error.code === 'rate_limited';
      if (isTransient && !isOurs) kept.remember(name, memberOf, FAILURE_KEPT_MS);
      else kept.forget(name);
    });
    return memberOf;
  };

  async function ask(session: Session, groups: readonly string[], log: Log): Promise<readonly string[]> {
    const memberOf: unknown[] = [];
    for (let at = 0; at < groups.length; at += MAX_IDS) {
      const ids = groups.slice(at, at + MAX_IDS);
      const answer: unknown = await graph.use(
        session,
        { feature: 'profile', scopes: ['User.Read'] },
        log,
        (client) => client.api('/me/checkMemberObjects').post({ ids }),
      );
      memberOf.push(...readIds(answer));
    }
    return groups.filter((group) => memberOf.includes(group));
  }
}

/** By session: a problem's link to sign in is for the session that was refused. */
function nameOf({ address }: Session, groups: readonly string[]): string {
  const hash = createHash('sha256').update(groups.join()).digest('base64');
  return `${address.userHash.toString('base64')} ${address.rowId.toString('base64')} ${hash}`;
}

function readIds(answer: unknown): readonly unknown[] {
  const value: unknown =
    typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'value') : undefined;
  return Array.isArray(value) ? value : [];
}
