import { BffError } from '../shared/errors.ts';
import { documentResponse } from '../shared/http/document.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { type BffRequest, prefersHtml } from '../shared/http/request.ts';
import type { Present } from '../shared/pages/presentation.ts';
import { startPage } from '../shared/pages/start-page.ts';

/**
 * Responds at every path that no other function serves. At `/`, Azure's pings get an empty response. A browser gets a
 * page, because sign-ins return to `/` by default, even if the app serves no page there.
 */
export const notFound =
  (present: Present): Handler<undefined> =>
  (request) => {
    if (!isStartPage(request)) throw new BffError('not_found', { detail: 'Check the URL.' });
    if (!prefersHtml(request.header('accept'))) return { status: 204 };
    return documentResponse(startPage(present(request.header('accept-language'))));
  };

function isStartPage({ method, routePath }: BffRequest): boolean {
  return routePath === '/' && (method === 'GET' || method === 'HEAD');
}
