import type { Session, SessionStore, User } from '../session/session-store.ts';
import type { Log } from '../telemetry/log.ts';

export type AdminEvent =
  | 'admin-user-opened'
  | 'admin-sessions-ended'
  | 'admin-sign-ins-revoked'
  | 'admin-grant-revoked';

/** Who did what to whom (AD-2), by keyed hashes: the log names nobody. */
export type AuditAdmin = (
  log: Log,
  session: Session,
  event: AdminEvent,
  objectId: string,
  counts?: { readonly sessions: number },
) => void;

export function createAuditAdmin({ pseudonymOf }: Pick<SessionStore, 'pseudonymOf'>): AuditAdmin {
  return (log, session, event, objectId, counts) =>
    log('info', {
      event,
      user: pseudonymOf(session.facts.claims.principal),
      target: pseudonymOf(inTenantOf(session, objectId)),
      ...counts,
    });
}

/**
 * An administrator's people are those of the tenant that gave them the role: what another tenant calls by the same object id
 * is out of reach (RG-6).
 */
export function inTenantOf({ facts }: Session, objectId: string): User {
  return { tenantId: facts.claims.principal.tenantId, objectId };
}

export function isSelf({ facts }: Session, objectId: string): boolean {
  return facts.claims.principal.objectId === objectId;
}
