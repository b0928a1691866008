import { type Features, isGranted } from '../policy/features.ts';
import { toSessionId } from '../session/list.ts';
import type { ListedSession, Session, SessionStore } from '../session/store.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import { inTenantOf, isSelf, type TargetOf } from './administered-user.ts';
import { recordingLost } from './lost-change.ts';

/** A session of somebody as an administrator sees it. What the row does not say of itself is missing. */
export interface UserSession {
  readonly id: string;
  /** The administrator's own, that asks. */
  readonly isCurrent: boolean;
  readonly device?: string;
  readonly signedInAt?: Date;
  readonly lastUsedAt: Date;
  /** The absolute limit. */
  readonly expiresAt: Date;
  /** When Entra said which roles the person has. */
  readonly rolesAsOf?: Date;
  /** Features that all permissions were granted for. */
  readonly features: readonly { readonly name: string; readonly title: string }[];
}

export interface UserSessionList {
  readonly sessions: readonly UserSession[];
  /** True if the user has more sessions than are listed. */
  readonly isCut: boolean;
}

export type UserSessionEnding =
  | { readonly kind: 'ended'; readonly wasCurrent: boolean }
  | { readonly kind: 'none' };

/**
 * The sessions of a person in the administrator's tenant.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface UserSessions {
  /** The one that was used last first. */
  list(session: Session, objectId: string, log: Log): Promise<UserSessionList>;
  endOne(session: Session, objectId: string, id: string, log: Log): Promise<UserSessionEnding>;
  /** Ends all, sign-ins under way included. */
  endAll(
    session: Session,
    objectId: string,
    log: Log,
  ): Promise<{ readonly sessions: number; readonly wasCurrent: boolean }>;
}

export interface UserSessionsNeeds {
  readonly store: SessionStore;
  readonly features: Features;
  readonly targetOf: TargetOf;
}

export function createUserSessions({ store, features, targetOf }: UserSessionsNeeds): UserSessions {
  const isCurrent = (session: Session, objectId: string, id: string) =>
    isSelf(session, objectId) && toSessionId(session.address.rowId) === id;
  const toUserSession = (listed: ListedSession, isOwn: boolean): UserSession => {
    const { id, device, signedInAt, lastUsedAt, expiresAt, rolesAsOf, grantedScopes = [] } = listed;
    return {
      id,
      isCurrent: isOwn,
      ...(device === undefined ? {} : { device }),
      ...(signedInAt === undefined ? {} : { signedInAt }),
      lastUsedAt,
      expiresAt,
      ...(rolesAsOf === undefined ? {} : { rolesAsOf }),
      features: features.all.filter((feature) => isGranted(feature, grantedScopes)),
    };
  };
  return {
    async list(session, objectId, log) {
      const { sessions, isCut, unreadable } = await store.list(inTenantOf(session, objectId));
      // The user whose rows these are, not the administrator.
      const user = targetOf(session, objectId);
      if (unreadable > 0) audit(log, { event: 'row-not-opened', user, reason: 'unreadable' });
      return {
        sessions: sessions.map((one) => toUserSession(one, isCurrent(session, objectId, one.id))),
        isCut,
      };
    },
    async endOne(session, objectId, id, log) {
      const record = { event: 'admin-sessions-ended', target: targetOf(session, objectId) } as const;
      const end = () => store.endOne(inTenantOf(session, objectId), id);
      const ending = await end().catch(recordingLost(log, record));
      if (ending.kind === 'none') return ending;
      audit(log, { ...record, outcome: 'done', sessions: 1 });
      return { kind: 'ended', wasCurrent: isCurrent(session, objectId, id) };
    },
    async endAll(session, objectId, log) {
      const record = { event: 'admin-sessions-ended', target: targetOf(session, objectId) } as const;
      const end = () => store.endAll(inTenantOf(session, objectId));
      const sessions = await end().catch(recordingLost(log, record));
      audit(log, { ...record, outcome: 'done', sessions });
      return { sessions, wasCurrent: isSelf(session, objectId) };
    },
  };
}
