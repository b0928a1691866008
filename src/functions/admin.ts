import type { Guard } from '../shared/access/guard-rules.ts';
import type { ReadConsole } from '../shared/admin/console.ts';
import type { AdminOverview } from '../shared/admin/overview.ts';
import type { OwnLinks } from '../shared/admin/own-link.ts';
import { documentResponse } from '../shared/http/document.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { requireQuery } from '../shared/http/query.ts';
import { prefersHtml } from '../shared/http/request.ts';
import { jsonResponse } from '../shared/http/response.ts';
import { adminPage } from '../shared/pages/admin-page.ts';
import { sessionOf } from '../shared/session/caller.ts';
import type { Session } from '../shared/session/store.ts';
import type { Log } from '../shared/telemetry/log.ts';

export interface AdminFunctionDependencies {
  readonly overview: (session: Session, log: Log) => Promise<AdminOverview>;
  readonly readConsole: ReadConsole;
  readonly ownLinks: OwnLinks;
  readonly mayAdminister: Guard;
  readonly now: () => Date;
}

/**
 * The administrator's own claims and a live answer of Graph, or with `?user=` the console for the sign-ins of other users.
 * Scripts get the administrator's claims and Graph's answer as JSON.
 */
export const admin =
  ({ overview, readConsole, ownLinks, mayAdminister, now }: AdminFunctionDependencies): Handler =>
  async (request, { caller, log }) => {
    const session = sessionOf(caller);
    const query = requireQuery(request.query);
    const searchText = query.get('user') ?? '';
    if (!prefersHtml(request.header('accept'))) {
      return jsonResponse(toJson(await overview(session, log)));
    }
    // The header proves that the page's own script made the request.
    const isOwn = request.header('x-csrf') === '1' || ownLinks.isProof(query.get('from'), session);
    const via = isOwn ? undefined : 'link';
    const view =
      searchText.trim() === ''
        ? ({ kind: 'overview', ...(await overview(session, log)) } as const)
        : await readConsole(session, searchText, log, via);
    const page = adminPage(view, {
      administrator: session.facts.claims.principal,
      sessionTag: session.facts.sessionChainId,
      roles: mayAdminister.roles ?? [],
      proof: ownLinks.proof(session),
      now: now(),
      invocationId: request.invocationId,
    });
    return documentResponse(page);
  };

function toJson({ claims, graph }: AdminOverview) {
  return {
    claims: claims.map(({ claim, label, usedFor, value }) => ({ claim, label, used_for: usedFor, value })),
    graph:
      graph.kind === 'answered'
        ? { kind: graph.kind, ...graph.value }
        : { kind: graph.kind, code: graph.code, title: graph.title, login_url: graph.loginUrl },
  };
}
