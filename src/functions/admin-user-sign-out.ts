import { guard } from '../shared/access/guard.ts';
import { requireObjectId } from '../shared/admin/directory.ts';
import type { AdministrationGuards } from '../shared/admin/guards.ts';
import type { SignOutUser } from '../shared/admin/sign-out.ts';
import type { CookieNames } from '../shared/http/cookies.ts';
import type { Endpoint } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';
import { signedOutCookies } from '../shared/http/transaction-cookies.ts';

/** Signs somebody out of Entra and ends all their sessions here. */
export const adminUserSignOut = (
  endpoint: Endpoint,
  signOut: SignOutUser,
  guards: AdministrationGuards,
  names: CookieNames,
) =>
  endpoint(
    { methods: ['POST'], caller: 'script', access: guard(guards.change), countsAsUse: true },
    async ({ log, routeParameter }, session) => {
      const { sessions, wasCurrent } = await signOut(session, requireObjectId(routeParameter('user')), log);
      return {
        ...jsonResponse({ sign_ins_revoked: true, ended: sessions }),
        cookies: wasCurrent ? signedOutCookies(names) : [],
      };
    },
  );
