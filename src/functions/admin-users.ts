import { guard } from '../shared/access/guard.ts';
import type { Guard } from '../shared/access/guard-rules.ts';
import type { Directory } from '../shared/admin/directory.ts';
import type { Endpoint } from '../shared/http/endpoint.ts';
import { requireQuery } from '../shared/http/query.ts';
import { jsonResponse } from '../shared/http/response.ts';

/** Finds people of the administrator's tenant, by the administrator's own rights. */
export const adminUsers = (endpoint: Endpoint, directory: Directory, mayAdminister: Guard) =>
  endpoint(
    { methods: ['GET'], caller: 'script', access: guard(mayAdminister), countsAsUse: true },
    async ({ query, log }, session) =>
      jsonResponse({ users: await directory.find(session, requireQuery(query).get('q') ?? '', log) }),
  );
