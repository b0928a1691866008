import type { User } from '@entra-bff/directory';
import type { EntraError } from './errors.ts';

/** The page to show next, or how the sign-in ended without one. */
export type IdentityStep =
  | { readonly kind: 'pick-account'; readonly users: readonly User[]; readonly problem?: EntraError }
  | { readonly kind: 'unusable-account'; readonly user: User; readonly problem: EntraError }
  | { readonly kind: 'blocked-by-policy'; readonly user: User; readonly problem: EntraError }
  | { readonly kind: 'password-expired'; readonly user: User }
  | { readonly kind: 'second-factor'; readonly user: User; readonly wasDenied: boolean }
  | { readonly kind: 'external-challenge'; readonly user: User }
  /** The user went back to the app. */
  | { readonly kind: 'canceled' }
  | { readonly kind: 'refused'; readonly error: EntraError; readonly subcode?: string };
