import type { RecordOpening } from '../shared/admin/administered-user.ts';
import { requireObjectId } from '../shared/admin/directory.ts';
import type { Grants } from '../shared/admin/grants.ts';
import { BffError } from '../shared/errors.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';
import type { Session } from '../shared/session/store.ts';

/** Which delegated permissions somebody has granted this app. */
export const adminUserGrants =
  (flow: Grants, recordOpening: RecordOpening): Handler<Session> =>
  async ({ log, routeParameter }, session) => {
    const user = requireObjectId(routeParameter('user'));
    recordOpening(session, user, log);
    return jsonResponse({ grants: await flow.list(session, user, log) });
  };

/** Revokes one of them. */
export const adminUserGrantById =
  (flow: Grants): Handler<Session> =>
  async ({ log, routeParameter }, session) => {
    const user = requireObjectId(routeParameter('user'));
    const revocation = await flow.revoke(session, user, routeParameter('id'), log);
    if (revocation.kind === 'none') {
      throw new BffError('not_found', {
        detail: 'This person has granted this app nothing of this id. It may have been revoked.',
      });
    }
    return { status: 204 };
  };
