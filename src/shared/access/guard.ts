import type { SessionEnd } from '../errors.ts';
import { sessionRequired } from '../interaction/interaction.ts';
import type { Session } from '../session/store.ts';
import { type Guard, guardSchema } from './guard-rules.ts';

/** The caller's session, or why there is none. */
export type FoundSession =
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: 'none'; readonly reason: SessionEnd };

/**
 * Lets a session in, if what Entra says of the person is recent enough and satisfies the guard.
 * @param guard everybody who is signed in, when left out
 * @returns the session to go on with: its claims may have been renewed
 * @throws {BffError} claim_required, interaction_required, session_required, sign_in_service_unavailable,
 * storage_unavailable, and for groups those of a call of Graph
 */
export type Admit = (session: Session, guard?: Guard) => Promise<Session>;

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
  decide(found: FoundSession, admit: Admit): Granted | Promise<Granted>;
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
  decide: async (found, admit) => admit(requireSession(found)),
};

/**
 * Signed in here, and Entra is not asked whether the person still may be: for what has to work while it does not answer,
 * such as ending a session that somebody else has taken over. It gives nothing but the person's own.
 */
export const signedInHere: Access<Session> = {
  session: 'required',
  decide: (found) => requireSession(found),
};

/**
 * Only people who satisfy the rules.
 * @throws {TypeError} at cold start, for rules that ask for nothing or that nobody could satisfy
 */
export function guard(rules: Guard): Access<Session> {
  const parsed = guardSchema.safeParse(rules);
  if (!parsed.success) {
    const [fault] = parsed.error.issues;
    throw new TypeError(`Not a guard: ${fault?.path.join('.') ?? ''} ${fault?.message ?? ''}`);
  }
  return {
    session: 'required',
    decide: async (found, admit) => admit(requireSession(found), parsed.data),
  };
}

function requireSession(found: FoundSession): Session {
  if (found.kind === 'none') throw sessionRequired(found.reason);
  return found.session;
}
