import { optionalSession } from '../shared/access/guard.ts';
import type { Callback, CallbackOutcome } from '../shared/auth/callback.ts';
import { BffError } from '../shared/errors.ts';
import { type CookieNames, clearedCookie } from '../shared/http/cookies.ts';
import type { Endpoint } from '../shared/http/endpoint.ts';
import { bouncePage } from '../shared/http/pages/bounce-page.ts';
import { refusalResponse } from '../shared/http/pages/refusal-page.ts';
import { type Query, requireQuery } from '../shared/http/query.ts';
import { type BffRequest, isBounced } from '../shared/http/request.ts';
import { type BffResponse, redirectResponse } from '../shared/http/response.ts';
import { readTransactionCookies, transactionCookie } from '../shared/http/transaction-cookies.ts';

/** Where Microsoft Entra ID sends the browser back to: finishes the sign-in, or says how it ended. */
export const callback = (endpoint: Endpoint, flow: Callback, names: CookieNames) =>
  endpoint(
    { methods: ['GET'], caller: 'navigation', access: optionalSession, page: true },
    async (request, session) => {
      refuseSpeculation(request);
      const query = requireQuery(request.query);
      refuseContradiction(query);
      const outcome = await flow.finish(
        {
          state: query.get('state'),
          code: query.get('code'),
          error: query.get('error'),
          errorDescription: query.get('error_description'),
          errorSubcode: query.get('error_subcode'),
          bounced: isBounced(request),
        },
        session,
        readTransactionCookies(request.cookies, names),
        request.log,
      );
      return toResponse(outcome, request, names);
    },
  );

function toResponse(outcome: CallbackOutcome, request: BffRequest, names: CookieNames): BffResponse {
  if (outcome.kind === 'bounce') return bouncePage(request.path, request.rawQuery);
  const used = clearedCookie(names.transaction(outcome.usedSlot));
  switch (outcome.kind) {
    case 'signed-in': {
      return redirectResponse(outcome.returnPath, [
        { name: names.session, value: outcome.cookieValue, maxAgeSeconds: outcome.maxAgeSeconds },
        used,
      ]);
    }
    case 'already-signed-in':
      return redirectResponse(outcome.returnPath, [used]);
    case 'restarted': {
      const next = transactionCookie(outcome.login.started, names);
      return redirectResponse(outcome.login.location, used.name === next.name ? [next] : [used, next]);
    }
    case 'refused': {
      const response = refusalResponse(request, outcome.refusal, outcome.returnPath, outcome.feature);
      return { ...response, cookies: [used] };
    }
  }
}

/** A browser that loads ahead of the person must not use up the code (CB-7). @throws {BffError} request_invalid */
function refuseSpeculation({ header }: BffRequest): void {
  if (/prefetch|prerender/i.test(`${header('sec-purpose') ?? ''} ${header('purpose') ?? ''}`)) {
    throw new BffError('request_invalid', { detail: 'A sign-in is not finished ahead of the person.' });
  }
}

/** Either a code or an error, and nothing that belongs to flows we do not use (CB-4). @throws {BffError} request_invalid */
function refuseContradiction(query: Query): void {
  if (query.has('code') && query.has('error')) {
    throw new BffError('request_invalid', { detail: 'The answer has both a code and an error.' });
  }
  if (query.has('id_token') || query.has('access_token')) {
    throw new BffError('request_invalid', { detail: 'Tokens are not accepted in an address.' });
  }
}
