import type { AcquireToken } from '../entra/acquire-token.ts';
import type { TokenChallenge } from '../entra/token-wish.ts';
import { BffError } from '../errors.ts';
import { type Interaction, sessionRequired } from '../interaction/interaction.ts';
import { type HttpAnswer, HttpFailure, type HttpRequest, type SendHttp } from '../network/http-request.ts';
import type { Session } from '../session/session-store.ts';
import type { Log } from '../telemetry/log.ts';
import { readClaimsChallenge } from './claims-challenge.ts';
import { toBrowserHeaders, toUpstreamHeaders } from './headers.ts';
import { readUpstreamPath } from './path-grammar.ts';
import type { Policy } from './policy.ts';
import { readUpstreamQuery } from './query-grammar.ts';

/** A call as the browser made it. */
export interface ProxyCall {
  readonly method: string;
  /** Path after our prefix, as in the URL. */
  readonly path: string;
  /** The same path as the host's router saw it. */
  readonly routeParameter: string;
  /** Without the question mark. */
  readonly query: string;
  header(name: string): string | undefined;
  body(): Promise<Uint8Array>;
}

export interface ProxyAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Forwards what the policy allows to one upstream origin, with the signed-in user's access token. */
export interface UpstreamProxy {
  /** @throws {BffError} with every problem code that a refused or failed call has */
  call(session: Session, call: ProxyCall, log: Log): Promise<ProxyAnswer>;
}

export interface ProxyNeeds {
  readonly policy: Policy;
  /** The one origin that tokens are sent to. */
  readonly origin: string;
  readonly bodyLimitBytes: number;
  readonly timeoutMs: number;
  readonly sendHttp: SendHttp;
  readonly acquireToken: AcquireToken;
  readonly interaction: Interaction;
}

export function createProxy(needs: ProxyNeeds): UpstreamProxy {
  const { policy, origin, bodyLimitBytes, timeoutMs, sendHttp, acquireToken, interaction } = needs;
  return {
    async call(session, call, log) {
      const { path, feature, scopes } = allowedCall(policy, call);
      const body = await readBody(call, bodyLimitBytes);
      interaction.requireNotWithheld(session, feature, scopes);
      const tokenFor = async (challenge?: TokenChallenge): Promise<string> => {
        const acquired = await acquireToken(session, scopes, log, challenge);
        if (acquired.kind === 'session-ended') throw sessionRequired('session_ended');
        if (acquired.kind === 'token') return acquired.accessToken;
        // What Entra itself asks for goes before what the API asked for.
        const claims = acquired.claims ?? challenge?.claims;
        throw interaction.required(session, {
          ...acquired,
          feature,
          scopes,
          ...(claims === undefined ? {} : { claims }),
        });
      };
      const send = async (accessToken: string): Promise<HttpAnswer> => {
        const headers = toUpstreamHeaders(call.header, accessToken);
        if (headers === undefined)
          throw new BffError('request_invalid', { detail: 'A header has a value it must not.' });
        return sendUpstream(sendHttp, {
          method: call.method,
          origin,
          path: call.query === '' ? path : `${path}?${call.query}`,
          headers,
          ...(body === undefined ? {} : { body }),
          deadlineMs: timeoutMs,
          maxResponseBytes: bodyLimitBytes,
        });
      };

      const accessToken = await tokenFor();
      const answer = await send(accessToken);
      const claims = challengeIn(answer);
      if (claims === undefined) return toAnswer(answer);
      // Refused before anything was done, so that a write can be sent again as well; once, never in a loop (PX-15).
      log('info', { event: 'access-reevaluated' });
      const renewed = await send(await tokenFor({ claims, refusedToken: accessToken }));
      const stillAsked = challengeIn(renewed);
      if (stillAsked === undefined) return toAnswer(renewed);
      const reason = 'continuous_access_evaluation';
      throw interaction.required(session, { reason, feature, scopes, claims: stillAsked });
    },
  };
}

function challengeIn({ status, headers }: HttpAnswer): string | undefined {
  return status === 401 ? readClaimsChallenge(headers['www-authenticate']) : undefined;
}

