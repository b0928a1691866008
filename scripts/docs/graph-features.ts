import { administratorConsents } from '../../cli/policy/administrator-consent.ts';
import { describeGuard } from '../../cli/policy/describe-guard.ts';
import { type MoreFileName, moreFileNames } from '../../src/shared/config/more-policies.ts';
import { readGraphPolicy, readMorePolicy } from '../../src/shared/config/policies.ts';
import { morePolicies } from '../../src/shared/config/shipped-policies.ts';
import type { OptionBound, OptionBounds } from '../../src/shared/policy/option-bounds.ts';
import type { Policy, PolicyFeature } from '../../src/shared/policy/policy.ts';
import type { PolicyRule } from '../../src/shared/policy/rule.ts';
import { table } from './table.ts';

/** docs/reference/graph-features.md */
export function graphFeaturesPage(): string {
  const shipped = readGraphPolicy(undefined);
  const more = moreFileNames.map(
    (name) => `### The file \`${name}\`\n\n${sectionsOf(readMorePolicy(name), '####')}`,
  );
  return `# Features for Microsoft Graph

Each feature is a group of calls that your page can use, with the permission for which it asks the user. If these features
do not have a call that you need, [write a policy](../policy.md).

\`npm run docs\` writes this page from [policy/graph.json](../../policy/graph.json) and the files below
[policy/more](../../policy/more).

## Shipped

${table(['feature', 'what it offers', 'permission'], shipped.features.map(toOverview))}

The user is asked for a permission when a feature is first used. A feature that your page does not use therefore costs nothing.
Nevertheless, remove the features that you do not need: an injected script can do everything that the policy allows.

- **Least permissions.** Each permission is the least that Microsoft's permission reference names for the call. The
  [exceptions](../../test/policy-exceptions.ts) have a reason each. The reference is a file of Microsoft and not part of this
  repository. A test compares the policy with it if [\`ENTRA_BFF_PERMISSIONS_FILE\`](../../CONTRIBUTING.md#tests) names the
  file, and is skipped otherwise.
- **Invitations.** \`calendar-write\` sets no attendees, so it invites no one by mail. Graph still mails a change, a deletion or
  a reply to the attendees of earlier invitations. To let your page invite, remove \`bodyFields\` from its rules.
- **Sharing.** \`files-write\` creates no invitation, no link and no permission. A file that is put or moved into a shared folder
  can be read by everyone with access to the folder.
- **Other people.** \`people\` and \`group-members\` show names and addresses, and require \`$select\`. \`users\` selects names and
  addresses if the caller selects nothing. It also allows the fields that a user's card shows (\`jobTitle\`, \`department\`,
  \`mobilePhone\` …) and the manager. With \`User.ReadBasic.All\`, Graph returns no values for these, and refuses the manager. It
  returns them if the user has granted \`User.Read.All\`.
- **Deep folders.** A path can name a file in the root of a drive, and in the user's own drive also a file in a folder of the
  root. Name deeper files by their id.
- **Well-known folders** of a mailbox each have a rule, because [a word of letters is no key](policy-format.md#keys).

A call may have the query options that are listed, within their limits, and no other. Every path begins with \`/v1.0\`. If a
user has granted one of the larger permissions in parentheses before, the call is made with it, and the user is not asked.

${sectionsOf(shipped, '###')}
## Wider areas

These features are in files below [policy/more](../../policy/more). A file counts only if
[\`GRAPH_POLICY_MORE\`](../configuration.md#graph_policy_more) names it, also beside your own policy:

${table(['file', 'what it offers'], moreFileNames.map(toMoreOverview))}

\`\`\`sh
GRAPH_POLICY_MORE=presence,colleagues
\`\`\`

They are off by default ([decision 36](../decisions/0036-wider-areas-count-when-named.md)). If an administrator has consented to
a permission for everyone, no user is ever asked, and a script that was injected into your page could use all of it. A sign-in
asks for none of these permissions. If a file has a feature or a rule that your own policy has too, the configuration is
invalid, and the log names both.

${more.join('\n')}`;
}

function toOverview({ name, title, scopes, signIn }: PolicyFeature): readonly string[] {
  const notes = [
    ...(signIn ? ['asked for at sign-in'] : []),
    ...(needsAdministrator(scopes) ? ['an administrator consents'] : []),
  ];
  return [`[${code(name)}](#${name})`, title, [...scopes.map(code), ...notes].join(', ')];
}

function toMoreOverview(name: MoreFileName): readonly string[] {
  const { description = '' } = morePolicies[name];
  return [`[${code(name)}](#the-file-${name})`, description];
}

const needsAdministrator = (scopes: readonly string[]) =>
  scopes.some((scope) => administratorConsents.has(scope));

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
    ...(needsAdministrator(scopes) ? ['An administrator consents to it.'] : []),
  ].join(' ');
}

function toRow(rule: PolicyRule): readonly string[] {
  const { methods, template, query } = rule;
  const path = template.text.replace(/^\/v1\.0/, '');
  return [`${code(`${methods.join(', ')} ${path}`)}`, describeQuery(query), limitsOf(rule).join('; ')];
}

function limitsOf({ bodyFields, contentTypes, fileLinks, embed, guard }: PolicyRule): readonly string[] {
  const plainTypes = contentTypes.length === 0 || contentTypes.join() === 'application/json';
  return [
    ...(bodyFields === undefined ? [] : [`body: ${bodyFields.map(code).join(', ')}`]),
    ...(plainTypes ? [] : [`type of the body: ${contentTypes.map(code).join(', ')}`]),
    ...(fileLinks ? ['keeps [addresses of files](../graph-proxy.md#files)'] : []),
    ...(embed ? ['for [plain HTML](../graph-proxy.md#images-and-downloads) too'] : []),
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
