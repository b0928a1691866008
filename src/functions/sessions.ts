import type { OwnSessions } from '../shared/auth/own-sessions.ts';
import { BffError } from '../shared/errors.ts';
import type { CookieNames } from '../shared/http/cookies.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';
import { signedOutCookies } from '../shared/http/transaction-cookies.ts';
import type { Session } from '../shared/session/store.ts';

/** Where the person is signed in; DELETE ends it everywhere but here. */
export const sessions =
  (flow: OwnSessions): Handler<Session> =>
  async ({ method, log }, session) =>
    jsonResponse(
      method === 'GET' ? await flow.list(session, log) : { ended: await flow.endOthers(session, log) },
    );

/** Ends one of the person's own sessions. */
export const sessionById =
  (flow: OwnSessions, names: CookieNames): Handler<Session> =>
  async ({ routeParameter, log }, session) => {
    const ending = await flow.endOne(session, routeParameter('id'), log);
    if (ending.kind === 'none') {
      throw new BffError('not_found', { detail: 'You have no session of this id. It may have ended.' });
    }
    return { status: 204, cookies: ending.wasCurrent ? signedOutCookies(names) : [] };
  };
