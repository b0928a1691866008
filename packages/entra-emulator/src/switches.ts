import type { ConditionalAccessPolicy } from './conditional-access.ts';

/**
 * What the emulator is told to do wrong. One mutable object: tests write to it, the switches page does too,
 * and every answer reads it afresh, so a change also meets tokens that were issued before.
 */
export interface Switches {
  /** Refresh tokens count as expired: AADSTS700082. */
  refreshTokensExpired: boolean;
  /** Refresh tokens count as revoked by a password change: AADSTS50173. */
  refreshTokensRevoked: boolean;
  /** Whoever signed in without a second factor has to give one: AADSTS50076. */
  secondFactorDemanded: boolean;
  /** No consent counts, neither an organization's: AADSTS65001. */
  consentWithdrawn: boolean;
  /** The client secret counts as expired: AADSTS7000222. */
  clientSecretExpired: boolean;
  /** Each refresh token works once, and its second use ends all that came from the same sign-in. */
  strictRefreshTokenRotation: boolean;
  /** A refresh answers without an ID token. */
  refreshWithoutIdToken: boolean;
  /** What a Conditional Access policy demands of refreshes and sign-ins, besides a second factor. */
  conditionalAccess: 'none' | ConditionalAccessPolicy;
  /** Above 0: whoever signed in longer ago than that has to do it again, AADSTS70043. */
  signInFrequencySeconds: number;
  /** The organization lets nobody but administrators consent, whatever the permission: AADSTS90094. */
  onlyAdministratorsConsent: boolean;
  /** Who needs an administrator's consent can ask for it on the page: AADSTS90095. */
  approvalCanBeRequested: boolean;
  /** What the app is told of a person who went back from the page that needs an administrator. */
  administratorNeededAnswer: 'code' | 'cancel';
  /** Optional claims that no ID token gets, though the registration lists them; separated by spaces. */
  withheldClaims: string;
  /** Claims that only the ID tokens of a refresh leave out. OpenID Connect Core 12.2 allows that. */
  claimsWithheldOnRefresh: string;
  /** Who is in more groups than this gets none named: Entra's overage. */
  groupLimit: number;
  /** Names of permissions that no token gets, though they were asked for and consented; separated by spaces. */
  withheldPermissions: string;
  /** `iss` in the authorization response. @see RFC 9207 */
  issuerInResponse: 'absent' | 'right' | 'wrong';
  /** The cross-origin-opener-policy of the pages that a person sees on the way. */
  openerPolicy: 'same-origin' | 'same-origin-allow-popups' | 'unsafe-none';
  /** Delay of every answer to the app's server. */
  slowMs: number;
  /** Above 0: 429 with this `Retry-After` to every call of the app's server. */
  throttledRetryAfterSeconds: number;
  /** How every call of the app's server fails, if it does. */
  outage: 'none' | 'json-503' | 'html-502';
  /** Lifetime of access tokens issued from now on. */
  accessTokenLifetimeSeconds: number;
  /** How far `iat` and `nbf` of new tokens lie in the past. Entra has been seen to use 300. */
  tokensBackdatedSeconds: number;
}

/** The switches that are one of several words. */
export type ChoiceName =
  | 'outage'
  | 'conditionalAccess'
  | 'administratorNeededAnswer'
  | 'issuerInResponse'
  | 'openerPolicy';

export const choices: { readonly [Name in ChoiceName]: readonly Switches[Name][] } = {
  outage: ['none', 'json-503', 'html-502'],
  conditionalAccess: ['none', 'device-not-compliant', 'device-not-joined', 'blocked', 'external-challenge'],
  administratorNeededAnswer: ['code', 'cancel'],
  issuerInResponse: ['absent', 'right', 'wrong'],
  openerPolicy: ['same-origin', 'same-origin-allow-popups', 'unsafe-none'],
};

export function defaultEntraSwitches(): Switches {
  return {
    refreshTokensExpired: false,
    refreshTokensRevoked: false,
    secondFactorDemanded: false,
    consentWithdrawn: false,
    clientSecretExpired: false,
    strictRefreshTokenRotation: false,
    refreshWithoutIdToken: false,
    conditionalAccess: 'none',
    signInFrequencySeconds: 0,
    onlyAdministratorsConsent: false,
    approvalCanBeRequested: false,
    administratorNeededAnswer: 'code',
    withheldPermissions: '',
    withheldClaims: '',
    claimsWithheldOnRefresh: '',
    groupLimit: 200, // Entra's for JWTs
    issuerInResponse: 'absent',
    openerPolicy: 'same-origin',
    slowMs: 0,
    throttledRetryAfterSeconds: 0,
    outage: 'none',
    accessTokenLifetimeSeconds: 60 * 60, // Entra's lie between 60 and 90 minutes
    tokensBackdatedSeconds: 0,
  };
}
