import type { AcquireToken } from '../entra/acquire-token.ts';
import { chooseScopes, type ScopeNeed } from '../entra/scopes.ts';
import type { TokenChallenge } from '../entra/token-wish.ts';
import { BffError } from '../errors.ts';
import { type Interaction, sessionRequired } from '../interaction/interaction.ts';
import type { HttpAnswer, SendHttp } from '../network/http-request.ts';
import type { Session } from '../session/session-store.ts';
import type { Log } from '../telemetry/log.ts';
import { readClaimsChallenge } from './claims-challenge.ts';
import { toUpstreamHeaders } from './headers.ts';
import { sendUpstream } from './send-upstream.ts';
import { type ProxyAnswer, toProxyAnswer } from './upstream-answer.ts';

/** A call that has been allowed already: nothing here asks whether it may be made. */
export interface UpstreamCall extends ScopeNeed {
  readonly method: string;
  /** Path and query as they go out, byte for byte, beginning with `/`. */
  readonly target: string;
  /** A request header of the caller, by its lower-case name. Only those of the allow-list are asked for. */
  readonly header: (name: string) => string | undefined;
  readonly body: Uint8Array | undefined;
  readonly feature: string;
}

/**
 * Sends one allowed call to one upstream, with the access token of the session's person, and filters the answer.
 * @throws {BffError} with every problem code that a failed call has
 */
export type Forward = (session: Session, call: UpstreamCall, log: Log) => Promise<ProxyAnswer>;

export interface ForwardNeeds {
  /** The one origin that these tokens are sent to. */
  readonly origin: string;
  /** Of an answer. */
  readonly bodyLimitBytes: number;
  readonly timeoutMs: number;
  readonly sendHttp: SendHttp;
  readonly acquireToken: AcquireToken;
  readonly interaction: Interaction;
}

export function createForward(needs: ForwardNeeds): Forward {
  const { origin, bodyLimitBytes, timeoutMs, sendHttp, acquireToken, interaction } = needs;
  return async (session, call, log) => {
    const { method, target, header, body, feature } = call;
    const scopes = chooseScopes(call, session.facts.grantedScopes);
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
        // A larger permission that was granted once and is not any more is no reason to ask for it.
        scopes: acquired.reason === 'consent_required' ? call.scopes : scopes,
        ...(claims === undefined ? {} : { claims }),
      });
    };
    const send = async (accessToken: string): Promise<HttpAnswer> => {
      const headers = toUpstreamHeaders(header, accessToken);
      if (headers === undefined)
        throw new BffError('request_invalid', { detail: 'A header has a value it must not.' });
      return sendUpstream(sendHttp, {
        method,
        origin,
        path: target,
        headers,
        ...(body === undefined ? {} : { body }),
        deadlineMs: timeoutMs,
        maxResponseBytes: bodyLimitBytes,
      });
    };

    const accessToken = await tokenFor();
    const answer = await send(accessToken);
    const claims = challengeIn(answer);
    if (claims === undefined) return toProxyAnswer(answer);
    // Refused before anything was done, so that a write can be sent again as well; once, never in a loop (PX-15).
    log('info', { event: 'access-reevaluated' });
    const renewed = await send(await tokenFor({ claims, refusedToken: accessToken }));
    const stillAsked = challengeIn(renewed);
    if (stillAsked === undefined) return toProxyAnswer(renewed);
    const reason = 'continuous_access_evaluation';
    throw interaction.required(session, { reason, feature, scopes, claims: stillAsked });
  };
}

function challengeIn({ status, headers }: HttpAnswer): string | undefined {
  return status === 401 ? readClaimsChallenge(headers['www-authenticate']) : undefined;
}
