import type { Session } from '../session/session-store.ts';
import type { Log } from '../telemetry/log.ts';
import type { RefreshInTurn } from './refresh-queue.ts';
import { scopesByResource } from './scopes.ts';
import type { TokenAcquisition } from './silent-attempt.ts';
import { signInServiceUnavailable } from './unavailable.ts';

export type IdentityRenewal =
  | { readonly kind: 'renewed'; readonly session: Session }
  | Exclude<TokenAcquisition, { kind: 'token' }>;

/**
 * Asks Entra again who the person is, by the refresh token and under its lease: what it says is verified, compared with
 * the session's identity and in the row before this returns. An answer without an ID token renews nothing.
 * @param notBefore what Entra said at or after this instant is new enough, whoever asked for it
 * @throws {BffError} sign_in_service_unavailable, storage_unavailable
 */
export type RenewIdentity = (session: Session, notBefore: Date, log: Log) => Promise<IdentityRenewal>;

export interface RenewIdentityNeeds {
  readonly refresh: RefreshInTurn;
  /** Of every sign-in: granted to whoever has a session. */
  readonly signInScopes: readonly string[];
}

export function createRenewIdentity({ refresh, signInScopes }: RenewIdentityNeeds): RenewIdentity {
  // Of one API alone (AADSTS28000): which one does not matter, an ID token comes with each.
  const scopes = scopesByResource(signInScopes).find(({ length }) => length > 0) ?? ['openid'];
  return async (session, notBefore, log) => {
    const acquired = await refresh(session, { scopes, identityNotBefore: notBefore }, log);
    if (acquired.kind !== 'token') return acquired;
    if (acquired.session.facts.claimsAsOf >= notBefore) return { kind: 'renewed', session: acquired.session };
    throw signInServiceUnavailable('Microsoft Entra ID did not say anew who you are. Try again in a moment.');
  };
}
