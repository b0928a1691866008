import type { Guard, GuardRules } from '../../src/shared/access/guard-rules.ts';
import { BffError } from '../../src/shared/errors.ts';
import type { Dialect } from '../../src/shared/policy/api-profile.ts';
import { hasBody, type Policy, type PolicyRule } from '../../src/shared/policy/match.ts';
import { readMediaType } from '../../src/shared/policy/media-type.ts';
import type { OptionBound } from '../../src/shared/policy/option-bounds.ts';
import { readUpstreamPath, type UpstreamPath } from '../../src/shared/policy/path.ts';
import { fittingSegments } from '../../src/shared/policy/path-template.ts';
import { readUpstreamQuery } from '../../src/shared/policy/query.ts';
import { allowedCall } from '../../src/shared/proxy/allowed-call.ts';

/**
 * What the policy says to a call, in words.
 * @param text `GET /v1.0/me?$select=id`; after a POST, PUT or PATCH and a space, the type of its body
 */
export function explainCall(
  policy: Policy,
  text: string,
  dialect: Dialect,
): { readonly isAllowed: boolean; readonly text: string } {
  const call = readCall(text);
  if (call.path.includes(' ')) return { isAllowed: false, text: describeUnread(call) };
  try {
    allowedCall(policy, call);
  } catch (error) {
    if (!(error instanceof BffError)) throw error;
    const refusal = `Refused with ${error.status} ${error.code}. ${error.detail}`;
    return { isAllowed: false, text: [refusal, ...whyNot(policy, call, dialect)].join('\n') };
  }
  const rule = matched(policy, call);
  return { isAllowed: true, text: rule === undefined ? 'Allowed.' : describeAllowed(policy, rule, call) };
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly contentType: string | undefined;
}

/** A last word that is a media type is the body's; of a method without one, it can only be part of the query. */
function readCall(text: string): Call {
  const [, method = '', rest = ''] = /^(\S*) *(.*)$/s.exec(text.trim()) ?? [];
  const [, before = '', last = ''] = /^(\S.*?) +([^\s;]+(?: *; *[^\s;]+)*)$/s.exec(rest) ?? [];
  const isTyped = hasBody(method) && readMediaType(last) !== undefined;
  const [address = '', ...queries] = (isTyped ? before : rest).split('?');
  return {
    method,
    path: address.replace(/^\/api\/graph(?=\/)/, ''),
    // As a browser writes it.
    query: queries.join('?').replace(/[^\x21-\x7e]/gu, encodeURIComponent),
    contentType: isTyped ? last : undefined,
  };
}

function describeUnread({ method, path }: Call): string {
  const what = hasBody(method)
    ? 'The type of a body is one word at the end, like application/json.'
    : `A ${method} has no body, and no type of one.`;
  return `Not read: "${path}" is more than a path.\n  ${what} A space in a path is written %20.`;
}

function matched(policy: Policy, { method, path, query, contentType }: Call): PolicyRule | undefined {
  const pathReading = readUpstreamPath(path);
  const queryReading = readUpstreamQuery(query);
  if (pathReading.kind === 'refused' || queryReading.kind === 'refused') return undefined;
  const match = policy.match({ method, path: pathReading.path, query: queryReading.options, contentType });
  return match.kind === 'allowed' ? match.rule : match.nearest;
}

function describeAllowed(policy: Policy, rule: PolicyRule, { query }: Call): string {
  const feature = policy.feature(rule.feature);
  const reading = readUpstreamQuery(query);
  const options = reading.kind === 'query' ? reading.options : [];
  const when = feature?.signIn ? 'asked for at sign-in' : 'asked for when first used';
  return [
    `Allowed by ${rule.place}, feature "${rule.feature}" (${feature?.title ?? ''})`,
    `  rule        ${nameOf(rule)}`,
    ...options.map(({ name }) => `  query       ${name}: ${describeBound(rule.query[name])}`),
    `  permission  ${rule.scopes.join(' and ')}, ${when}`,
    ...rule.alternatives.map((list) => `              or ${list.join(' and ')}, where it is granted already`),
    ...(rule.guard === undefined ? [] : [`  only for    ${describeGuard(rule.guard)}`]),
  ].join('\n');
}

function describeGuard({ anyOf = [], ...own }: Guard): string {
  const alternatives = anyOf.map(describeRules).join(', or ');
  return [describeRules(own), alternatives].filter((text) => text !== '').join(' and ');
}

