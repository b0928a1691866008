import type { VerifiedClaims } from './principal.ts';

/** The users whom the settings allow to sign in. */
export interface AllowedUsers {
  readonly allowedTenants: ReadonlySet<string>;
  /** True if guests of an allowed tenant may sign in. */
  readonly allowsGuests: boolean;
}

/** Checked for every ID token and whenever a session is read, because the settings may have changed since the sign-in. */
export function isAllowed(
  { principal, isGuest }: VerifiedClaims,
  { allowedTenants, allowsGuests }: AllowedUsers,
): boolean {
  return allowedTenants.has(principal.tenantId) && (allowsGuests || !isGuest);
}
