import type { FindMemberships } from '../access/admission.ts';
import type { GraphClient } from './graph-client.ts';

export interface FindMembershipsNeeds {
  readonly graph: GraphClient;
  readonly monotonicMs: () => number;
  /** How long an answer counts: what Graph says of a person ages as what Entra says does. */
  readonly keptSeconds: number;
}

/** As many as Graph takes in one call. */
const MAX_IDS = 20;
const MAX_KEPT = 10_000;

interface Kept {
  readonly isMember: boolean;
  readonly asOfMs: number;
}

/**
 * Asks Graph which of the groups the person is in, for tokens that cannot hold them all. What it said is kept in this
 * worker for a while. `User.Read`, which every sign-in grants, is enough.
 * @see https://learn.microsoft.com/graph/api/directoryobject-checkmemberobjects
 */
export function createFindMemberships({
  graph,
  monotonicMs,
  keptSeconds,
}: FindMembershipsNeeds): FindMemberships {
  const kept = new Map<string, Kept>();

  return async (session, groups, log) => {
    const person = session.address.userHash.toString('base64url');
    const nameOf = (group: string) => `${person} ${group}`;
    const isKnown = (group: string) => {
      const known = kept.get(nameOf(group));
      return known !== undefined && monotonicMs() - known.asOfMs < keptSeconds * 1000;
    };
    const unknown = groups.filter((group) => !isKnown(group));
    const asOfMs = monotonicMs();
    for (let at = 0; at < unknown.length; at += MAX_IDS) {
      const asked = unknown.slice(at, at + MAX_IDS);
      const answer: unknown = await graph.use(
        session,
        { feature: 'profile', scopes: ['User.Read'] },
        log,
        (client) => client.api('/me/checkMemberObjects').post({ ids: asked }),
      );
      const memberOf = readIds(answer);
      for (const group of asked) keep(nameOf(group), { isMember: memberOf.includes(group), asOfMs });
    }
    return groups.filter((group) => kept.get(nameOf(group))?.isMember === true);
  };

  function keep(name: string, membership: Kept): void {
    kept.delete(name);
    kept.set(name, membership);
    // A Map gives its keys in the order of their insertion.
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break;
      kept.delete(oldest);
    }
  }
}

function readIds(answer: unknown): readonly unknown[] {
  const value: unknown =
    typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'value') : undefined;
  return Array.isArray(value) ? value : [];
}
