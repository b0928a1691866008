import type { BffProblem } from './problem.ts';

/**
 * The key of a sign-in. An interaction key names what the user is asked for: `reason feature:scopes`, or a text without
 * a space for what is not about a feature. Two requests with the same key need one interaction. Every completed
 * interaction satisfies a key without a space.
 */
export const signInKey = '';

/** A sign-in that shows nothing. If it fails, the sign-in that asks the user is still allowed. */
export const silentSignInKey = ':silent';

export function toInteractionKey(problem: BffProblem): string {
  const { code, reason = 'consent_required', feature = '', scopes } = problem;
  if (code === 'session_required' || /^(refresh|sign_in|password)_/.test(reason)) return signInKey;
  // A second factor counts for every feature. Claims may differ between features, and the client does not see them.
  return reason === 'two_factor_required' ? reason : `${reason} ${feature}:${[...scopes].sort()}`;
}

/** The key for the consent to everything that a feature needs. */
export function toConsentKey(feature: string): string {
  return `consent_required ${feature}`;
}

/**
 * Whether asking for `asked` also asks for `wanted`: they are equal, `asked` is the consent to the whole feature, or
 * `asked` is a sign-in and `wanted` a silent one.
 */
export function covers(asked: string, wanted: string): boolean {
  return asked === wanted || asked === wanted.split(':')[0];
}

/** Whether a completed interaction for `asked` also satisfies `wanted`. */
export function satisfies(asked: string, wanted: string): boolean {
  return !wanted.includes(' ') || covers(asked, wanted);
}
