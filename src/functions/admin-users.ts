import type { Directory } from '../shared/admin/directory.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { requireQuery } from '../shared/http/query.ts';
import { jsonResponse } from '../shared/http/response.ts';
import type { Session } from '../shared/session/store.ts';

/** Finds people of the administrator's tenant, by the administrator's own rights. */
export const adminUsers =
  (directory: Directory): Handler<Session> =>
  async ({ query, log }, session) =>
    jsonResponse({ users: await directory.find(session, requireQuery(query).get('q') ?? '', log) });
