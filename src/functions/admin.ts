import { guard } from '../shared/access/guard.ts';
import type { Guard } from '../shared/access/guard-rules.ts';
import type { AdminOverview } from '../shared/admin/overview.ts';
import type { Endpoint } from '../shared/http/endpoint.ts';
import { adminPage } from '../shared/http/pages/admin-page.ts';
import { prefersHtml } from '../shared/http/request.ts';
import { jsonResponse } from '../shared/http/response.ts';
import type { Session } from '../shared/session/session-store.ts';
import type { Log } from '../shared/telemetry/log.ts';

export interface AdminFunctionNeeds {
  readonly overview: (session: Session, log: Log) => Promise<AdminOverview>;
  readonly mayAdminister: Guard;
}

/** The administrator's page: verified claims and the live Graph answer; the same as JSON for scripts. */
export const admin = (endpoint: Endpoint, { overview, mayAdminister }: AdminFunctionNeeds) =>
  endpoint(
    { methods: ['GET'], caller: 'page', access: guard(mayAdminister), page: true, countsAsUse: true },
    async (request, session) => {
      const answer = await overview(session, request.log);
      return prefersHtml(request.header('accept'))
        ? adminPage(answer, mayAdminister.roles ?? [])
        : jsonResponse(toJson(answer));
    },
  );

/** The wire's spelling, as in every other answer of ours. */
function toJson({ claims, graph }: AdminOverview) {
  return {
    claims: claims.map(({ claim, label, usedFor, value }) => ({ claim, label, used_for: usedFor, value })),
    graph:
      graph.kind === 'answered'
        ? { kind: graph.kind, profile: graph.profile, memberships: graph.memberships }
        : { kind: graph.kind, code: graph.code, title: graph.title, login_url: graph.loginUrl },
  };
}
