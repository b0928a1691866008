import { BffError, type MissingClaims, type RefusingRule } from '../errors.ts';
import { type Interaction, sessionRequired } from '../interaction/interaction.ts';
import { type Caller, sessionOf, toCaller } from '../session/caller.ts';
import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { RenewIdentity } from '../tokens/renew-identity.ts';
import type { Authorize } from './guard.ts';
import {
  describeMissing,
  type Guard,
  groupsOf,
  judge,
  namesAssignments,
  type StepUp,
} from './guard-rules.ts';

/**
 * Who is let in. Facts about a person age: before a guard looks at roles or groups that were said too long ago, Entra is
 * asked again, and whoever it does not vouch for is not let in.
 */
export interface Admission {
  /** For one call, whose log it writes to. */
  of(log: Log, feature?: string): Authorize;
  /** What a page may offer the person. Nothing is renewed and nothing is asked for it. */
  wouldAdmit(caller: Caller, guard: Guard): boolean;
}

/**
 * Those of `groups` that the person is in, asked of Graph.
 * @throws {BffError} as every call of Graph
 */
export type FindMemberships = (
  session: Session,
  groups: readonly string[],
  log: Log,
) => Promise<readonly string[]>;

export interface AdmissionNeeds {
  readonly renewIdentity: RenewIdentity;
  readonly findMemberships: FindMemberships;
  readonly interaction: Interaction;
  readonly now: () => Date;
  readonly roleMaxAgeSeconds: number;
  /** For everybody whose guard names neither roles nor groups. */
  readonly revalidateSeconds: number;
}

export function createAdmission(needs: AdmissionNeeds): Admission {
  const { renewIdentity, findMemberships, interaction, now, roleMaxAgeSeconds, revalidateSeconds } = needs;

  return {
    of: (log, feature) => async (caller, guard) => {
      const maxAgeSeconds =
        guard !== undefined && namesAssignments(guard)
          ? Math.min(roleMaxAgeSeconds, revalidateSeconds)
          : revalidateSeconds;
      const session = sessionOf(caller);
      const fresh = await withFreshClaims(session, maxAgeSeconds, log);
      if (guard !== undefined) await requireSatisfied(fresh, guard, log, feature);
      return fresh === session ? caller : toCaller(fresh);
    },
    wouldAdmit(caller, guard) {
      const { claims } = sessionOf(caller).facts;
      return judge(guard, { claims, groups: claims.groups }, now()).kind !== 'denied';
    },
  };

  async function withFreshClaims(session: Session, maxAgeSeconds: number, log: Log): Promise<Session> {
    const notBefore = new Date(now().getTime() - maxAgeSeconds * 1000);
    if (session.facts.claimsAsOf >= notBefore) return session;
    const renewal = await renewIdentity(session, notBefore, log);
    switch (renewal.kind) {
      case 'renewed':
        return renewal.session;
      case 'session-ended':
        throw sessionRequired('session_ended');
      case 'interaction-required':
        // Of no feature: it is about the sign-in itself.
        throw interaction.required(session, { ...renewal, scopes: [] });
    }
  }

  /** @throws {BffError} claim_required, interaction_required */
  async function requireSatisfied(
    session: Session,
    guard: Guard,
    log: Log,
    feature: string | undefined,
  ): Promise<void> {
    const { claims } = session.facts;
    const wanted = groupsOf(guard);
    const groups =
      wanted.length > 0 && claims.hasGroupOverage
        ? await findMemberships(session, wanted, log)
        : claims.groups;
    const verdict = judge(guard, { claims, groups }, now());
    if (verdict.kind === 'granted') return;
    if (verdict.kind === 'step-up') {
      const reason = reasonOf(verdict.stepUp);
      const { authContext } = verdict.stepUp;
      throw interaction.required(session, {
        reason,
        scopes: [],
        prompt: 'login',
        ...(authContext === undefined ? {} : { authContext }),
        ...(feature === undefined ? {} : { feature }),
      });
    }
    throw new BffError('claim_required', {
      detail: describeMissing(verdict.missing),
      rules: rulesOf(verdict.missing),
      extensions: verdict.missing.length === 1 ? { ...verdict.missing[0] } : { any_of: verdict.missing },
    });
  }
}

function reasonOf({ authContext }: StepUp) {
  return authContext === undefined ? 'recent_sign_in_required' : 'stronger_sign_in_required';
}

/** Which kinds of rules refused. */
function rulesOf(missing: readonly MissingClaims[]): readonly RefusingRule[] {
  return rulesByMember.flatMap(([member, rule]) =>
    missing.some((one) => one[member] !== undefined) ? [rule] : [],
  );
}

const rulesByMember: readonly (readonly [keyof MissingClaims, RefusingRule])[] = [
  ['required_tenants', 'tenants'],
  ['required_roles', 'roles'],
  ['required_groups', 'groups'],
  ['required_claim', 'claim'],
];
