import type { OwnSessions } from '../shared/auth/own-sessions.ts';
import { BffError } from '../shared/errors.ts';
import type { CookieNames } from '../shared/http/cookies.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';
import { signedOutCookies } from '../shared/http/transaction-cookies.ts';
import { sessionOf } from '../shared/session/caller.ts';

/** GET lists the user's sessions. DELETE ends all of them except this one. */
export const sessions =
  (flow: OwnSessions): Handler =>
  async ({ method }, { caller, log }) => {
    const session = sessionOf(caller);
    return jsonResponse(
      method === 'GET' ? await flow.list(session, log) : { ended: await flow.endOthers(session, log) },
    );
  };

/** Ends one of the user's own sessions. */
export const sessionById =
  (flow: OwnSessions, names: CookieNames): Handler =>
  async ({ routeParameter }, { caller, log }) => {
    const ending = await flow.endOne(sessionOf(caller), routeParameter('id'), log);
    if (ending.kind === 'none') {
      throw new BffError('not_found', { detail: 'You have no session with this id. It may have ended.' });
    }
    return { status: 204, cookies: ending.wasCurrent ? signedOutCookies(names) : [] };
  };
