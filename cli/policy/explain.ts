import { moreFileNames } from '../../src/shared/config/more-policies.ts';
import { readMorePolicy } from '../../src/shared/config/policies.ts';
import { problems } from '../../src/shared/errors.ts';
import type { ApiProfile } from '../../src/shared/policy/api-profile.ts';
import { graphProfile } from '../../src/shared/policy/graph-profile.ts';
import type { AllowedCall, PolicyRefusal, RequestedCall } from '../../src/shared/policy/match.ts';
import { allowsMethod } from '../../src/shared/policy/methods.ts';
import type { OptionBound } from '../../src/shared/policy/option-bounds.ts';
import { readUpstreamPath, type UpstreamPath } from '../../src/shared/policy/path.ts';
import type { Policy } from '../../src/shared/policy/policy.ts';
import type { PolicyRule } from '../../src/shared/policy/rule.ts';
import { type ClosestRule, findClosestRule } from './closest-rule.ts';
import { describeGuard } from './describe-guard.ts';
import { readCall } from './read-call.ts';

interface Explanation {
  readonly isGood: boolean;
  readonly text: string;
}

/**
 * Explains why the policy allows or refuses a call.
 * @param text see {@link readCall}
 */
export function explainCall(policy: Policy, text: string, profile: ApiProfile): Explanation {
  const reading = readCall(text, profile !== graphProfile);
  if (reading.kind === 'not-understood') return { isGood: false, text: `Not understood: ${reading.hint}` };
  const { call } = reading;
  const match = policy.match(call);
  if (match.kind === 'allowed') return { isGood: true, text: describeAllowed(policy, call, match.call) };
  const refusal = `Refused with ${problems[match.code].status} ${match.code}. ${match.detail}`;
  const explanation = [refusal, ...explainRefusal(policy, call, match, profile)];
  const wider = profile === graphProfile && match.part === 'path' ? describeWider(call) : [];
  return { isGood: false, text: [...explanation, ...wider].join('\n') };
}

/** Files of wider areas that would allow the call. */
function describeWider(call: RequestedCall): string[] {
  return moreFileNames
    .filter((name) => readMorePolicy(name).match(call).kind === 'allowed')
    .map((name) => `  policy/more/${name}.json allows this call. It counts with GRAPH_POLICY_MORE=${name}.`);
}

function describeAllowed(policy: Policy, requested: RequestedCall, call: AllowedCall): string {
  const { rule, options } = call;
  const feature = policy.feature(rule.feature);
  const [written, sent] = [requested, call].map(({ path, query }) =>
    query === '' ? path : `${path}?${query}`,
  );
  const when = feature?.signIn ? 'requested at sign-in' : 'requested when first used';
  return [
    `Allowed by ${rule.pointer}, feature "${rule.feature}" (${feature?.title ?? ''})`,
    `  rule        ${summaryOf(rule)}`,
    ...(written === sent ? [] : [`  sent as     ${sent}`]),
    ...options.map(({ name }) => `  query       ${name}: ${describeBound(rule.query[name])}`),
    `  permission  ${rule.scopes.join(' and ')}, ${when}`,
    ...rule.alternatives.map((scopes) => `              or ${scopes.join(' and ')}, if already granted`),
    ...(rule.guard === undefined ? [] : [`  only for    ${describeGuard(rule.guard)}`]),
    ...(rule.embed && call.method === 'GET' ? ['  plain HTML  may load it too, without X-CSRF'] : []),
  ].join('\n');
}

function describeBound(bound: OptionBound | undefined): string {
  if (bound === undefined || bound === true) return 'any value';
  if ('max' in bound) return `a whole number up to ${bound.max}`;
  if ('maxLength' in bound) return `up to ${bound.maxLength} characters`;
  if ('oneOf' in bound) return `one of ${bound.oneOf.join(' | ')}`;
  if ('fields' in bound) {
    const byDefault = bound.default === undefined ? '' : `; by default ${bound.default.join(', ')}`;
    return `these fields: ${bound.fields.join(', ')}${byDefault}`;
  }
  return `these, with their own options: ${Object.keys(bound.navigations).join(', ')}`;
}

const summaryOf = ({ methods, template }: PolicyRule) => `${methods.join(', ')} ${template.text}`;

/** The closest rule, and how the call differs from it. */
function explainRefusal(
  policy: Policy,
  call: RequestedCall,
  { closestRule }: PolicyRefusal,
  profile: ApiProfile,
): string[] {
  if (/^=|&=/.test(call.query)) {
    return ['  Was there a $ before the name? The shell replaces it in double quotes. Use single quotes.'];
  }
  const reading = readUpstreamPath(call.path);
  if (reading.kind === 'refused') return ['  Such a path is always refused, independent of the policy.'];
  if (closestRule !== undefined) return [describeClosest(closestRule), ...describeBounds(closestRule, call)];
  const { path } = reading;
  const best = findClosestRule(policy.rules, { method: call.method, path }, profile);
  return best === undefined
    ? ['  The policy has no rules.']
    : [describeClosest(best.rule), `  ${describeMismatch(best.rule, best.matching, path)}`];
}

const describeClosest = (rule: PolicyRule) =>
  `Closest rule: ${rule.pointer}, feature "${rule.feature}": ${summaryOf(rule)}`;

function describeBounds(rule: PolicyRule, { method, query }: RequestedCall): string[] {
  if (!allowsMethod(rule.methods, method)) return [`  It allows ${rule.methods.join(', ')}, not ${method}.`];
  if (query === '' && Object.keys(rule.query).length === 0) return [];
  return Object.entries(rule.query).map(
    ([name, bound]) =>
      `  ${name}: ${describeBound(bound)}${bound !== true && bound.required ? '; required' : ''}`,
  );
}

function describeMismatch(
  { template }: PolicyRule,
  matching: ClosestRule['matching'],
  { segments }: UpstreamPath,
): string {
  const expected = template.text.slice(1).split('/')[matching.parts];
  const segment = segments[matching.segments];
  const actual = segment?.raw;
  if (expected === undefined) return `The rule ends before "${actual}": a longer path needs a separate rule.`;
  if (actual === undefined)
    return `The rule continues with "${expected}": a shorter path needs a separate rule.`;
  if (expected.startsWith('{')) {
    const isWord = /^[\w.]+$/.test(segment?.text ?? '');
    const why = isWord
      ? 'a word is more likely a function or a well-known name. Write a separate rule for it'
      : "it has a character or a word with a meaning in the API. To name a key, write it in quotes and parentheses: users('x')";
    return `"${actual}" does not match ${expected}: ${why}.`;
  }
  return `"${actual}" differs from "${expected}" in the rule.`;
}
