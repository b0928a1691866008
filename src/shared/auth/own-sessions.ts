import { type Features, isGranted } from '../policy/features.ts';
import { type Caller, sessionOf } from '../session/caller.ts';
import type { ListedSession } from '../session/list.ts';
import { toSessionId } from '../session/locator.ts';
import type { SessionStore } from '../session/store.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';

/** One of the user's own sessions, as `api/auth/sessions` returns it. */
export interface OwnSession {
  readonly id: string;
  /** True for the session in which this call was made. */
  readonly current: boolean;
  readonly device: string | null;
  readonly signed_in_at: string | null;
  readonly last_used_at: string;
  /** The absolute limit. */
  readonly expires_at: string;
  /** Names of the features whose permissions are all granted. */
  readonly features: readonly string[];
}

export interface OwnSessionList {
  readonly sessions: readonly OwnSession[];
  /** False if the user has more sessions than are listed. */
  readonly complete: boolean;
}

export type EndOwnSessionResult =
  | { readonly kind: 'ended'; readonly wasCurrent: boolean }
  | { readonly kind: 'none' };

/**
 * The caller's own sessions. The user is taken from the caller, never from a value in the request.
 * @throws {BffError} storage_unavailable, from every operation
 */
export interface OwnSessions {
  /** The most recently used session is first. */
  list(caller: Caller, log: Log): Promise<OwnSessionList>;
  endOne(caller: Caller, id: string, log: Log): Promise<EndOwnSessionResult>;
  /**
   * Ends all sessions except the one in which this call was made. Sign-ins in progress will not create a session.
   * @returns how many rows were removed, including those of expired sessions
   */
  endOthers(caller: Caller, log: Log): Promise<number>;
}

export interface OwnSessionsDependencies {
  readonly store: SessionStore;
  readonly features: Features;
}

export function createOwnSessions({ store, features }: OwnSessionsDependencies): OwnSessions {
  return {
    async list(caller, log) {
      const { sessions, isCut, unreadable } = await store.list(caller.user);
      if (unreadable > 0) audit(log, { event: 'row-not-opened', reason: 'unreadable' });
      const currentId = currentIdOf(caller);
      return {
        sessions: sessions.map((listed) => toOwnSession(listed, currentId, features)),
        complete: !isCut,
      };
    },
    async endOne(caller, id, log) {
      const ending = await store.endOne(caller.user, id);
      if (ending.kind === 'none') return ending;
      audit(log, { event: 'session-ended', by: 'user', sessions: 1 });
      return { kind: 'ended', wasCurrent: id === currentIdOf(caller) };
    },
    async endOthers(caller, log) {
      const sessions = await store.endAll(caller.user, sessionOf(caller).locator);
      audit(log, { event: 'session-ended', by: 'user', sessions });
      return sessions;
    },
  };
}

function currentIdOf(caller: Caller): string {
  return toSessionId(sessionOf(caller).locator.rowId);
}

function toOwnSession(listed: ListedSession, currentId: string, features: Features): OwnSession {
  const { id, device, signedInAt, lastUsedAt, expiresAt, grantedScopes = [] } = listed;
  return {
    id,
    current: id === currentId,
    device: device ?? null,
    signed_in_at: signedInAt?.toISOString() ?? null,
    last_used_at: lastUsedAt.toISOString(),
    expires_at: expiresAt.toISOString(),
    features: features.all.filter((feature) => isGranted(feature, grantedScopes)).map(({ name }) => name),
  };
}