function allowedCall(policy: Policy, call: ProxyCall) {
  const reading = readUpstreamPath(call.path, call.routeParameter);
  if (reading.kind === 'refused')
    throw new BffError('request_invalid', { detail: `Refused: ${reading.reason}.` });
  const query = readUpstreamQuery(call.query);
  if (query.kind === 'refused')
    throw new BffError('request_invalid', { detail: `Refused: ${query.reason}.` });
  const match = policy.match(call.method, reading.path);
  if (match.kind === 'refused') {
    throw new BffError('path_not_allowed', {
      detail:
        match.reason === 'method' ? 'No rule allows this method on this path.' : 'No rule names this path.',
    });
  }
  if (!query.names.every((name) => match.queryOptions.has(name))) {
    throw new BffError('path_not_allowed', {
      detail: 'The rule for this path does not allow one of the query options.',
    });
  }
  return { path: reading.path.raw, feature: match.feature, scopes: match.scopes };
}

const methodsWithBody = new Set(['POST', 'PUT', 'PATCH']);

async function readBody(call: ProxyCall, limitBytes: number): Promise<Uint8Array | undefined> {
  const contentLength = call.header('content-length');
  // The host drops a chunked body without a word (measured): it would look like an empty one.
  if (
    call.header('transfer-encoding') !== undefined ||
    (contentLength === undefined && methodsWithBody.has(call.method))
  ) {
    throw new BffError('length_required', { detail: 'Send the body with a Content-Length.' });
  }
  if (contentLength === undefined) return undefined;
  if (!/^\d{1,12}$/.test(contentLength))
    throw new BffError('request_invalid', { detail: 'Content-Length is not a number.' });
  if (call.header('content-encoding') !== undefined) {
    throw new BffError('request_invalid', { detail: 'Send the body without Content-Encoding.' });
  }
  const tooLarge = () => new BffError('body_too_large', { detail: `At most ${limitBytes} bytes pass.` });
  if (Number(contentLength) > limitBytes) throw tooLarge();
  if (!methodsWithBody.has(call.method)) {
    if (Number(contentLength) === 0) return undefined;
    throw new BffError('request_invalid', { detail: 'This method has no body.' });
  }
  const body = await call.body();
  if (body.byteLength > limitBytes) throw tooLarge();
  if (body.byteLength !== Number(contentLength)) {
    throw new BffError('request_invalid', { detail: 'The body is not as long as its Content-Length says.' });
  }
  return body;
}

async function sendUpstream(sendHttp: SendHttp, request: HttpRequest): Promise<HttpAnswer> {
  try {
    return await sendHttp(request);
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    const written =
      request.method === 'GET' || request.method === 'HEAD' ? '' : ' Whether it took effect is not known.';
    switch (error.kind) {
      case 'timeout':
        throw new BffError('upstream_timeout', {
          detail: `No whole answer in time.${written}`,
          cause: error,
        });
      case 'unreachable':
        throw new BffError('upstream_unreachable', { detail: `No answer came.${written}`, cause: error });
      case 'broken':
        throw new BffError('upstream_answer_refused', {
          detail: `The answer broke off.${written}`,
          cause: error,
        });
      case 'too-large':
        throw new BffError('upstream_answer_refused', {
          detail: 'The answer is larger than may pass.',
          cause: error,
        });
    }
  }
}

function toAnswer({ status, headers, body }: HttpAnswer): ProxyAnswer {
  const refuse = (detail: string) => new BffError('upstream_answer_refused', { detail });
  if (status < 200 || status > 599) throw refuse('The answer has a status that cannot be passed on.');
  // A redirect is not followed with the token, and its target is not the browser's to see (PX-11).
  if (status >= 300 && status < 400 && status !== 304) throw refuse('The answer is a redirect.');
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw refuse('The answer is compressed although that was not asked for.');
  const passed = toBrowserHeaders(headers);
  const empty = status === 204 || status === 205 || status === 304 || body.byteLength === 0;
  // Graph's own JavaScript client fails on an empty answer that claims to be JSON (measured with sendMail).
  if (empty) delete passed['content-type'];
  return { status, headers: passed, body: empty ? new Uint8Array() : body };
}
