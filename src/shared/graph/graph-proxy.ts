import { chooseScopes, type ScopeNeed } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import type { Interaction } from '../interaction/interaction.ts';
import { isLacking } from '../interaction/withheld.ts';
import type { HttpAnswer } from '../network/http-request.ts';
import { type AnswerReading, plainReading } from '../proxy/forward.ts';
import { readMediaType } from '../proxy/media-type.ts';
import { readRoutedPath } from '../proxy/path-grammar.ts';
import { createProxy, type ProxyCall, type ProxyNeeds, type UpstreamProxy } from '../proxy/proxy.ts';
import { readRequestBody } from '../proxy/request-body.ts';
import type { Session } from '../session/session-store.ts';
import type { Log } from '../telemetry/log.ts';
import { challengeInAll, readBatchAnswer, toBatchAnswer } from './batch-answer.ts';
import { type BatchPart, MAX_BATCH_BYTES, namingPart, readBatch, writeBatch } from './batch-request.ts';
import type { Links } from './links.ts';

export interface GraphProxyNeeds extends Omit<ProxyNeeds, 'readingOf'> {
  readonly links: Links;
  readonly interaction: Interaction;
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
  const { policy, admission, bodyLimitBytes, forward, links, interaction, now } = needs;
  const plain = createProxy({
    ...needs,
    readingOf: (method, { feature, fileLinks }, log) => ({
      ...plainReading,
      toAnswer: (answer, pass) => links.toAnswer(answer, pass, { method, feature, fileLinks }, log),
    }),
  });

  return {
    async call(session, call, log) {
      const version = batchVersions.get(call.path);
      if (version === undefined) return plain.call(session, call, log);
      requireBatchCall(call);
      const limitBytes = Math.min(bodyLimitBytes, MAX_BATCH_BYTES);
      const body = (await readRequestBody(call, limitBytes)) ?? new Uint8Array();
      const parts = readBatch(policy, version, body);
      let admitted = session;
      for (const part of parts) admitted = await admitPart(admitted, part, log);
      return forward(
        admitted,
        {
          id: call.id,
          method: 'POST',
          target: `${version}/$batch`,
          header: (name) => headerOfBatch(call, name),
          body: writeBatch(parts),
          weight: parts.length,
          // What is declined or withheld is remembered for the feature that was named when it was asked for.
          feature: featureToName(admitted, parts),
          ...needOfAll(admitted, parts),
          reading: batchReading(admitted, parts, log),
        },
        log,
      );
    },
  };

  async function admitPart(session: Session, { id, allowed }: BatchPart, log: Log): Promise<Session> {
    const { guard, feature } = allowed;
    try {
      const admitted = guard === undefined ? session : await admission.of(log, feature)(session, guard);
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
          return toBatchAnswer(answer, answers, { parts, links, refusedPart, pass, log, now: now() });
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
}

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
