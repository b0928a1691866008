import { allowAnonymous, type Bff, jsonResponse, optionalSession, signedIn } from 'entra-bff';

/** Functions that a link or an image can lead to; each says what came of its address. */
export function reportRoutes(bff: Bff): void {
  bff.route(
    'report',
    'api/report',
    { methods: ['GET', 'POST'], caller: 'page', access: signedIn, page: true },
    ({ rawQuery, query }, session) => ({
      ...jsonResponse({
        of: session.facts.claims.principal.name,
        rawQuery,
        query: query.kind === 'query' ? [...query.query] : query.kind,
      }),
    }),
  );
  bff.route(
    'report-of-anyone',
    'api/report-of-anyone',
    { methods: ['GET'], caller: 'navigation', access: optionalSession },
    (_request, session) => jsonResponse({ of: session?.facts.claims.principal.name ?? 'nobody' }),
  );
  bff.route(
    'report-of-nobody',
    'api/report-of-nobody',
    { methods: ['GET'], caller: 'navigation', access: allowAnonymous },
    ({ rawQuery }) => jsonResponse({ rawQuery }),
  );
}
