import type { RecordOpening } from '../shared/admin/administered-user.ts';
import { requireObjectId } from '../shared/admin/directory.ts';
import type { UserSession, UserSessions } from '../shared/admin/user-sessions.ts';
import { BffError } from '../shared/errors.ts';
import type { CookieNames } from '../shared/http/cookies.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';
import { signedOutCookies } from '../shared/http/transaction-cookies.ts';
import type { Session } from '../shared/session/store.ts';

/** Where somebody is signed in; DELETE ends it everywhere. */
export const adminUserSessions =
  (flow: UserSessions, names: CookieNames, recordOpening: RecordOpening): Handler<Session> =>
  async ({ method, log, routeParameter }, session) => {
    const user = requireObjectId(routeParameter('user'));
    if (method === 'GET') {
      recordOpening(session, user, log);
      const { sessions, isCut } = await flow.list(session, user, log);
      return jsonResponse({ sessions: sessions.map(toJson), complete: !isCut });
    }
    const { sessions, wasCurrent } = await flow.endAll(session, user, log);
    return {
      ...jsonResponse({ ended: sessions }),
      cookies: wasCurrent ? signedOutCookies(names) : [],
    };
  };

/** Ends one session of somebody. */
export const adminUserSessionById =
  (flow: UserSessions, names: CookieNames): Handler<Session> =>
  async ({ log, routeParameter }, session) => {
    const user = requireObjectId(routeParameter('user'));
    const ending = await flow.endOne(session, user, routeParameter('id'), log);
    if (ending.kind === 'none') {
      throw new BffError('not_found', {
        detail: 'This person has no session of this id. It may have ended.',
      });
    }
    return { status: 204, cookies: ending.wasCurrent ? signedOutCookies(names) : [] };
  };

function toJson(session: UserSession) {
  const { id, isCurrent, device, signedInAt, lastUsedAt, expiresAt, rolesAsOf, features } = session;
  return {
    id,
    current: isCurrent,
    device: device ?? null,
    signed_in_at: signedInAt?.toISOString() ?? null,
    last_used_at: lastUsedAt.toISOString(),
    expires_at: expiresAt.toISOString(),
    roles_as_of: rolesAsOf?.toISOString() ?? null,
    features: features.map(({ name }) => name),
  };
}
