import type { OwnSessions } from '../shared/auth/own-sessions.ts';
import { BffError } from '../shared/errors.ts';
import type { CookieNames } from '../shared/http/cookies.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';
import { signedOutCookies } from '../shared/http/transaction-cookies.ts';

/** GET lists the user's sessions. DELETE ends all of them except the current one. */
export const sessions =
  (flow: OwnSessions): Handler =>
  async ({ method }, { caller, log }) => {
    return jsonResponse(
      method === 'GET' ? await flow.list(caller, log) : { ended: await flow.endOthers(caller, log) },
    );
  };

/** Ends one of the user's sessions. */
export const sessionById =
  (flow: OwnSessions, names: CookieNames): Handler =>
  async ({ routeParameter }, { caller, log }) => {
    const ending = await flow.endOne(caller, routeParameter('id'), log);
    if (ending.kind === 'none') {
      throw new BffError('not_found', { detail: 'You have no session with this id. It may have ended.' });
    }
    return { status: 204, cookies: ending.wasCurrent ? signedOutCookies(names) : [] };
  };
