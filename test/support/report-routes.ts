import { allowAnonymous, type Bff, jsonResponse, optionalSession, signedIn } from 'entra-bff';

/** Functions that a link or an image can address. Each returns the query that it received. */
export function reportRoutes(bff: Bff): void {
  bff.route(
    'report',
    {
      path: 'api/report',
      methods: ['GET', 'POST'],
      access: signedIn,
      csrf: 'unless-navigation',
      errorFormat: 'html',
    },
    ({ rawQuery, query }, { caller }) => ({
      ...jsonResponse({
        of: caller.name,
        rawQuery,
        query: query.kind === 'query' ? [...query.query] : query.kind,
      }),
    }),
  );
  bff.route(
    'report-of-anyone',
    { path: 'api/report-of-anyone', access: optionalSession, csrf: 'none' },
    (_request, { caller }) => jsonResponse({ of: caller?.name ?? 'nobody' }),
  );
  bff.route(
    'report-of-nobody',
    { path: 'api/report-of-nobody', access: allowAnonymous, csrf: 'none' },
    ({ rawQuery }) => jsonResponse({ rawQuery }),
  );
}
