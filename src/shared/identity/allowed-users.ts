import type { VerifiedClaims } from './principal.ts';

/** The users whom the settings allow to sign in. */
export interface AllowedUsers {
  readonly allowedTenants: ReadonlySet<string>;
  /** Whether guests of an allowed tenant may sign in. */
  readonly allowsGuests: boolean;
}

/** Checked at sign-in and for every session that is read, because settings change while sessions live. */
export function isAllowed(
  { principal, isGuest }: VerifiedClaims,
  { allowedTenants, allowsGuests }: AllowedUsers,
): boolean {
  return allowedTenants.has(principal.tenantId) && (allowsGuests || !isGuest);
}
