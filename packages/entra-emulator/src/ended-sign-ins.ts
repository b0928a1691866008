import type { Authority } from './authority.ts';
import type { AuthorizeRequest } from './authorize-request.ts';
import { type EntraError, errors } from './errors.ts';
import type { Grant } from './grants.ts';

/** Why what a sign-in has issued is refused. A new sign-in is not concerned. */
export type Ending =
  | 'revoked'
  | 'session-revoked'
  | 'not-valid'
  | 'expired'
  | 'sign-in-too-old'
  | 'session-too-old';

/** Plain words for each, in the order that the switches page lists them. */
export const endings: Readonly<Record<Ending, string>> = {
  revoked: 'a new password, or somebody revoked it (AADSTS50173)',
  'session-revoked': 'the session was revoked (AADSTS50133)',
  'not-valid': 'the refresh token is not valid any more (AADSTS70000)',
  expired: 'it was not used for 90 days (AADSTS700082)',
  'sign-in-too-old': 'the sign-in is too old for a policy (AADSTS70043)',
  'session-too-old': 'the session is too old for a policy (AADSTS70044)',
};

export const isEnding = (value: string): value is Ending => Object.hasOwn(endings, value);

export function refusalOfEnded(grant: Grant, ending: Ending): EntraError {
  switch (ending) {
    case 'revoked':
      return errors.passwordChanged();
    case 'session-revoked':
      return errors.sessionRevoked();
    case 'not-valid':
      return errors.grantInvalid('The refresh token is not valid.');
    case 'expired':
      return errors.refreshTokenExpired(grant.signedInAt);
    case 'sign-in-too-old':
      return errors.signInTooOld(grant.signedInAt, 60 * 60);
    case 'session-too-old':
      return errors.sessionTooOld('invalid_grant');
  }
}

/** The sign-in is older than the policy on its frequency allows. */
export function isTooOld({ switches, now }: Authority, signedInAt: Date): boolean {
  return (
    switches.signInFrequencySeconds > 0 &&
    now().getTime() - signedInAt.getTime() > switches.signInFrequencySeconds * 1000
  );
}

/** The sign-in is older than the app's request allows. With 0 none is young enough, as with `prompt=login`. */
export function isOlderThanAsked(
  { now }: Authority,
  { maxAgeSeconds }: AuthorizeRequest,
  signedInAt: Date,
): boolean {
  return (
    maxAgeSeconds !== undefined &&
    (maxAgeSeconds === 0 || now().getTime() - signedInAt.getTime() > maxAgeSeconds * 1000)
  );
}

/**
 * Refuses from now on what has been issued to the user, or to everybody. The sign-in at the pages ends too, as Entra's
 * does; an idle refresh token is no reason for that.
 */
export function endSignIns({ grants, browsers }: Authority, ending: Ending, userId?: string): void {
  grants.end(ending, userId);
  if (ending !== 'expired' && ending !== 'not-valid') browsers.signOut(userId);
}
