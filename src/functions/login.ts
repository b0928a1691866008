import type { Login } from '../shared/auth/login.ts';
import type { CookieNames } from '../shared/http/cookies.ts';
import { isStartedHere, refuseSpeculation } from '../shared/http/cross-site.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { requireQuery } from '../shared/http/query.ts';
import { redirectResponse } from '../shared/http/response.ts';
import { readTransactionCookies, transactionCookie } from '../shared/http/transaction-cookies.ts';
import type { Caller } from '../shared/session/caller.ts';

/** Sends the browser to Microsoft Entra ID. The login transaction is sealed in a cookie. The server stores nothing. */
export const login =
  (flow: Login, names: CookieNames): Handler<Caller | undefined> =>
  async (request, { caller, log }) => {
    refuseSpeculation(request);
    const query = requireQuery(request.query);
    const startedHere = isStartedHere(request, {
      choosesForUser: query.has('login_hint') || query.has('domain_hint') || query.get('prompt') === 'none',
      hasOwnCookie: request.cookies.get(names.session) !== undefined,
    });
    const { location, started } = await flow.start(
      {
        returnTo: query.get('return_to'),
        prompt: query.get('prompt'),
        loginHint: query.get('login_hint'),
        domainHint: query.get('domain_hint'),
        feature: query.get('feature'),
        ticket: query.get('ticket'),
        display: query.get('display'),
        startedElsewhere: query.has('via') || !startedHere,
      },
      caller,
      readTransactionCookies(request.cookies, names),
      log,
    );
    return redirectResponse(location, [transactionCookie(started, names)]);
  };