function describeRules(rules: GuardRules): string {
  const { roles, groups, tenants, authContext, maxAuthAgeSeconds } = rules;
  return [
    ...(tenants === undefined ? [] : [`people of the tenant ${tenants.join(' or ')}`]),
    ...(roles === undefined ? [] : [`the app role ${roles.join(' or ')}`]),
    ...(groups === undefined ? [] : [`members of the group ${groups.join(' or ')}`]),
    ...(authContext === undefined ? [] : [`sign-ins of the authentication context ${authContext}`]),
    ...(maxAuthAgeSeconds === undefined ? [] : [`sign-ins of the last ${maxAuthAgeSeconds} seconds`]),
  ].join(' and ');
}

function describeBound(bound: OptionBound | undefined): string {
  if (bound === undefined || bound === true) return 'any value';
  if ('max' in bound) return `a whole number up to ${bound.max}`;
  if ('maxLength' in bound) return `up to ${bound.maxLength} characters`;
  if ('oneOf' in bound) return `one of ${bound.oneOf.join(' | ')}`;
  if ('fields' in bound) return `these fields: ${bound.fields.join(', ')}`;
  return `these, with their own options: ${Object.keys(bound.navigations).join(', ')}`;
}

const nameOf = ({ methods, template }: PolicyRule) => `${methods.join(', ')} ${template.text}`;

/** Which rule came nearest, and what about the call does not fit it. */
function whyNot(policy: Policy, call: Call, dialect: Dialect): string[] {
  if (/^=|&=/.test(call.query)) {
    return [
      '  Was there a $ before the name? In double quotes the shell takes it for a variable: use single quotes.',
    ];
  }
  const reading = readUpstreamPath(call.path);
  if (reading.kind === 'refused') return ['  Such a path is refused whatever the policy says.'];
  const onPath = matched(policy, call);
  if (onPath !== undefined) return [...nearest(onPath), ...whyNotThisRule(onPath, call)];
  const { path } = reading;
  const [best] = policy.rules
    .map((rule) => ({ rule, fitting: fittingSegments(rule.template, path, dialect) }))
    .toSorted(
      (left, right) =>
        right.fitting - left.fitting ||
        lengthDifference(left.rule, path) - lengthDifference(right.rule, path) ||
        Number(right.rule.methods.includes(call.method)) - Number(left.rule.methods.includes(call.method)),
    );
  return best === undefined
    ? ['  The policy has no rules.']
    : [...nearest(best.rule), `  ${describeMisfit(best.rule, best.fitting, path)}`];
}

const nearest = (rule: PolicyRule) => [`Nearest: ${rule.place}, feature "${rule.feature}": ${nameOf(rule)}`];

const lengthDifference = ({ template }: PolicyRule, { segments }: UpstreamPath) =>
  Math.abs(template.parts.length - segments.length);

function whyNotThisRule(rule: PolicyRule, { method, query }: Call): string[] {
  if (!rule.methods.includes(method)) return [`  It allows ${rule.methods.join(', ')}, not ${method}.`];
  if (query === '' && Object.keys(rule.query).length === 0) return [];
  return Object.entries(rule.query).map(([name, bound]) => {
    const isRequired = bound !== undefined && bound !== true && bound.required;
    return `  ${name}: ${describeBound(bound)}${isRequired ? '; required' : ''}`;
  });
}

function describeMisfit(
  { template }: PolicyRule,
  fitting: number,
  { segments, rawSegments }: UpstreamPath,
): string {
  const words = template.text.slice(1).split('/');
  const wanted = words[fitting];
  const got = rawSegments[fitting];
  if (wanted === undefined) return `The rule ends before "${got}": a longer path needs a rule of its own.`;
  if (got === undefined) return `The rule goes on with "${wanted}": a shorter path needs a rule of its own.`;
  if (wanted.startsWith('{')) {
    const why = /^[A-Za-z]+$/.test(segments[fitting] ?? '')
      ? 'a word of letters alone is more likely a function or a well-known name'
      : 'it takes one id or address, and not a name that the API itself uses';
    return `"${got}" does not fit ${wanted}: ${why}. Give the word a rule of its own.`;
  }
  if (wanted.toLowerCase() === got.toLowerCase()) return `"${got}" is not "${wanted}": letter case counts.`;
  return `"${got}" stands where the rule has "${wanted}".`;
}
