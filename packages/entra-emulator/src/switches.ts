import type { ConditionalAccessPolicy } from './conditional-access-policies.ts';

/**
 * How the emulator fails. Tests and the switches page change this object. Every response reads it again, so a change also
 * affects tokens that were issued before.
 */
export interface Switches {
  /** Refresh tokens count as expired: AADSTS700082. */
  refreshTokensExpired: boolean;
  /** Refresh tokens count as revoked by a password change: AADSTS50173. */
  refreshTokensRevoked: boolean;
  /** Every refresh is refused with this AADSTS number. 0 turns it off. */
  refreshRefusedWith: number;
  /** Sign-ins without a second factor are refused until the user gives one: AADSTS50076. */
  secondFactorDemanded: boolean;
  /** No consent counts, not even of an organization: AADSTS65001. */
  consentWithdrawn: boolean;
  /** The client secret counts as expired: AADSTS7000222. */
  clientSecretExpired: boolean;
  /** Each refresh token works once. A second use ends everything that the same sign-in has issued. */
  strictRefreshTokenRotation: boolean;
  /** A refresh returns no ID token. */
  refreshWithoutIdToken: boolean;
  /** A Conditional Access policy for refreshes and sign-ins, besides a second factor. */
  conditionalAccess: 'none' | ConditionalAccessPolicy;
  /** Maximum age of a sign-in: AADSTS70043. 0 turns it off. */
  signInFrequencySeconds: number;
  /** Only administrators can consent, to every permission: AADSTS90094. */
  onlyAdministratorsConsent: boolean;
  /** Users can request an administrator's consent on the page: AADSTS90095. */
  approvalCanBeRequested: boolean;
  /** What the app gets when the user returns from the page "Need admin approval". */
  administratorNeededAnswer: 'code' | 'cancel';
  /** Optional claims that ID tokens lack although the registration lists them; separated by spaces. */
  withheldClaims: string;
  /** Claims that only the ID tokens of a refresh lack, which OpenID Connect Core 12.2 allows; separated by spaces. */
  claimsWithheldOnRefresh: string;
  /** A user in more groups than this gets no group names in the ID token: the overage of Entra ID. */
  groupLimit: number;
  /** Permissions that tokens lack although they were requested and granted; names separated by spaces. */
  withheldPermissions: string;
  /** `iss` in the authorization response. @see RFC 9207 */
  issuerInResponse: 'absent' | 'right' | 'wrong';
  /** The `Cross-Origin-Opener-Policy` of the pages that the user sees. */
  openerPolicy: 'same-origin' | 'same-origin-allow-popups' | 'unsafe-none';
  /** Delay of every response to the app's server. */
  slowMs: number;
  /** Replies 429 with this `Retry-After` to every request of the app's server. 0 turns it off. */
  throttledRetryAfterSeconds: number;
  /** How every request of the app's server fails. */
  outage: 'none' | 'json-503' | 'html-502';
  /** Lifetime of access tokens issued from now on. */
  accessTokenLifetimeSeconds: number;
  /** How far `iat` and `nbf` of new tokens are in the past. Entra ID has been seen to use 300. */
  tokensBackdatedSeconds: number;
}

/** The switches that have a fixed list of values. */
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
    refreshRefusedWith: 0,
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
    groupLimit: 200, // the limit of Entra ID for JWTs
    issuerInResponse: 'absent',
    openerPolicy: 'same-origin',
    slowMs: 0,
    throttledRetryAfterSeconds: 0,
    outage: 'none',
    accessTokenLifetimeSeconds: 60 * 60, // Entra ID chooses between 60 and 90 minutes
    tokensBackdatedSeconds: 0,
  };
}
