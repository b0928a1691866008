import type { Login } from '../shared/auth/login.ts';
import type { CookieNames } from '../shared/http/cookies.ts';
import { isBegunHere, refuseSpeculation } from '../shared/http/cross-site.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { requireQuery } from '../shared/http/query.ts';
import { redirectResponse } from '../shared/http/response.ts';
import { readTransactionCookies, transactionCookie } from '../shared/http/transaction-cookies.ts';
import type { Session } from '../shared/session/store.ts';

/** Sends the browser to Microsoft Entra ID, with a sealed transaction in a cookie and nothing stored. */
export const login =
  (flow: Login, names: CookieNames): Handler<Session | undefined> =>
  async (request, session) => {
    refuseSpeculation(request);
    const query = requireQuery(request.query);
    const isBegun = isBegunHere(request, {
      choosesForUser: query.has('login_hint') || query.has('domain_hint') || query.get('prompt') === 'none',
      hasOwnCookie: request.cookies.get(names.session) !== undefined,
    });
    const { location, started } = await flow.begin(
      {
        returnTo: query.get('return_to'),
        prompt: query.get('prompt'),
        loginHint: query.get('login_hint'),
        domainHint: query.get('domain_hint'),
        feature: query.get('feature'),
        ticket: query.get('ticket'),
        display: query.get('display'),
        begunElsewhere: query.has('via') || !isBegun,
      },
      session,
      readTransactionCookies(request.cookies, names),
      request.log,
    );
    return redirectResponse(location, [transactionCookie(started, names)]);
  };
