import type { SessionResponse } from '../shared/auth/session-response.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';
import type { Caller } from '../shared/session/caller.ts';

/** Returns the signed-in user and the session's state. The call does not extend the session. */
export const session =
  (toSessionResponse: (caller: Caller | undefined) => SessionResponse): Handler<Caller | undefined> =>
  (_request, { caller }) =>
    jsonResponse(toSessionResponse(caller));
