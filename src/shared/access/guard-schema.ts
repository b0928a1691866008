import * as z from 'zod/mini';
import { guidPattern } from '../guid.ts';
import type { Guard } from './rules.ts';

const guid = z.string().check(z.regex(guidPattern, 'is not a lower-case GUID'));
const listOf = (value: z.ZodMiniType<string>) =>
  z
    .array(value)
    .check(
      z.minLength(1, 'is empty, so that no user could satisfy it'),
      z.maxLength(100, 'has more than 100 values'),
    );
const requiresNothing = (what: string) => `requires nothing; name a role or omit ${what}`;

const rules = z.strictObject({
  roles: z.optional(
    listOf(z.string().check(z.regex(/^[\x21-\x7e]{1,120}$/, 'is not the value of an app role'))).check(
      z.describe('App roles, compared exactly. One of them is enough.'),
    ),
  ),
  groups: z.optional(
    listOf(guid).check(
      z.describe(
        'Object ids of groups. Membership of one of them is enough, directly or through another group.',
      ),
    ),
  ),
  tenants: z.optional(
    listOf(guid).check(z.describe('Tenant ids. A guest belongs to the tenant that invited them.')),
  ),
  authContext: z.optional(
    z
      .string()
      .check(
        z.regex(/^c[1-9][0-9]?$/, 'is not one of c1 to c99'),
        z.describe(
          "An authentication context of Conditional Access, c1 to c99. If the user's ID token does not contain it, the user is asked for a stronger sign-in.",
        ),
      ),
  ),
  maxAuthAgeSeconds: z.optional(
    z
      .int()
      .check(
        z.minimum(60, 'is less than 60 seconds'),
        z.maximum(30 * 24 * 3600, 'is more than 30 days'),
        z.describe(
          'Maximum age of the sign-in in seconds. If it is older, the user is asked to sign in again.',
        ),
      ),
  ),
});

const isNotEmpty = (value: object) => Object.values(value).some((entry) => entry !== undefined);

/** A guard that requires nothing is a mistake and is refused. */
export const guardSchema = z
  .extend(rules, {
    anyOf: z.optional(
      z
        .array(rules.check(z.refine(isNotEmpty, requiresNothing('this entry'))))
        .check(
          z.minLength(1, 'is empty, so that no user could satisfy it'),
          z.describe('In addition to the keys above, one of these must hold.'),
        ),
    ),
  })
  .check(
    z.refine(isNotEmpty, requiresNothing('the guard')),
    z.refine(
      ({ authContext, anyOf = [] }) => authContext === undefined || anyOf.every((one) => !one.authContext),
      'requires two authentication contexts, but a sign-in satisfies only one',
    ),
    z.describe('Who may make the call. Default: every signed-in user.'),
  );

/** @throws {TypeError} for a guard that requires nothing or that no user can satisfy */
export function parseGuard(rules: Guard): Guard {
  const parsed = guardSchema.safeParse(rules);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TypeError(`Not a guard: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}
