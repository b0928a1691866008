import { BffError } from '../errors.ts';
import { type SessionEnd, sessionRequired } from '../interaction/interaction.ts';
import type { Session } from '../session/session-store.ts';

/** Who may do something: a person with one of these app roles. */
export interface Guard {
  readonly roles: readonly string[];
}

/** The caller's session, or why there is none. */
export type FoundSession =
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: 'none'; readonly reason: SessionEnd };

/**
 * What a function asks of its caller. It is a required part of every endpoint, so that none is without a rule.
 * `decide` gives what the handler works with, or throws the problem that refuses.
 */
export interface Access<Granted> {
  /**
   * `ignored`: the cookie is not even looked at. `if-possible`: a store that does not answer counts as no session,
   * for the one who wants to leave.
   */
  readonly session: 'ignored' | 'optional' | 'if-possible' | 'required';
  decide(found: FoundSession): Granted;
}

export const allowAnonymous: Access<undefined> = { session: 'ignored', decide: () => undefined };

const withOrWithout = (session: 'optional' | 'if-possible'): Access<Session | undefined> => ({
  session,
  decide: (found) => (found.kind === 'session' ? found.session : undefined),
});

/** Signed in or not: the handler tells them apart. */
export const optionalSession = withOrWithout('optional');

/** Like {@link optionalSession}, and open to who wants to sign out while the store is down. */
export const leaving = withOrWithout('if-possible');

export const signedIn: Access<Session> = {
  session: 'required',
  decide(found) {
    if (found.kind === 'none') throw sessionRequired(found.reason);
    return found.session;
  },
};

/** @throws {BffError} session_required, claim_required */
export function guarded(guard: Guard): Access<Session> {
  return {
    session: 'required',
    decide(found) {
      const session = signedIn.decide(found);
      requireSatisfied(guard, session);
      return session;
    },
  };
}

/** @throws {BffError} claim_required, naming what is missing */
export function requireSatisfied(guard: Guard, session: Session): void {
  if (satisfies(guard, session)) return;
  throw new BffError('claim_required', {
    detail: `This needs the app role ${guard.roles.map((role) => `"${role}"`).join(' or ')}.`,
    extensions: { required_roles: guard.roles },
  });
}

/** Exact and case-sensitive, on the roles of the verified ID token and nothing else (RG-1, RG-2). */
export function satisfies(guard: Guard, { facts }: Session): boolean {
  return guard.roles.some((role) => facts.claims.roles.includes(role));
}
