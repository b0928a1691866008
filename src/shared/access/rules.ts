import type { MissingClaims } from '../errors.ts';
import { CLOCK_SKEW_SECONDS } from '../identity/verify-id-token.ts';
import type { SessionFacts } from '../session/facts.ts';

/** Requirements for a user. Each one that is present must be satisfied. Of a list, one value is enough. */
export interface GuardRules {
  /** App roles, compared exactly. */
  readonly roles?: readonly string[] | undefined;
  /** Object ids of groups. The user may be a member directly or through another group. */
  readonly groups?: readonly string[] | undefined;
  /** Tenant ids. A guest belongs to the tenant that invited them. */
  readonly tenants?: readonly string[] | undefined;
  /**
   * An authentication context of Conditional Access, `c1` to `c99`. If the ID token does not contain it, the user is asked
   * for a stronger sign-in.
   */
  readonly authContext?: string | undefined;
  /**
   * Maximum age of the sign-in at Entra ID: 60 to 2,592,000 seconds (30 days). If it is older, the user must sign in
   * again.
   */
  readonly maxAuthAgeSeconds?: number | undefined;
}

/** Who may call a function or use a rule of the policy. */
export interface Guard extends GuardRules {
  /** In addition to the other requirements, one of these must be satisfied. */
  readonly anyOf?: readonly GuardRules[] | undefined;
}

const isNotEmpty = (value: object) => Object.values(value).some((entry) => entry !== undefined);

/** The facts that a guard checks. */
export interface CheckedFacts {
  readonly claims: SessionFacts['claims'];
  /** The user's groups. If there are too many for an ID token, only those that the guard names. */
  readonly groups: readonly string[];
}

/** What the new sign-in of a step-up must satisfy. */
export type StepUp = Pick<GuardRules, 'authContext' | 'maxAuthAgeSeconds'>;

export type Verdict =
  | { readonly kind: 'granted' }
  /** A more recent or stronger sign-in would satisfy the guard. */
  | { readonly kind: 'step-up'; readonly stepUp: StepUp }
  /** A new sign-in would not satisfy the guard. If `missing` has several entries, any one of them would be enough. */
  | { readonly kind: 'denied'; readonly missing: readonly MissingClaims[] };

/** Whether a guard depends on app roles or groups, which may change during a session. */
export function dependsOnRolesOrGroups({ anyOf = [], ...common }: Guard): boolean {
  return [common, ...anyOf].some(({ roles, groups }) => roles !== undefined || groups !== undefined);
}

/** All groups that a guard names. */
export function groupsOf({ anyOf = [], ...common }: Guard): readonly string[] {
  return [...new Set([common, ...anyOf].flatMap(({ groups = [] }) => groups))];
}

/**
 * Decides whether a user satisfies a guard. Values are compared case-sensitively with the claims of the verified ID
 * token. If the user lacks a role, a group or the tenant, the verdict is `denied`, even if a step-up would be required
 * too.
 */
export function judge({ anyOf, ...common }: Guard, facts: CheckedFacts, now: Date): Verdict {
  const verdict = judgeRules(common, facts, now);
  if (anyOf === undefined || verdict.kind === 'denied') return verdict;
  const alternatives = anyOf.map((rules) => judgeRules(rules, facts, now));
  if (alternatives.some(({ kind }) => kind === 'granted')) return verdict;
  // Any alternative that a step-up can satisfy would do; the first one is chosen. A value that the common rules name too is
  // taken from them.
  const [ofAlternative] = alternatives.flatMap((other) => (other.kind === 'step-up' ? [other.stepUp] : []));
  if (ofAlternative !== undefined) {
    const ofCommonRules = verdict.kind === 'step-up' ? verdict.stepUp : {};
    return { kind: 'step-up', stepUp: { ...ofAlternative, ...ofCommonRules } };
  }
  return {
    kind: 'denied',
    missing: alternatives.flatMap((other) => (other.kind === 'denied' ? other.missing : [])),
  };
}

function judgeRules(
  { tenants, roles, groups, authContext, maxAuthAgeSeconds }: GuardRules,
  { claims, groups: memberOf }: CheckedFacts,
  now: Date,
): Verdict {
  const missing: MissingClaims = {
    ...(tenants?.includes(claims.principal.tenantId) === false && { required_tenants: tenants }),
    ...(roles?.some((role) => claims.roles.includes(role)) === false && { required_roles: roles }),
    ...(groups?.some((group) => memberOf.includes(group)) === false && { required_groups: groups }),
    // Without `auth_time`, no sign-in would ever be recent enough, and the user would be asked again and again.
    ...(maxAuthAgeSeconds !== undefined &&
      claims.authenticatedAt === undefined && { required_claim: 'auth_time' }),
  };
  if (isNotEmpty(missing)) return { kind: 'denied', missing: [missing] };
  const stepUp: StepUp = {
    ...(authContext !== undefined && !claims.authContexts.includes(authContext) && { authContext }),
    ...(maxAuthAgeSeconds !== undefined &&
      !isRecent(claims.authenticatedAt, maxAuthAgeSeconds, now) && { maxAuthAgeSeconds }),
  };
  return isNotEmpty(stepUp) ? { kind: 'step-up', stepUp } : { kind: 'granted' };
}

function isRecent(authenticatedAt: Date | undefined, maxAgeSeconds: number, now: Date): boolean {
  if (authenticatedAt === undefined) return false;
  const ageSeconds = (now.getTime() - authenticatedAt.getTime()) / 1000;
  return ageSeconds <= maxAgeSeconds && ageSeconds >= -CLOCK_SKEW_SECONDS;
}

/** The explanation for a refused user. */
export function describeMissing(missing: readonly MissingClaims[]): string {
  return `This needs ${missing.map(describeOne).join(', or ')}.`;
}

function describeOne(missing: MissingClaims): string {
  const quoted = (values: readonly string[]) => values.map((value) => `"${value}"`).join(' or ');
  const { required_tenants, required_roles, required_groups, required_claim } = missing;
  return [
    ...(required_tenants === undefined ? [] : [`an account of the tenant ${quoted(required_tenants)}`]),
    ...(required_roles === undefined ? [] : [`the app role ${quoted(required_roles)}`]),
    ...(required_groups === undefined ? [] : [`membership of the group ${quoted(required_groups)}`]),
    ...(required_claim === undefined
      ? []
      : [
          `the optional claim ${quoted([required_claim])} in ID tokens (to be added in the app registration)`,
        ]),
  ].join(' and ');
}
