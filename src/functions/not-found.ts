import { BffError } from '../shared/errors.ts';
import { documentResponse } from '../shared/http/document.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { type BffRequest, prefersHtml } from '../shared/http/request.ts';
import { startPage } from '../shared/pages/start-page.ts';

/**
 * Serves every path that no other function serves. At `/`, Azure's pings get an empty response, and a browser a page:
 * sign-ins end here if the app's own pages are elsewhere.
 */
export const notFound = (): Handler<undefined> => (request) => {
  if (!isStartPage(request)) throw new BffError('not_found', { detail: 'Check the URL.' });
  return prefersHtml(request.header('accept')) ? documentResponse(startPage()) : { status: 204 };
};

function isStartPage({ method, routePath }: BffRequest): boolean {
  return routePath === '/' && (method === 'GET' || method === 'HEAD');
}
