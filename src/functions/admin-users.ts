import type { RecordUserOpened } from '../shared/admin/administration.ts';
import { type Directory, requireObjectId } from '../shared/admin/directory.ts';
import type { Grants } from '../shared/admin/grants.ts';
import type { SignOutUser } from '../shared/admin/sign-out.ts';
import type { UserSession, UserSessions } from '../shared/admin/user-sessions.ts';
import { BffError } from '../shared/errors.ts';
import type { CookieNames } from '../shared/http/cookies.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { requireQuery } from '../shared/http/query.ts';
import { jsonResponse } from '../shared/http/response.ts';
import { signedOutCookies } from '../shared/http/transaction-cookies.ts';

/** Finds users of the administrator's tenant, with the administrator's permissions in Graph. */
export const adminUsers =
  (directory: Directory): Handler =>
  async ({ query }, { caller, log }) => {
    const text = requireQuery(query).get('q') ?? '';
    return jsonResponse({ users: await directory.search(caller, text, log) });
  };

/** GET lists a user's sessions. DELETE ends all of them. */
export const adminUserSessions =
  (userSessions: UserSessions, names: CookieNames, recordUserOpened: RecordUserOpened): Handler =>
  async ({ method, routeParameter }, { caller, log }) => {
    const user = requireObjectId(routeParameter('user'));
    if (method === 'GET') {
      recordUserOpened(caller, user, log);
      const { sessions, isTruncated } = await userSessions.list(caller, user, log);
      return jsonResponse({ sessions: sessions.map(toJson), complete: !isTruncated });
    }
    const { sessions: ended, wasCurrent } = await userSessions.endAll(caller, user, log);
    return {
      ...jsonResponse({ ended }),
      cookies: wasCurrent ? signedOutCookies(names) : [],
    };
  };

/** Ends one of a user's sessions. */
export const adminUserSessionById =
  (userSessions: UserSessions, names: CookieNames): Handler =>
  async ({ routeParameter }, { caller, log }) => {
    const user = requireObjectId(routeParameter('user'));
    const ending = await userSessions.endOne(caller, user, routeParameter('id'), log);
    if (ending.kind === 'none') {
      throw new BffError('not_found', {
        detail: 'This user has no session with this id. It may have ended.',
      });
    }
    return { status: 204, cookies: ending.wasCurrent ? signedOutCookies(names) : [] };
  };

/** Signs a user out of Entra ID and ends all their sessions here. */
export const adminUserSignOut =
  (signOut: SignOutUser, names: CookieNames): Handler =>
  async ({ routeParameter }, { caller, log }) => {
    const user = requireObjectId(routeParameter('user'));
    const { sessions: ended, wasCurrent } = await signOut(caller, user, log);
    return {
      ...jsonResponse({ sign_ins_revoked: true, ended }),
      cookies: wasCurrent ? signedOutCookies(names) : [],
    };
  };

/** Lists the delegated permissions that a user has granted this app. */
export const adminUserGrants =
  (grants: Grants, recordUserOpened: RecordUserOpened): Handler =>
  async ({ routeParameter }, { caller, log }) => {
    const user = requireObjectId(routeParameter('user'));
    recordUserOpened(caller, user, log);
    return jsonResponse({ grants: await grants.list(caller, user, log) });
  };

/** Revokes one of a user's grants. */
export const adminUserGrantById =
  (grants: Grants): Handler =>
  async ({ routeParameter }, { caller, log }) => {
    const user = requireObjectId(routeParameter('user'));
    const revocation = await grants.revoke(caller, user, routeParameter('id'), log);
    if (revocation.kind === 'none') {
      throw new BffError('not_found', {
        detail: 'This user has not granted this app a permission with this id. It may have been revoked.',
      });
    }
    return { status: 204 };
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
