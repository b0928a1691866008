import { optionalSession } from '../shared/access/guard.ts';
import type { SessionAnswer } from '../shared/auth/session-answer.ts';
import type { Endpoint } from '../shared/http/endpoint.ts';
import { jsonResponse } from '../shared/http/response.ts';
import type { Session } from '../shared/session/store.ts';

/** Who is signed in. Asking does not keep the session alive. */
export const session = (endpoint: Endpoint, answer: (session: Session | undefined) => SessionAnswer) =>
  endpoint({ methods: ['GET'], caller: 'script', access: optionalSession }, (_request, found) =>
    jsonResponse(answer(found)),
  );
