import { moreFileNames } from '../../src/shared/config/more-policies.ts';
import { readGraphPolicy, readMorePolicy } from '../../src/shared/config/policies.ts';
import type { OptionBound, OptionBounds } from '../../src/shared/policy/option-bounds.ts';
import type { Policy, PolicyFeature } from '../../src/shared/policy/policy.ts';
import type { PolicyRule } from '../../src/shared/policy/rule.ts';
import { administratorConsents } from '../policy/administrator-consent.ts';
import { describeGuard } from '../policy/describe-guard.ts';
import { table } from './table.ts';

/** docs/reference/graph-features.md */
export function graphFeaturesPage(): string {
  const more = moreFileNames.map(
    (name) => `### The file \`${name}\`\n\n${sectionsOf(readMorePolicy(name), '####')}`,
  );
  return `# Features for Microsoft Graph

Each feature is a group of calls that your page can use, with the permission for which it asks the user. [The
policy](../policy.md) explains them, and how to write your own.

\`npm run docs\` writes this page from [policy/graph.json](../../policy/graph.json) and the files below
[policy/more](../../policy/more).

A call may have the query options that are listed, within their limits, and no other. Every path begins with \`/v1.0\`. If a
user has granted one of the larger permissions in parentheses before, the call is made with it, and the user is not asked.

## Shipped

${sectionsOf(readGraphPolicy(undefined), '###')}
## Wider areas

These features count only if [\`GRAPH_POLICY_MORE\`](../configuration.md#graph_policy_more) names their file.

${more.join('\n')}`;
}

function sectionsOf({ features, rules }: Policy, heading: string): string {
  return features
    .map((feature) => {
      const rows = rules.filter((rule) => rule.feature === feature.name).map(toRow);
      return `${heading} \`${feature.name}\`\n\n${introductionOf(feature, rules)}\n\n${table(['call', 'query options', 'further limits'], rows)}\n`;
    })
    .join('\n');
}

function introductionOf(
  { name, title, scopes, signIn }: PolicyFeature,
  rules: readonly PolicyRule[],
): string {
  const own = rules.filter(({ feature }) => feature === name);
  const larger = [
    ...new Set(own.flatMap(({ alternatives }) => alternatives.map((list) => list.join(' and ')))),
  ];
  return [
    `${title}.`,
    `Permission: ${scopes.map(code).join(', ')}${larger.length === 0 ? '' : ` (${larger.map(code).join(', ')})`}.`,
    ...(signIn ? ['Asked for at sign-in.'] : []),
    ...(scopes.some((scope) => administratorConsents.has(scope)) ? ['An administrator consents to it.'] : []),
  ].join(' ');
}

function toRow(rule: PolicyRule): readonly string[] {
  const { methods, template, query } = rule;
  const path = template.text.replace(/^\/v1\.0/, '');
  return [`${code(`${methods.join(', ')} ${path}`)}`, describeQuery(query), limitsOf(rule).join('; ')];
}

function limitsOf({ bodyFields, contentTypes, fileLinks, guard }: PolicyRule): readonly string[] {
  const plainTypes = contentTypes.length === 0 || contentTypes.join() === 'application/json';
  return [
    ...(bodyFields === undefined ? [] : [`body: ${bodyFields.map(code).join(', ')}`]),
    ...(plainTypes ? [] : [`type of the body: ${contentTypes.map(code).join(', ')}`]),
    ...(fileLinks ? ['keeps [addresses of files](../graph-proxy.md#files)'] : []),
    ...(guard === undefined ? [] : [`only for ${describeGuard(guard)}`]),
  ];
}

function describeQuery(query: OptionBounds): string {
  return Object.entries(query)
    .map(([name, bound]) => `${code(name)}${describeBound(bound)}`)
    .join(', ');
}

function describeBound(bound: OptionBound): string {
  if (bound === true) return '';
  const required = bound.required === true ? ', required' : '';
  return ` (${describeValues(bound)}${required})`;
}

function describeValues(bound: Exclude<OptionBound, true>): string {
  if ('max' in bound) return `up to ${bound.max}${bound.orMax === true ? ' or max' : ''}`;
  if ('maxLength' in bound) return `up to ${bound.maxLength} characters`;
  if ('oneOf' in bound) return bound.oneOf.map(code).join(' or ');
  if ('navigations' in bound) {
    return Object.entries(bound.navigations)
      .map(([name, inner]) => [code(name), describeQuery(inner)].filter((text) => text !== '').join(' with '))
      .join(', ');
  }
  const fallback = bound.default === undefined ? '' : `, by default ${bound.default.join(' ')}`;
  return `${bound.fields.join(' ')}${fallback}`;
}

const code = (text: string) => `\`${text}\``;
