import type { SignInOptions, SignInResult } from './client-api.ts';
import type { ClientContext } from './client-context.ts';
import type { InteractionRequest } from './interaction.ts';
import { type FailureKind, InteractionFailed, type InteractionResult } from './interaction-failed.ts';
import { silentSignInKey, toInteractionKey } from './interaction-key.ts';
import type { BffProblem } from './problem.ts';
import { hasSilentAttempt } from './redirect-note.ts';
import { toOwnUrl, toReturnUrl } from './urls.ts';

/** A sign-in that shows nothing to the user. */
export const silentSignIn = { key: silentSignInKey, display: 'redirect', clicked: false } as const;

/** Starts an interaction that the page requests: after a click, or a silent sign-in. @throws {InteractionFailed} */
export async function askForPage(
  context: ClientContext,
  request: InteractionRequest,
  problem?: BffProblem,
): Promise<SignInResult> {
  const result = await context.interactions.ask(request);
  if (result === 'signed_in' || result === 'redirecting') return result;
  throw toFailure(context, result, problem);
}

/**
 * Asks the user for what a call needs, without a click.
 * @param generation the generation of the interactions when the call was sent
 * @throws {BffProblem} the same problem, if the user may not be asked for it without a click
 */
export async function askForCall(
  context: ClientContext,
  problem: BffProblem,
  call: string,
  generation: number,
): Promise<InteractionResult> {
  if (!canAskFor(context, problem) || context.interaction === 'manual') throw problem;
  const isSilent = problem.code === 'session_required' && context.sessionRequired === 'silent';
  // A user who has signed out, or has never signed in, is not signed in silently. The page asks first.
  if (isSilent && (problem.reason === 'not_signed_in' || hasTriedSilently(context))) throw problem;
  const { ifBlocked } = context;
  const request = {
    ...toRequest(context, problem),
    call,
    ifBlocked,
    clicked: false,
    ...(isSilent && silentSignIn),
  };
  if (context.guard.isBlocked(request.key, request.feature)) throw problem;
  return context.interactions.ask(request, generation);
}

/**
 * Whether the client may ask the user for what a call needs. If an administrator has to act first, the user would only
 * be sent in circles. The problem of a HEAD request has no body, so it does not name where to ask.
 */
export function canAskFor(
  { sessionRequired }: ClientContext,
  { code, resolvedBy, loginUrl }: BffProblem,
): boolean {
  if (loginUrl === undefined) return false;
  return code === 'interaction_required'
    ? resolvedBy !== 'administrator'
    : code === 'session_required' && sessionRequired !== 'throw';
}

/** Whether a silent sign-in has failed. The attempt for which the browser is leaving this page may still succeed. */
export function hasTriedSilently({ page, interactions }: ClientContext): boolean {
  return interactions.active.view?.display !== 'redirect' && hasSilentAttempt(page);
}

export function toFailure(
  { interactions }: ClientContext,
  kind: FailureKind,
  problem?: BffProblem,
): InteractionFailed {
  return new InteractionFailed(
    kind,
    problem,
    kind === 'admin_consent_required' ? interactions.active.adminConsentUrl : undefined,
  );
}

/** @throws {TypeError} if the problem has no `login_url` of this BFF */
export function toRequest(
  context: ClientContext,
  problem: BffProblem,
  { display = context.display, returnTo }: Pick<SignInOptions, 'display' | 'returnTo'> = {},
): Omit<InteractionRequest, 'clicked'> {
  const { page } = context;
  const { loginUrl, feature, reason, scopes } = problem;
  const url = toOwnUrl(page, loginUrl ?? '');
  if (url.pathname !== context.toBffUrl('/auth/login').pathname)
    throw new TypeError('The problem has no login_url.');
  const key = toInteractionKey(problem);
  return { key, url, display, returnUrl: toReturnUrl(page, returnTo), feature, reason, scopes };
}
