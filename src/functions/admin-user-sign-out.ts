import { requireObjectId } from '../shared/admin/directory.ts';
import type { SignOutUser } from '../shared/admin/sign-out.ts';
import type { CookieNames } from '../shared/http/cookies.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';
import { signedOutCookies } from '../shared/http/transaction-cookies.ts';
import type { Session } from '../shared/session/store.ts';

/** Signs somebody out of Entra and ends all their sessions here. */
export const adminUserSignOut =
  (signOut: SignOutUser, names: CookieNames): Handler<Session> =>
  async ({ log, routeParameter }, session) => {
    const { sessions, wasCurrent } = await signOut(session, requireObjectId(routeParameter('user')), log);
    return {
      ...jsonResponse({ sign_ins_revoked: true, ended: sessions }),
      cookies: wasCurrent ? signedOutCookies(names) : [],
    };
  };
