import { guard } from '../shared/access/guard.ts';
import type { RecordOpening } from '../shared/admin/administered-user.ts';
import { requireObjectId } from '../shared/admin/directory.ts';
import type { Grants } from '../shared/admin/grants.ts';
import type { AdministrationGuards } from '../shared/admin/guards.ts';
import { BffError } from '../shared/errors.ts';
import type { Endpoint } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';

/** Which delegated permissions somebody has granted this app. */
export const adminUserGrants = (
  endpoint: Endpoint,
  flow: Grants,
  guards: AdministrationGuards,
  recordOpening: RecordOpening,
) =>
  endpoint(
    { methods: ['GET'], caller: 'script', access: guard(guards.read), countsAsUse: true },
    async ({ log, routeParameter }, session) => {
      const user = requireObjectId(routeParameter('user'));
      recordOpening(session, user, log);
      return jsonResponse({ grants: await flow.list(session, user, log) });
    },
  );

/** Revokes one of them. */
export const adminUserGrantById = (endpoint: Endpoint, flow: Grants, guards: AdministrationGuards) =>
  endpoint(
    { methods: ['DELETE'], caller: 'script', access: guard(guards.change), countsAsUse: true },
    async ({ log, routeParameter }, session) => {
      const user = requireObjectId(routeParameter('user'));
      const revocation = await flow.revoke(session, user, routeParameter('id'), log);
      if (revocation.kind === 'none') {
        throw new BffError('not_found', {
          detail: 'This person has granted this app nothing of this id. It may have been revoked.',
        });
      }
      return { status: 204 };
    },
  );
