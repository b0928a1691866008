import type { SessionAnswer } from '../shared/auth/session-answer.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';
import type { Caller } from '../shared/session/caller.ts';

/** Returns who is signed in. The call does not extend the session. */
export const session =
  (answer: (caller: Caller | undefined) => SessionAnswer): Handler<Caller | undefined> =>
  (_request, { caller }) =>
    jsonResponse(answer(caller));
