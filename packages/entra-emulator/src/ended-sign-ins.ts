import type { Authority } from './authority.ts';
import type { AuthorizeRequest } from './authorize-request.ts';
import { type EntraError, errors } from './errors.ts';
import type { Grant } from './grants.ts';
import type { SignInEnding } from './sign-in-ending.ts';

export function refusalOfEnded(grant: Grant, ending: SignInEnding): EntraError {
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

/** Whether the sign-in is older than the sign-in frequency policy allows. */
export function isTooOld({ switches, now }: Authority, signedInAt: Date): boolean {
  return (
    switches.signInFrequencySeconds > 0 &&
    now().getTime() - signedInAt.getTime() > switches.signInFrequencySeconds * 1000
  );
}

/** Whether the sign-in is older than the app's `max_age` allows. With 0 every sign-in is too old, as with `prompt=login`. */
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
 * Refuses everything that was issued so far to the user, or to all users. The sign-in at the pages ends too, as at Entra
 * ID. Only an idle or invalid refresh token leaves it.
 */
export function endSignIns({ grants, browsers }: Authority, ending: SignInEnding, userId?: string): void {
  grants.end(ending, userId);
  if (ending !== 'expired' && ending !== 'not-valid') browsers.signOut(userId);
}
