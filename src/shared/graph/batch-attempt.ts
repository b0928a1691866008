import { BffError } from '../errors.ts';
import type { UpstreamAttempt, UpstreamBreaker } from '../proxy/upstream-breaker.ts';
import type { Caller } from '../session/caller.ts';
import type { BatchPart } from './batch-item.ts';
import { FAILED_DEPENDENCY, type PartResponse, withLowerCaseNames } from './read-batch-response.ts';

/**
 * A batch counts as one call of each feature of its parts. Graph answers each part by itself, inside a response with status
 * 200, so the parts show which features work. A response with another status, or none, counts for all of these features.
 */
export interface BatchAttempt extends UpstreamAttempt {
  /** The problem of a part whose feature is held back. */
  startPart(part: BatchPart): BffError | undefined;
  recordParts(responses: readonly PartResponse[], parts: readonly BatchPart[]): void;
}

export function createBatchAttempt(caller: Caller, upstreamBreaker: UpstreamBreaker): BatchAttempt {
  const attempts = new Map<string, UpstreamAttempt>();
  const problems = new Map<string, BffError>();
  const start = (feature: string): void => {
    try {
      attempts.set(feature, upstreamBreaker.start(caller, feature));
    } catch (error) {
      if (!(error instanceof BffError)) throw error;
      problems.set(feature, error);
    }
  };
  return {
    startPart({ call }) {
      const { feature } = call.rule;
      if (!attempts.has(feature) && !problems.has(feature)) start(feature);
      return problems.get(feature);
    },
    get isProbe() {
      return [...attempts.values()].some(({ isProbe }) => isProbe);
    },
    recordResponse(response) {
      if (response.status === 200) return;
      for (const attempt of attempts.values()) attempt.recordResponse(response);
    },
    recordNoResponse(failure) {
      for (const attempt of attempts.values()) attempt.recordNoResponse(failure);
    },
    recordParts(responses, parts) {
      const featureById = new Map(parts.map(({ id, call }) => [id, call.rule.feature]));
      // Successes come last: if one part succeeds, its feature works.
      for (const { id, status, headers } of responses.toSorted((left, right) => right.status - left.status)) {
        if (status === FAILED_DEPENDENCY) continue;
        const attempt = attempts.get(featureById.get(id) ?? '');
        attempt?.recordResponse({ status, headers: withLowerCaseNames(headers) });
      }
    },
    [Symbol.dispose]() {
      for (const attempt of attempts.values()) attempt[Symbol.dispose]();
    },
  };
}
