import { type Bff, type Guard, guard, jsonResponse, signedIn } from 'entra-bff';

const contoso = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
const everyone = '0d9a7f34-6a1b-4c52-8a77-21c3f0b6e101';
const engineering = '0d9a7f34-6a1b-4c52-8a77-21c3f0b6e102';

const guards: Readonly<Record<string, Guard>> = {
  contoso: { tenants: [contoso] },
  engineers: { groups: [engineering] },
  everyone: { groups: [everyone] },
  strong: { authContext: 'c1' },
  recent: { maxAuthAgeSeconds: 600 },
  'admin-or-engineer': { tenants: [contoso], anyOf: [{ roles: ['Admin'] }, { groups: [engineering] }] },
};

/**
 * `GET /api/only-NAME` for each of these guards, `GET /api/folder/…`, a page with a path parameter, and `/api/scripts-only`.
 */
export function guardedRoutes(bff: Bff): void {
  for (const [name, rules] of Object.entries(guards)) {
    bff.route(`only-${name}`, { path: `api/only-${name}`, access: guard(rules) }, (_request, { caller }) =>
      jsonResponse({ name: caller.name }),
    );
  }
  // Types refuse these rules, but an app may be JavaScript.
  const internalRules = { acceptsEmbed: true, acceptsForm: true };
  bff.route(
    'scripts-only',
    { ...internalRules, path: 'api/scripts-only', methods: ['GET', 'POST'], access: signedIn },
    () => jsonResponse({}),
  );
  bff.route(
    'folder',
    { path: 'api/folder/{*path}', access: signedIn, csrf: 'unless-navigation', errorFormat: 'html' },
    (request) => jsonResponse({ path: request.routeParameter('path') }),
  );
}
