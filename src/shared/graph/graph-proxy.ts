import { chooseScopes, type ScopeNeed } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import type { Interaction } from '../interaction/interaction.ts';
import { isLacking } from '../interaction/withheld.ts';
import type { HttpAnswer } from '../network/http-request.ts';
import { readMediaType } from '../policy/media-type.ts';
import { readRoutedPath } from '../policy/path.ts';
import { requireNamedHeaders } from '../policy/request-headers.ts';
import type { AllowedCall } from '../proxy/allowed-call.ts';
import type { ProxyAnswer } from '../proxy/answer.ts';
import type { CountedCall } from '../proxy/counted-call.ts';
import { type AnswerReading, plainReading } from '../proxy/forward.ts';
import { requirePlainHeaders } from '../proxy/headers.ts';
import { createProxy, type ProxyCall, type ProxyNeeds, type UpstreamProxy } from '../proxy/proxy.ts';
import { declaredLength, readRequestBody } from '../proxy/request-body.ts';
import { sessionOf, toCaller } from '../session/caller.ts';
import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import { challengeInAll, readBatchAnswer, toBatchAnswer } from './batch-answer.ts';
import { type BatchPart, MAX_BATCH_BYTES, namingPart, readBatch, writeBatch } from './batch-request.ts';
import type { HandedOutLinks } from './handed-out-links.ts';
import type { AnsweredCall, Links } from './links.ts';

export interface GraphProxyNeeds extends Omit<ProxyNeeds, 'readingOf' | 'allow'> {
  readonly links: Links;
  readonly handedOutLinks: HandedOutLinks;
  readonly interaction: Pick<Interaction, 'requireNotWithheld' | 'required'>;
  readonly now: () => Date;
}

/** Version by the path of a batch. Some libraries leave it out; then it is v1.0, as in every address of theirs. */
const batchVersions: ReadonlyMap<string, string> = new Map([
  ['/v1.0/$batch', '/v1.0'],
  ['/beta/$batch', '/beta'],
  ['/$batch', '/v1.0'],
]);

/** Of the headers around a batch: what it asks for is said in its parts. */
const headersOfBatch = new Set(['client-request-id', 'sdkversion', 'accept-language']);

