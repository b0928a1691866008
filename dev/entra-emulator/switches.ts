/**
 * What the emulator is told to do wrong. One mutable object: tests write to it, the switches page does too,
 * and every answer reads it afresh, so a change also meets tokens that were issued before.
 */
export type Switches = {
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
  /** Delay of every answer to the app's server. */
  slowMs: number;
  /** Above 0: 429 with this `Retry-After` to every call of the app's server. */
  throttledRetryAfterSeconds: number;
  /** How every call of the app's server fails, if it does. */
  outage: Outage;
  /** Lifetime of access tokens issued from now on. */
  accessTokenLifetimeSeconds: number;
  /** How far `iat` and `nbf` of new tokens lie in the past. Entra has been seen to use 300. */
  tokensBackdatedSeconds: number;
};

export type Outage = 'none' | 'json-503' | 'html-502';

export const outages: readonly Outage[] = ['none', 'json-503', 'html-502'];

export const defaultSwitches = (): Switches => ({
  refreshTokensExpired: false,
  refreshTokensRevoked: false,
  secondFactorDemanded: false,
  consentWithdrawn: false,
  clientSecretExpired: false,
  strictRefreshTokenRotation: false,
  refreshWithoutIdToken: false,
  slowMs: 0,
  throttledRetryAfterSeconds: 0,
  outage: 'none',
  accessTokenLifetimeSeconds: 60 * 60, // Entra's lie between 60 and 90 minutes
  tokensBackdatedSeconds: 0,
});
