import { type Access, type Bff, type Caller, jsonResponse, signedIn } from 'entra-bff';
import { printInEveryWay } from './prints.ts';

/** Functions that print everything that a handler receives. */
export function callerRoutes(bff: Bff): void {
  bff.route('printed', { path: 'api/printed', access: signedIn }, (request, context) => {
    const { caller } = context;
    for (const text of Object.values(printInEveryWay(context)))
      context.log('info', { event: 'printed', text });
    return jsonResponse({
      ...caller,
      of_caller: printInEveryWay(caller),
      of_context: printInEveryWay(context),
      of_request: printInEveryWay(request),
      cookies: request.header('cookie') ?? null,
      session_cookie: request.cookies.get('session') ?? null,
      other_cookie: request.cookies.get('theme') ?? null,
    });
  });
  bff.route(
    'copied-caller',
    { path: 'api/copied-caller', access: signedIn },
    async (_request, { caller, log }) =>
      jsonResponse(
        await bff.graph.get({ ...caller }, '/me', { feature: 'profile', scopes: ['User.Read'], log }),
      ),
  );

  /** An access rule that returns more than the caller, and calls Graph to decide. */
  const withName: Access<{ readonly user: Caller; readonly name: unknown }> = {
    session: 'required',
    async decide(found, authorize) {
      const user = await signedIn.decide(found, authorize);
      const me = await bff.graph.get(user, '/me', { feature: 'profile', scopes: ['User.Read'] });
      return { user, name: me['displayName'] };
    },
  };
  bff.route(
    'named-access',
    { path: 'api/named-access', access: withName },
    async (_request, { caller: { user, name } }) => {
      const me = await bff.graph.get(user, '/me', { feature: 'profile', scopes: ['User.Read'] });
      return jsonResponse({ name, id: me['id'] });
    },
  );
}
