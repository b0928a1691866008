import { type Bff, jsonResponse, signedIn } from 'entra-bff';

/** `GET /api/who-am-i` */
export function whoAmI(bff: Bff): void {
  bff.route('who-am-i', { path: 'api/who-am-i', access: signedIn }, (_request, { caller }) =>
    jsonResponse({ name: caller.name, roles: caller.roles }),
  );
}
