import type { ApiProfile } from './api-profile.ts';
import type { PolicyResult } from './parse.ts';
import { overlap } from './path-template.ts';
import { createPolicy, type Policy } from './policy.ts';

export interface PolicySource {
  /** For issues: the path of the file. */
  readonly file: string;
  readonly policy: Policy;
}

/** Joins the features of several files for one API. A feature or a rule that two files have is an issue. */
export function mergePolicies(
  [first, ...others]: readonly [PolicySource, ...PolicySource[]],
  profile: ApiProfile,
): PolicyResult {
  const sources = [first, ...others];
  const issues = sources.flatMap((source, index) =>
    sources.slice(index + 1).flatMap((other) => conflictsOf(source, other, profile)),
  );
  if (issues.length > 0) return { kind: 'invalid', issues };
  const policies = sources.map(({ policy }) => policy);
  return {
    kind: 'policy',
    policy: createPolicy({
      features: policies.flatMap(({ features }) => features),
      rules: policies.flatMap(({ rules }) => rules),
      repeatsRefusedWrites: first.policy.repeatsRefusedWrites,
      readsSemicolonsAsText: false,
      profile,
    }),
  };
}

function conflictsOf(left: PolicySource, right: PolicySource, profile: ApiProfile): string[] {
  const features = left.policy.features.filter(({ name }) => right.policy.feature(name) !== undefined);
  if (features.length > 0) {
    return features.map(
      ({ name }) =>
        `${left.file} and ${right.file} both have the feature "${name}"; remove it from one of them, or do not use both files`,
    );
  }
  return left.policy.rules.flatMap((rule) =>
    right.policy.rules
      .filter(
        ({ methods, template }) =>
          methods.some((method) => rule.methods.includes(method)) &&
          overlap(rule.template, template, profile),
      )
      .map(
        (other) =>
          `${left.file} (${rule.pointer}) and ${right.file} (${other.pointer}) both allow ${shared(rule.methods, other.methods)} of ${other.template.text}; remove one of the two rules, or do not use both files`,
      ),
  );
}

const shared = (left: readonly string[], right: readonly string[]) =>
  left.filter((method) => right.includes(method)).join(', ');
