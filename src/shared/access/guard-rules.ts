import * as z from 'zod/mini';
import type { MissingClaims } from '../errors.ts';
import { CLOCK_SKEW_SECONDS } from '../identity/verify-id-token.ts';
import type { SessionFacts } from '../session/facts.ts';

/** What a person must be and have: every key that is there has to hold, and of a key's values one is enough. */
export interface GuardRules {
  /** App roles, compared exactly. */
  readonly roles?: readonly string[] | undefined;
  /** Object ids of groups, which the person is in directly or by another group. */
  readonly groups?: readonly string[] | undefined;
  /** Tenant ids. A guest belongs to the tenant that invited them. */
  readonly tenants?: readonly string[] | undefined;
  /** An authentication context of Conditional Access, `c1` to `c99`: a stronger sign-in, asked for where it is missing. */
  readonly authContext?: string | undefined;
  /** How long ago the person may have signed in; longer ago, they are asked to do it again. */
  readonly maxAuthAgeSeconds?: number | undefined;
}

/** Who may do something. */
export interface Guard extends GuardRules {
  /** Beside the keys above, one of these has to hold. */
  readonly anyOf?: readonly GuardRules[] | undefined;
}

const guid = z
  .string()
  .check(z.regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'is no id in small letters'));
const listOf = (value: z.ZodMiniType<string>) =>
  z
    .array(value)
    .check(
      z.minLength(1, 'is empty, which nobody could satisfy'),
      z.maxLength(100, 'has more than 100 values'),
    );
const needsKey = 'asks for nothing; name a role, or leave the guard out';

const rules = z.strictObject({
  roles: z.optional(
    listOf(z.string().check(z.regex(/^[\x21-\x7e]{1,120}$/, 'is no value of an app role'))).check(
      z.describe('App roles, compared exactly. One of them is enough.'),
    ),
  ),
  groups: z.optional(
    listOf(guid).check(
      z.describe('Object ids of groups. Membership of one is enough, by another group as well.'),
    ),
  ),
  tenants: z.optional(
    listOf(guid).check(z.describe('Tenant ids. A guest belongs to the tenant that invited them.')),
  ),
  authContext: z.optional(
    z
      .string()
      .check(
        z.regex(/^c[1-9][0-9]?$/, 'is none of c1 to c99'),
        z.describe('An authentication context of Conditional Access: asked for where it is missing.'),
      ),
  ),
  maxAuthAgeSeconds: z.optional(
    z
      .int()
      .check(
        z.minimum(60, 'is less than a minute, within which nobody could use it'),
        z.maximum(30 * 24 * 3600, 'is more than 30 days'),
        z.describe('How long ago the person may have signed in. Longer ago, they are asked to do it again.'),
      ),
  ),
});

const isNotEmpty = (value: object) => Object.values(value).some((entry) => entry !== undefined);

/** What a guard may say; a guard that asks for nothing is a mistake. */
export const guardSchema = z
  .extend(rules, {
    anyOf: z.optional(
      z
        .array(rules.check(z.refine(isNotEmpty, needsKey)))
        .check(
          z.minLength(1, 'is empty, which nobody could satisfy'),
          z.describe('Beside the keys above, one of these has to hold.'),
        ),
    ),
  })
  .check(
    z.refine(isNotEmpty, needsKey),
    z.refine(
      ({ authContext, anyOf = [] }) => authContext === undefined || anyOf.every((one) => !one.authContext),
      'asks for two authentication contexts, of which a sign-in brings one',
    ),
    z.describe('Who may make the call. Everybody who is signed in, when left out.'),
  );

/** What a guard looks at. */
export interface GuardedFacts {
  readonly claims: SessionFacts['claims'];
  /** Those of the guard's groups that the person is in; undefined when it is not known. */
  readonly groups: readonly string[] | undefined;
}

/** What another sign-in would have to bring. */
export type StepUp = Pick<GuardRules, 'authContext' | 'maxAuthAgeSeconds'>;

export type Verdict =
  | { readonly kind: 'granted' }
  /** The person may, once they have signed in more recently or more strongly. */
  | { readonly kind: 'step-up'; readonly stepUp: StepUp }
  /** Nothing that the person could do helps. More than one: any of them would do. */
  | { readonly kind: 'denied'; readonly missing: readonly MissingClaims[] };

/** What decides beside the sign-in itself: it may change while the person is signed in. */
export function namesAssignments({ anyOf = [], ...own }: Guard): boolean {
  return [own, ...anyOf].some(({ roles, groups }) => roles !== undefined || groups !== undefined);
}

/** All groups that a guard names. */
export function groupsOf({ anyOf = [], ...own }: Guard): readonly string[] {
  return [...new Set([own, ...anyOf].flatMap(({ groups = [] }) => groups))];
}

/**
 * Exact and case-sensitive, on the claims of the verified ID token and nothing else. Whoever lacks what only
 * others can give is denied before they are asked to sign in again.
 */
export function judge({ anyOf, ...own }: Guard, facts: GuardedFacts, now: Date): Verdict {
  const verdict = judgeRules(own, facts, now);
  if (anyOf === undefined || verdict.kind === 'denied') return verdict;
  const others = anyOf.map((rules) => judgeRules(rules, facts, now));
  if (others.some(({ kind }) => kind === 'granted')) return verdict;
  const [first] = others.flatMap((other) => (other.kind === 'step-up' ? [other.stepUp] : []));
  if (first !== undefined) {
    const needed = verdict.kind === 'step-up' ? verdict.stepUp : {};
    return { kind: 'step-up', stepUp: { ...first, ...needed } };
  }
  return {
    kind: 'denied',
    missing: others.flatMap((other) => (other.kind === 'denied' ? other.missing : [])),
  };
}

function judgeRules(
  { tenants, roles, groups, authContext, maxAuthAgeSeconds }: GuardRules,
  { claims, groups: memberOf = [] }: GuardedFacts,
  now: Date,
): Verdict {
  const missing: MissingClaims = {
    ...(tenants?.includes(claims.principal.tenantId) === false && { required_tenants: tenants }),
    ...(roles?.some((role) => claims.roles.includes(role)) === false && { required_roles: roles }),
    ...(groups?.some((group) => memberOf.includes(group)) === false && { required_groups: groups }),
    // Without the claim no sign-in would ever be recent enough: nobody is sent round in vain.
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

/** For the person who is refused: what it takes. */
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
      : [`the optional claim ${quoted([required_claim])} in the app registration's ID tokens`]),
  ].join(' and ');
}
