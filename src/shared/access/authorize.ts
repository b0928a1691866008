import { BffError, type MissingClaims, type RefusingRule } from '../errors.ts';
import { type Interaction, sessionRequired } from '../interaction/interaction.ts';
import { type Caller, sessionOf, toCaller } from '../session/caller.ts';
import type { Session } from '../session/session.ts';
import type { Log } from '../telemetry/log.ts';
import type { RenewIdentity, RenewIdentityAhead } from '../tokens/renew-identity.ts';
import type { Authorize } from './access.ts';
import {
  dependsOnRolesOrGroups,
  describeMissing,
  type Guard,
  groupsOf,
  judge,
  type StepUp,
} from './rules.ts';

/**
 * Decides whether a user may make a call. If Entra ID's claims about the user are too old, they are renewed first. If they
 * will soon be too old, they are renewed behind the call.
 */
export interface Authorization {
  /**
   * @param log the log of the call
   * @param feature the policy's feature that the call uses. If the guard requires a step-up, the problem names it.
   */
  forCall(log: Log, feature?: string): Authorize;
  /**
   * True if the guard would allow the user, at least after a step-up. Lets a page offer only the actions that the user
   * may perform. Renews nothing and does not call Graph, so groups that the ID token does not list are not considered.
   */
  wouldAllow(caller: Caller, guard: Guard): boolean;
}

/**
 * Asks Graph which of `groups` the user is a member of.
 * @throws {BffError} any error code of a `GraphClient` call
 */
export type FindMemberships = (
  session: Session,
  groups: readonly string[],
  log: Log,
) => Promise<readonly string[]>;

export interface AuthorizationDependencies {
  readonly renewIdentity: RenewIdentity;
  readonly renewIdentityAhead: RenewIdentityAhead;
  readonly findMemberships: FindMemberships;
  readonly interaction: Interaction;
  readonly now: () => Date;
  /** Maximum age of Entra ID's claims for a guard that names roles or groups. */
  readonly roleMaxAgeSeconds: number;
  /** Maximum age of Entra ID's claims for every other call. */
  readonly revalidateSeconds: number;
}

/** The share of their maximum age from which claims are renewed behind the calls that use them. */
const AHEAD_SHARE = 0.8;

export function createAuthorization(dependencies: AuthorizationDependencies): Authorization {
  const { renewIdentity, renewIdentityAhead, now, roleMaxAgeSeconds, revalidateSeconds } = dependencies;

  /** Renews the claims if they are too old. If Entra ID does not respond, throws, so that the call is refused. */
  const withRecentClaims = async (session: Session, maxAgeSeconds: number, log: Log): Promise<Session> => {
    const { claimsAsOf } = session.facts;
    const notBefore = new Date(now().getTime() - maxAgeSeconds * 1000);
    if (claimsAsOf >= notBefore) {
      const ageMs = now().getTime() - claimsAsOf.getTime();
      if (ageMs >= AHEAD_SHARE * maxAgeSeconds * 1000) renewIdentityAhead(session);
      return session;
    }
    const renewal = await renewIdentity(session, notBefore, log);
    switch (renewal.kind) {
      case 'renewed':
        return renewal.session;
      case 'session-ended':
        throw sessionRequired('session_ended');
      case 'interaction-required':
        // No feature is named, because the interaction concerns the sign-in itself.
        throw dependencies.interaction.required(session, renewal);
    }
  };

  return {
    forCall: (log, feature) => async (caller, guard) => {
      const maxAgeSeconds =
        guard !== undefined && dependsOnRolesOrGroups(guard)
          ? Math.min(roleMaxAgeSeconds, revalidateSeconds)
          : revalidateSeconds;
      const session = sessionOf(caller);
      const renewed = await withRecentClaims(session, maxAgeSeconds, log);
      if (guard !== undefined) await requireSatisfied(renewed, guard, { log, feature }, dependencies);
      return renewed === session ? caller : toCaller(renewed);
    },
    wouldAllow(caller, guard) {
      const { claims } = sessionOf(caller).facts;
      return judge(guard, { claims, groups: claims.groups }, now()).kind !== 'denied';
    },
  };
}

/** @throws {BffError} claim_required, interaction_required, and for groups any error code of a `GraphClient` call */
async function requireSatisfied(
  session: Session,
  guard: Guard,
  { log, feature }: { readonly log: Log; readonly feature: string | undefined },
  { findMemberships, interaction, now }: AuthorizationDependencies,
): Promise<void> {
  const { claims } = session.facts;
  const guardGroups = groupsOf(guard);
  const groups =
    guardGroups.length > 0 && claims.hasGroupOverage
      ? await findMemberships(session, guardGroups, log)
      : claims.groups;
  const verdict = judge(guard, { claims, groups }, now());
  switch (verdict.kind) {
    case 'granted':
      return;
    case 'step-up':
      throw interaction.required(session, {
        ...toInteraction(verdict.stepUp),
        ...(feature === undefined ? {} : { feature }),
      });
    case 'denied':
      throw claimRequired(verdict.missing);
  }
}

function toInteraction({ authContext }: StepUp) {
  const common = { scopes: [], prompt: 'login' } as const;
  return authContext === undefined
    ? ({ ...common, reason: 'recent_sign_in_required' } as const)
    : ({ ...common, reason: 'stronger_sign_in_required', authContext } as const);
}

function claimRequired(missing: readonly MissingClaims[]): BffError {
  return new BffError('claim_required', {
    detail: describeMissing(missing),
    rules: rulesOf(missing),
    extensions: missing.length === 1 ? { ...missing[0] } : { any_of: missing },
  });
}

/** The rules that refused the call, for the log. */
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