/** The proxy for Microsoft Graph: it knows its batches, call by call, and what its answers lead to. */
export function createGraphProxy(needs: GraphProxyNeeds): UpstreamProxy {
  const { policy, admission, bodyLimitBytes, countCall, forward, links, handedOutLinks, interaction, now } =
    needs;
  const plain = createProxy({
    ...needs,
    allow: handedOutLinks.allow,
    readingOf: (session, method, allowed, log) => ({
      ...plainReading,
      toAnswer: (answer, pass) => links.toAnswer(answer, pass, answeredCall(session, method, allowed), log),
    }),
  });

  return {
    async call(session, call, log) {
      const version = batchVersions.get(call.path);
      if (version === undefined) return plain.call(session, call, log);
      requireBatchCall(call);
      const bytes = declaredLength(call, Math.min(bodyLimitBytes, MAX_BATCH_BYTES)) ?? 0;
      return countCall(session, bytes, (counted) => callBatch(session, call, version, counted, log));
    },
  };

  async function callBatch(
    session: Session,
    call: ProxyCall,
    version: string,
    counted: CountedCall,
    log: Log,
  ): Promise<ProxyAnswer> {
    const limitBytes = Math.min(bodyLimitBytes, MAX_BATCH_BYTES);
    const body = (await readRequestBody(call, limitBytes)) ?? new Uint8Array();
    const parts = readBatch(policy, version, body, (wanted) => handedOutLinks.allow(session, wanted));
    counted.standsFor(parts.length);
    let admitted = session;
    for (const part of parts) admitted = await admitPart(admitted, part, log);
    const used = await call.recordUse(admitted);
    return forward(
      used,
      {
        id: call.id,
        startedMs: call.startedMs,
        method: 'POST',
        target: `${version}/$batch`,
        header: (name) => headerOfBatch(call, name),
        body: writeBatch(parts),
        // What is declined or withheld is remembered for the feature that was named when it was asked for.
        feature: featureToName(used, parts),
        ...needOfAll(used, parts),
        reading: batchReading(used, parts, log),
      },
      log,
    );
  }

  function answeredCall(session: Session, method: string, allowed: AllowedCall): AnsweredCall {
    const { feature, fileLinks } = allowed;
    return {
      method,
      feature,
      fileLinks,
      nextPage: (name, link) =>
        method === 'GET' ? handedOutLinks.sign(session, allowed, name, link) : undefined,
    };
  }

  async function admitPart(session: Session, { id, allowed }: BatchPart, log: Log): Promise<Session> {
    const { guard, feature } = allowed;
    try {
      const admitted =
        guard === undefined ? session : sessionOf(await admission.of(log, feature)(toCaller(session), guard));
      const scopes = chooseScopes(allowed, admitted.facts.grantedScopes);
      interaction.requireNotWithheld(admitted, feature, scopes);
      return admitted;
    } catch (error) {
      throw namingPart(id, error);
    }
  }

  function batchReading(session: Session, parts: readonly BatchPart[], log: Log): AnswerReading {
    const read = (answer: HttpAnswer) => (answer.status === 200 ? readBatchAnswer(answer, parts) : undefined);
    return {
      challengeIn(answer) {
        if (answer.status !== 200 || !answer.body.includes('insufficient_claims'))
          return plainReading.challengeIn(answer);
        return challengeInAll(read(answer) ?? [], parts.length);
      },
      toAnswer(answer, pass) {
        const answers = read(answer);
        if (answers !== undefined) {
          const refusedPart = (part: BatchPart, claims: string) => refusalOf(session, part, claims);
          const callOf = ({ method, allowed }: BatchPart) => answeredCall(session, method, allowed);
          return toBatchAnswer(answer, answers, { parts, links, callOf, refusedPart, pass, log, now: now() });
        }
        if (answer.status >= 400) return pass(answer);
        throw new BffError('upstream_answer_refused', {
          detail: 'The answer is none to a batch. Whether its parts took effect is not known.',
        });
      },
    };
  }

  /** Alone, a call is renewed in silence and sent again; with others that were done it cannot be. */
  function refusalOf(session: Session, { allowed }: BatchPart, claims: string): BffError {
    const { feature } = allowed;
    const scopes = chooseScopes(allowed, session.facts.grantedScopes);
    return interaction.required(session, { reason: 'continuous_access_evaluation', feature, scopes, claims });
  }
}

function requireBatchCall(call: ProxyCall): void {
  const routed = readRoutedPath(call.path, call.routeParameter);
  if (routed.kind === 'refused' || call.query !== '') {
    throw new BffError('request_invalid', { detail: 'Refused: a batch has no query and one path.' });
  }
  if (call.method !== 'POST') {
    throw new BffError('path_not_allowed', { rules: ['method'], detail: 'A batch is sent with POST.' });
  }
  if (readMediaType(call.header('content-type') ?? '') !== 'application/json') {
    throw new BffError('content_type_not_allowed', {
      rules: ['content-type'],
      detail: 'A batch must be of type application/json.',
    });
  }
  requireNamedHeaders(call.method, call.header, ofNoPart);
  requirePlainHeaders((name) => headerOfBatch(call, name));
}

/** A header that changes a call belongs in the call's part. Around the batch it would be dropped. */
const ofNoPart = { headers: [], preferences: [], maxPageSize: 0 };

function headerOfBatch({ header }: ProxyCall, name: string): string | undefined {
  if (name === 'content-type' || name === 'accept') return 'application/json';
  return headersOfBatch.has(name) ? header(name) : undefined;
}

/** The first that something is lacking for; a consent to all is asked for in its name. */
function featureToName(session: Session, parts: readonly BatchPart[]): string {
  const { grantedScopes } = session.facts;
  const lacking = parts.find(({ allowed }) => isLacking(session, chooseScopes(allowed, grantedScopes)));
  return (lacking ?? parts[0])?.allowed.feature ?? '';
}

/** One token for all: what each part would use alone if that was granted, else what each would ask for. */
function needOfAll(session: Session, parts: readonly BatchPart[]): ScopeNeed {
  const { grantedScopes } = session.facts;
  const union = (lists: readonly (readonly string[])[]) => [...new Set(lists.flat())];
  return {
    scopes: union(parts.map(({ allowed }) => allowed.scopes)),
    alternatives: [union(parts.map(({ allowed }) => chooseScopes(allowed, grantedScopes)))],
  };
}
