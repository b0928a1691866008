import type { Authority } from './authority.ts';
import { endSignIns } from './ended-sign-ins.ts';

/** What administrators see and change at a sign-in service by way of Microsoft Graph. */
export type SignInService = Pick<Authority, 'consents'> & {
  /** As an administrator's revocation does: refreshes and sign-ins so far are refused. */
  revokeSignInSessions(userId: string): void;
};

/** By origin. The real services share one directory; the emulators of one process find each other by what Graph is told. */
const running = new Map<string, SignInService>();

export function announceSignInService(authority: Authority): void {
  const { origin, consents } = authority;
  running.set(origin, {
    consents,
    revokeSignInSessions: (userId) => endSignIns(authority, 'revoked', userId),
  });
}

export const retireSignInService = ({ origin }: Authority): void => void running.delete(origin);

/** Undefined where none of this process has that origin. */
export const findSignInService = (origin: string): SignInService | undefined => running.get(origin);
