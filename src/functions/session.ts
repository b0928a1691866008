import type { SessionAnswer } from '../shared/auth/session-answer.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';
import type { Session } from '../shared/session/store.ts';

/** Who is signed in. Asking does not keep the session alive. */
export const session =
  (answer: (session: Session | undefined) => SessionAnswer): Handler<Session | undefined> =>
  (_request, found) =>
    jsonResponse(answer(found));
