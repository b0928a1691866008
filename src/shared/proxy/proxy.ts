import type { Admission } from '../access/admission.ts';
import { chooseScopes } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import type { Interaction } from '../interaction/interaction.ts';
import type { Policy } from '../policy/match.ts';
import { readRoutedPath } from '../policy/path.ts';
import { requireNamedHeaders } from '../policy/request-headers.ts';
import { sessionOf, toCaller } from '../session/caller.ts';
import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import { type AllowedCall, allowedCall, type WantedCall } from './allowed-call.ts';
import type { ProxyAnswer } from './answer.ts';
import { requireBodyFields } from './body-fields.ts';
import type { CountCall } from './counted-call.ts';
import { type AnswerReading, type Forward, plainReading } from './forward.ts';
import { requirePlainHeaders } from './headers.ts';
import { declaredLength, readRequestBody } from './request-body.ts';

/** A call as the browser made it. */
export interface ProxyCall {
  /** Tells this call from all others; in our log as well. */
  readonly id: string;
  /** When the invocation began, by the monotonic clock. */
  readonly startedMs: number;
  readonly method: string;
  /** Path after our prefix, as in the URL. */
  readonly path: string;
  /** The same path as the host's router saw it. */
  readonly routeParameter: string;
  /** Without the question mark. */
  readonly query: string;
  header(name: string): string | undefined;
  body(limitBytes: number): Promise<Uint8Array | undefined>;
  /**
   * Records that the user is active, so that the session does not end idle. Only for a call that is not refused here.
   */
  recordUse(session: Session): Promise<Session>;
}

/** Forwards what the policy allows to one upstream origin, with the signed-in user's access token. */
export interface UpstreamProxy {
  /** @throws {BffError} with every problem code that a refused or failed call has */
  call(session: Session, call: ProxyCall, log: Log): Promise<ProxyAnswer>;
}

export interface ProxyNeeds {
  readonly policy: Policy;
  readonly admission: Admission;
  readonly bodyLimitBytes: number;
  readonly countCall: CountCall;
  readonly interaction: Pick<Interaction, 'requireNotWithheld'>;
  readonly forward: Forward;
  /** How answers are read; by status and headers alone when left out. */
  readonly readingOf?: (session: Session, method: string, allowed: AllowedCall, log: Log) => AnswerReading;
  /** How a call is compared with the policy. If undefined, the call is compared as it is written. */
  readonly allow?: (session: Session, wanted: WantedCall) => AllowedCall;
}

export function createProxy({
  policy,
  admission,
  bodyLimitBytes,
  countCall,
  interaction,
  forward,
  readingOf,
  allow = (_session, wanted) => allowedCall(policy, wanted),
}: ProxyNeeds): UpstreamProxy {
  return {
    async call(session, call, log) {
      const { id, startedMs, method, path, header } = call;
      const routed = readRoutedPath(path, call.routeParameter);
      if (routed.kind === 'refused')
        throw new BffError('request_invalid', { detail: `Refused: ${routed.reason}.` });
      const allowed = allow(session, {
        method,
        path,
        query: call.query,
        contentType: header('content-type'),
      });
      const { query, feature, scopes, alternatives, guard, headers: namedHeaders } = allowed;
      requireNamedHeaders(method, header, allowed);
      requirePlainHeaders(header, namedHeaders);
      const admitted =
        guard === undefined ? session : sessionOf(await admission.of(log, feature)(toCaller(session), guard));
      return countCall(admitted, declaredLength(call, bodyLimitBytes) ?? 0, async () => {
        const body = await readRequestBody(call, bodyLimitBytes);
        requireBodyFields(allowed.bodyFields, body, header('content-type'));
        interaction.requireNotWithheld(
          admitted,
          feature,
          chooseScopes(allowed, admitted.facts.grantedScopes),
        );
        const used = await call.recordUse(admitted);
        const target = query === '' ? path : `${path}?${query}`;
        const reading = readingOf?.(used, method, allowed, log) ?? plainReading;
        return forward(
          used,
          {
            id,
            startedMs,
            method,
            target,
            header,
            namedHeaders,
            body,
            feature,
            scopes,
            alternatives,
            reading,
          },
          log,
        );
      });
    },
  };
}
