import { editDistance } from '../../src/shared/config/edit-distance.ts';
import type { ApiProfile } from '../../src/shared/policy/api-profile.ts';
import { countMatching } from '../../src/shared/policy/match-path.ts';
import { allowsMethod } from '../../src/shared/policy/methods.ts';
import type { UpstreamPath } from '../../src/shared/policy/path.ts';
import type { PathTemplate } from '../../src/shared/policy/path-template.ts';
import type { PolicyRule } from '../../src/shared/policy/rule.ts';

export interface ClosestRule {
  readonly rule: PolicyRule;
  /** How far the path matches. */
  readonly matching: ReturnType<typeof countMatching>;
}

/**
 * Finds the rule that the author of a call most likely means: first one with the call's resource, also misspelled or below
 * another path, then the one with the most segments in common. Returns undefined if there are no rules.
 */
export function findClosestRule(
  rules: readonly PolicyRule[],
  { method, path }: { readonly method: string; readonly path: UpstreamPath },
  profile: ApiProfile,
): ClosestRule | undefined {
  // `delta` is a function of many resources.
  const resource = path.segments
    .map(({ text }) => toWord(text))
    .findLast((word) => word !== undefined && word !== 'delta');
  const candidates = rules.map((rule) => {
    const { template, methods } = rule;
    const matching = countMatching(template, path, profile);
    // In the order of their weight.
    const scores = [
      scoreResource(template, resource),
      matching.parts,
      -Math.abs(template.parts.length - path.segments.length),
      // `…/$count` is less likely meant than `…/{id}`.
      Number(!/\$\w+$/.test(template.text)),
      Number(allowsMethod(methods, method)),
    ];
    return { rule, matching, scores };
  });
  const [best] = candidates.toSorted((left, right) => compareScores(right.scores, left.scores));
  return best;
}

function compareScores(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((score, index) => score !== right[index]);
  return at === -1 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

/** 2: the rule names the resource; 1: it names one that is spelled almost the same; 0: neither. */
function scoreResource({ text }: PathTemplate, resource: string | undefined): number {
  if (resource === undefined) return 0;
  const words = text.split('/').flatMap((segment) => toWord(segment) ?? []);
  if (words.includes(resource)) return 2;
  const allowed = Math.floor(resource.length / 4);
  return words.some((word) => editDistance(word, resource) <= allowed) ? 1 : 0;
}

/** The name of a resource or function, in lower case. Undefined for an id, a version and an OData word like `$value`. */
function toWord(segment: string): string | undefined {
  return /^([A-Za-z]+)(?:\(|$)/.exec(segment)?.[1]?.toLowerCase();
}
