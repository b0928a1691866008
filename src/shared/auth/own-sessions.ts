import { type Features, isGranted } from '../policy/features.ts';
import { toSessionId } from '../session/list.ts';
import type { ListedSession, Session, SessionStore } from '../session/store.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';

/** One of a person's own sessions, as `api/auth/sessions` lists it. */
export interface OwnSession {
  readonly id: string;
  /** The one that asks. */
  readonly current: boolean;
  readonly device: string | null;
  readonly signed_in_at: string | null;
  readonly last_used_at: string;
  /** The absolute limit. */
  readonly expires_at: string;
  /** Names of the features that all permissions were granted for. */
  readonly features: readonly string[];
}

export interface OwnSessionList {
  readonly sessions: readonly OwnSession[];
  /** False if the user has more sessions than are listed. */
  readonly complete: boolean;
}

export type OwnEnding = { readonly kind: 'ended'; readonly wasCurrent: boolean } | { readonly kind: 'none' };

/**
 * Where a person is signed in. Whose sessions these are says the session that asks, and nothing in the request.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface OwnSessions {
  /** The one that was used last first. */
  list(session: Session, log: Log): Promise<OwnSessionList>;
  endOne(session: Session, id: string, log: Log): Promise<OwnEnding>;
  /** Ends all but the one that asks, sign-ins under way included; gives how many there were. */
  endOthers(session: Session, log: Log): Promise<number>;
}

export interface OwnSessionsNeeds {
  readonly store: SessionStore;
  readonly features: Features;
}

export function createOwnSessions({ store, features }: OwnSessionsNeeds): OwnSessions {
  const userOf = ({ facts }: Session) => facts.claims.principal;
  const idOf = ({ address }: Session) => toSessionId(address.rowId);
  const grantedFeatures = (scopes: readonly string[]) =>
    features.all.filter((feature) => isGranted(feature, scopes)).map(({ name }) => name);
  const toOwnSession = (listed: ListedSession, currentId: string): OwnSession => ({
    id: listed.id,
    current: listed.id === currentId,
    device: listed.device ?? null,
    signed_in_at: listed.signedInAt?.toISOString() ?? null,
    last_used_at: listed.lastUsedAt.toISOString(),
    expires_at: listed.expiresAt.toISOString(),
    features: listed.grantedScopes === undefined ? [] : grantedFeatures(listed.grantedScopes),
  });
  return {
    async list(session, log) {
      const { sessions, isCut, unreadable } = await store.list(userOf(session));
      if (unreadable > 0) audit(log, { event: 'row-not-opened', reason: 'unreadable' });
      return { sessions: sessions.map((one) => toOwnSession(one, idOf(session))), complete: !isCut };
    },
    async endOne(session, id, log) {
      const ending = await store.endOne(userOf(session), id);
      if (ending.kind === 'none') return ending;
      audit(log, { event: 'session-ended', by: 'user', sessions: 1 });
      return { kind: 'ended', wasCurrent: id === idOf(session) };
    },
    async endOthers(session, log) {
      const sessions = await store.endAll(userOf(session), session.address);
      audit(log, { event: 'session-ended', by: 'user', sessions });
      return sessions;
    },
  };
}
