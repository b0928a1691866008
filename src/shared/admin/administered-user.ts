import type { Buffer } from 'node:buffer';
import type { Session, User } from '../session/store.ts';
import { auditPseudonymOf } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';

/**
 * An administrator's people are those of the tenant that gave them the role: what another tenant calls by the same object id
 * is out of reach.
 */
export function inTenantOf({ facts }: Session, objectId: string): User {
  return { tenantId: facts.claims.principal.tenantId, objectId };
}

export function isSelf({ facts }: Session, objectId: string): boolean {
  return facts.claims.principal.objectId === objectId;
}

/** What audit records call the person whom an administrator acts on. */
export type TargetOf = (session: Session, objectId: string) => string;

export function createTargetOf(indexKey: Buffer): TargetOf {
  return (session, objectId) => auditPseudonymOf(indexKey, inTenantOf(session, objectId));
}

/**
 * Records that an administrator opened a user: once, however many responses show that user.
 * @param via `link` if no page of this service is known to have led there, because another site may have
 */
export type RecordOpening = (session: Session, objectId: string, log: Log, via?: 'link') => void;

export function createRecordOpening(targetOf: TargetOf): RecordOpening {
  return (session, objectId, log, via) =>
    audit(log, { event: 'admin-user-opened', target: targetOf(session, objectId), via });
}
