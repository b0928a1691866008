import type { NoSessionReason } from '../errors.ts';
import { sessionRequired } from '../interaction/interaction.ts';
import type { Caller } from '../session/caller.ts';
import { type Guard, guardSchema } from './rules.ts';

/** The caller, or why no user is signed in. */
export type FoundCaller =
  | { readonly kind: 'caller'; readonly caller: Caller }
  | { readonly kind: 'none'; readonly reason: NoSessionReason };

/**
 * Allows the call if Entra ID's statements about the user are recent enough and satisfy the guard.
 * @param guard if omitted, every signed-in user is allowed
 * @returns the caller to continue with, because the claims may have been renewed
 * @throws {BffError} claim_required, interaction_required, session_required, sign_in_service_unavailable,
 * storage_unavailable, and for groups the codes of a call to Graph
 */
export type Authorize = (caller: Caller, guard?: Guard) => Promise<Caller>;

/**
 * Who may call an endpoint. Every endpoint must state it.
 * `decide` returns the handler's `caller`, or throws the problem that refuses the call.
 */
export interface Access<AllowedCaller> {
  /**
   * Whether the endpoint needs a session.
   * - `ignored`: the session cookie is not read.
   * - `optional`: the handler is called with or without a session.
   * - `best-effort`: like `optional`; if the session store does not respond, the call continues without a session.
   * - `required`: without a session the call is refused.
   */
  readonly session: 'ignored' | 'optional' | 'best-effort' | 'required';
  decide(found: FoundCaller, authorize: Authorize): AllowedCaller | Promise<AllowedCaller>;
}

/** Every request, signed in or not. The handler has no caller. */
export const allowAnonymous: Access<undefined> = { session: 'ignored', decide: () => undefined };

const optional = (session: 'optional' | 'best-effort'): Access<Caller | undefined> => ({
  session,
  decide: (found) => (found.kind === 'caller' ? found.caller : undefined),
});

/** Every request. If the user is signed in, the handler has the caller, with roles of any age. */
export const optionalSession = optional('optional');

/** Like {@link optionalSession}, but also works if the session store does not respond. For signing out. */
export const optionalSessionBestEffort = optional('best-effort');

/** Every signed-in user. */
export const signedIn: Access<Caller> = {
  session: 'required',
  decide: async (found, authorize) => authorize(requireCaller(found)),
};

/**
 * Every signed-in user, without asking Entra ID whether the account is still valid. For functions that must work while
 * Entra ID is down, such as ending a stolen session. Such a function may give access to the user's own sessions only.
 */
export const signedInWithoutRevalidation: Access<Caller> = {
  session: 'required',
  decide: (found) => requireCaller(found),
};

/**
 * Signed-in users who satisfy the rules.
 * @throws {TypeError} at cold start, for rules that require nothing or that no user can satisfy
 */
export function guard(rules: Guard): Access<Caller> {
  const parsed = guardSchema.safeParse(rules);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new TypeError(`Not a guard: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  return {
    session: 'required',
    decide: async (found, authorize) => authorize(requireCaller(found), parsed.data),
  };
}

function requireCaller(found: FoundCaller): Caller {
  if (found.kind === 'none') throw sessionRequired(found.reason);
  return found.caller;
}
