import type { NoSessionReason } from '../errors.ts';
import { sessionRequired } from '../interaction/interaction.ts';
import type { Caller } from '../session/caller.ts';
import { parseGuard } from './guard-schema.ts';
import type { Guard } from './rules.ts';

/** The caller, or why there is none. */
export type FoundCaller =
  | { readonly kind: 'caller'; readonly caller: Caller }
  | { readonly kind: 'none'; readonly reason: NoSessionReason };

/**
 * Allows the call if the user satisfies the guard. If Entra ID's claims about the user are too old, renews them first.
 * @param guard if omitted, every signed-in user is allowed
 * @returns the caller to use from now on, with the renewed claims
 * @throws {BffError} claim_required, interaction_required, session_required, sign_in_service_unavailable,
 * storage_unavailable, and for groups any error code of a `GraphClient` call
 */
export type Authorize = (caller: Caller, guard?: Guard) => Promise<Caller>;

/** Who may call an endpoint. Required for every endpoint. */
export interface Access<AllowedCaller> {
  /**
   * Whether the endpoint needs a session.
   * - `ignored`: the session cookie is not read.
   * - `optional`: the handler is called with or without a session.
   * - `best-effort`: like `optional`; if the session store does not respond, the call continues without a session.
   * - `required`: without a session the call is refused.
   */
  readonly session: 'ignored' | 'optional' | 'best-effort' | 'required';
  /** Returns the handler's `caller`, or throws the problem that refuses the call. */
  decide(found: FoundCaller, authorize: Authorize): AllowedCaller | Promise<AllowedCaller>;
}

/** Allows every request, whether or not the user is signed in. The handler has no caller. */
export const allowAnonymous: Access<undefined> = { session: 'ignored', decide: () => undefined };

const optional = (session: 'optional' | 'best-effort'): Access<Caller | undefined> => ({
  session,
  decide: (found) => (found.kind === 'caller' ? found.caller : undefined),
});

/** Allows every request. If the user is signed in, the handler has the caller, whose roles may be of any age. */
export const optionalSession = optional('optional');

/** Like {@link optionalSession}, but also works if the session store does not respond. For signing out. */
export const optionalSessionBestEffort = optional('best-effort');

/** Allows every signed-in user. */
export const signedIn: Access<Caller> = {
  session: 'required',
  decide: async (found, authorize) => authorize(requireCaller(found)),
};

/**
 * Allows every signed-in user, without asking Entra ID whether the account is still valid. For functions that must work
 * while Entra ID is down, such as ending a stolen session. Do not use it for a function that gives access to anything
 * but the user's own sessions.
 */
export const signedInWithoutRevalidation: Access<Caller> = {
  session: 'required',
  decide: (found) => requireCaller(found),
};

/**
 * Allows signed-in users who satisfy the rules.
 * @throws {TypeError} at cold start, for rules that require nothing or that no user can satisfy
 */
export function guard(rules: Guard): Access<Caller> {
  return checkedGuard(parseGuard(rules));
}

/** A {@link guard} whose rules come from the settings, and are checked. */
export function checkedGuard(rules: Guard): Access<Caller> {
  return {
    session: 'required',
    decide: async (found, authorize) => authorize(requireCaller(found), rules),
  };
}

function requireCaller(found: FoundCaller): Caller {
  if (found.kind === 'none') throw sessionRequired(found.reason);
  return found.caller;
}
