import type { Emulators } from 'entra-bff/testing';

/** Ends the sign-ins of a user, as after a change of the password. */
export async function changePassword(emulators: Emulators, user: string): Promise<void> {
  // #region renewal
  await emulators.entra.act({ action: 'end-sign-ins', ending: 'revoked', user });
  await emulators.graph.act({ action: 'revoke-tokens', user });
  // #endregion
}
