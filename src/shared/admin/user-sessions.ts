import { type Features, isGranted } from '../policy/features.ts';
import { type Caller, sessionOf } from '../session/caller.ts';
import type { ListedSession } from '../session/list.ts';
import { toSessionId } from '../session/locator.ts';
import type { SessionStore } from '../session/store.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import { type AuditTarget, isSelf, recordIfUncertainAndRethrow, userInTenantOf } from './administration.ts';

/** A user's session, as an administrator sees it. */
export interface UserSession {
  readonly id: string;
  /** True for the session in which the administrator makes this call. */
  readonly isCurrent: boolean;
  readonly device?: string;
  readonly signedInAt?: Date;
  readonly lastUsedAt: Date;
  /** The absolute limit. A session that is not used ends earlier. */
  readonly expiresAt: Date;
  /** When Entra ID last stated the user's roles. */
  readonly rolesAsOf?: Date;
  /** Features whose permissions are all granted. */
  readonly features: readonly { readonly name: string }[];
}

export interface UserSessionList {
  readonly sessions: readonly UserSession[];
  /** True if the user has more sessions than are listed. */
  readonly isTruncated: boolean;
}

export type EndSessionResult =
  | { readonly kind: 'ended'; readonly wasCurrent: boolean }
  | { readonly kind: 'none' };

export interface EndAllSessionsResult {
  /** Number of sessions that ended. */
  readonly sessions: number;
  /** True if the session in which the administrator makes this call has ended too. */
  readonly wasCurrent: boolean;
}

/**
 * The sessions of a user in the administrator's tenant.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface UserSessions {
  /** The most recently used session is first. */
  list(administrator: Caller, objectId: string, log: Log): Promise<UserSessionList>;
  endOne(administrator: Caller, objectId: string, id: string, log: Log): Promise<EndSessionResult>;
  /** Also ends sign-ins that are in progress. */
  endAll(administrator: Caller, objectId: string, log: Log): Promise<EndAllSessionsResult>;
}

export interface UserSessionsDependencies {
  readonly store: SessionStore;
  readonly features: Features;
  readonly auditTarget: AuditTarget;
}

export function createUserSessions(dependencies: UserSessionsDependencies): UserSessions {
  const { store, features, auditTarget } = dependencies;
  const toAuditRecord = (administrator: Caller, objectId: string) =>
    ({ event: 'admin-sessions-ended', target: auditTarget(administrator, objectId) }) as const;
  return {
    async list(administrator, objectId, log) {
      const { sessions, isCut, unreadable } = await store.list(userInTenantOf(administrator, objectId));
      // The user who has these rows, not the administrator.
      const user = auditTarget(administrator, objectId);
      if (unreadable > 0) audit(log, { event: 'row-not-opened', user, reason: 'unreadable' });
      return {
        sessions: sessions.map((listed) =>
          toUserSession(listed, isCurrent(administrator, objectId, listed.id), features),
        ),
        isTruncated: isCut,
      };
    },
    async endOne(administrator, objectId, id, log) {
      const record = toAuditRecord(administrator, objectId);
      const ending = await store
        .endOne(userInTenantOf(administrator, objectId), id)
        .catch(recordIfUncertainAndRethrow(log, record));
      if (ending.kind === 'none') return ending;
      audit(log, { ...record, outcome: 'done', sessions: 1 });
      return { kind: 'ended', wasCurrent: isCurrent(administrator, objectId, id) };
    },
    async endAll(administrator, objectId, log) {
      const record = toAuditRecord(administrator, objectId);
      const sessions = await store
        .endAll(userInTenantOf(administrator, objectId))
        .catch(recordIfUncertainAndRethrow(log, record));
      audit(log, { ...record, outcome: 'done', sessions });
      return { sessions, wasCurrent: isSelf(administrator, objectId) };
    },
  };
}

function isCurrent(administrator: Caller, objectId: string, id: string): boolean {
  return isSelf(administrator, objectId) && toSessionId(sessionOf(administrator).locator.rowId) === id;
}

function toUserSession(listed: ListedSession, isCurrentSession: boolean, features: Features): UserSession {
  const { id, device, signedInAt, lastUsedAt, expiresAt, rolesAsOf, grantedScopes = [] } = listed;
  return {
    id,
    isCurrent: isCurrentSession,
    ...(device === undefined ? {} : { device }),
    ...(signedInAt === undefined ? {} : { signedInAt }),
    lastUsedAt,
    expiresAt,
    ...(rolesAsOf === undefined ? {} : { rolesAsOf }),
    features: features.all.filter((feature) => isGranted(feature, grantedScopes)),
  };
}
