import { signedInHere } from '../shared/access/guard.ts';
import type { OwnSessions } from '../shared/auth/own-sessions.ts';
import { BffError } from '../shared/errors.ts';
import type { CookieNames } from '../shared/http/cookies.ts';
import type { Endpoint } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';
import { signedOutCookies } from '../shared/http/transaction-cookies.ts';

/** Where the person is signed in; DELETE ends it everywhere but here. */
export const sessions = (endpoint: Endpoint, flow: OwnSessions) =>
  endpoint(
    { methods: ['GET', 'DELETE'], caller: 'script', access: signedInHere },
    async ({ method, log }, session) =>
      jsonResponse(
        method === 'GET' ? await flow.list(session, log) : { ended: await flow.endOthers(session, log) },
      ),
  );

/** Ends one of the person's own sessions. */
export const sessionById = (endpoint: Endpoint, flow: OwnSessions, names: CookieNames) =>
  endpoint(
    { methods: ['DELETE'], caller: 'script', access: signedInHere },
    async ({ routeParameter, log }, session) => {
      const ending = await flow.endOne(session, routeParameter('id'), log);
      if (ending.kind === 'none') {
        throw new BffError('not_found', { detail: 'You have no session of this id. It may have ended.' });
      }
      return { status: 204, cookies: ending.wasCurrent ? signedOutCookies(names) : [] };
    },
  );
