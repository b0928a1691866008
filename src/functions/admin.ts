import type { Guard } from '../shared/access/rules.ts';
import type { ReadConsole } from '../shared/admin/console.ts';
import type { ConsoleLinks } from '../shared/admin/console-links.ts';
import type { AdminOverview, ReadOverview } from '../shared/admin/overview.ts';
import { documentResponse } from '../shared/http/document.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { requireQuery } from '../shared/http/query.ts';
import { prefersHtml } from '../shared/http/request.ts';
import { jsonResponse } from '../shared/http/response.ts';
import { adminPage } from '../shared/pages/admin-page.ts';
import type { Present } from '../shared/pages/presentation.ts';
import { sessionOf } from '../shared/session/caller.ts';

export interface AdminFunctionDependencies {
  readonly readOverview: ReadOverview;
  readonly readConsole: ReadConsole;
  readonly consoleLinks: ConsoleLinks;
  /** The guard of this page. The page shows the roles that this guard requires. */
  readonly readGuard: Guard;
  readonly now: () => Date;
  readonly present: Present;
}

/**
 * Shows the administrator's claims and Graph profile. With `?user=`, shows the console for the sign-ins of other users.
 * Scripts get the administrator's claims and Graph profile as JSON.
 */
export const admin =
  ({
    readOverview,
    readConsole,
    consoleLinks,
    readGuard,
    now,
    present,
  }: AdminFunctionDependencies): Handler =>
  async (request, { caller, log }) => {
    const query = requireQuery(request.query);
    const searchText = query.get('user') ?? '';
    if (!prefersHtml(request.header('accept'))) {
      return jsonResponse(toJson(await readOverview(caller, log)));
    }
    // Only scripts of this origin can send `X-CSRF`. Links and searches of the page carry a proof.
    const fromThisPage = request.header('x-csrf') === '1' || consoleLinks.isProof(query.get('from'), caller);
    const via = fromThisPage ? undefined : 'link';
    const view =
      searchText.trim() === ''
        ? ({ kind: 'overview', ...(await readOverview(caller, log)) } as const)
        : await readConsole(caller, searchText, log, via);
    const page = adminPage(present(request.header('accept-language')), view, {
      name: caller.name ?? caller.username ?? '',
      sessionTag: sessionOf(caller).facts.sessionChainId,
      roles: readGuard.roles ?? [],
      proof: consoleLinks.proof(caller),
      now: now(),
      invocationId: request.invocationId,
    });
    return documentResponse(page);
  };

function toJson({ claims, graph }: AdminOverview) {
  return {
    claims: claims.map(({ claim, label, usedFor, value }) => ({ claim, label, used_for: usedFor, value })),
    graph:
      graph.kind === 'loaded'
        ? { kind: graph.kind, ...graph.value }
        : { kind: graph.kind, code: graph.code, title: graph.title, login_url: graph.loginUrl },
  };
}
