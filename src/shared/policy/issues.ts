import { MAX_PACKED_SCOPES_LENGTH, packScopes } from '../entra/scopes.ts';
import type { ApiProfile } from './api-profile.ts';
import { hasBody } from './methods.ts';
import type { OptionBound, OptionBounds } from './option-bounds.ts';
import { overlap, type PathTemplate, parsePathTemplate } from './path-template.ts';
import { toComparableOption } from './query.ts';
import type { PolicyDocument } from './schema.ts';

type RuleDocument = PolicyDocument['features'][string]['rules'][number];

interface LocatedRule {
  /** Position in the file, with methods and path: `features.mail.rules[0] (GET /v1.0/me/messages)`. */
  readonly pointer: string;
  readonly rule: RuleDocument;
  readonly template: PathTemplate;
}

/** Issues of a policy file that its schema cannot find, each with its position and a hint. */
export function findPolicyIssues(document: PolicyDocument, profile: ApiProfile): string[] {
  const rules = Object.entries(document.features).flatMap(([name, feature]) =>
    feature.rules.map((rule, index): LocatedRule => {
      const pointer = `features.${name}.rules[${index}] (${rule.methods.join(', ')} ${rule.path})`;
      return { pointer, rule, template: parsePathTemplate(rule.path) };
    }),
  );
  return [
    ...memberIssues(document, profile),
    ...permissionIssues(document, profile),
    ...guardIssues(document),
    ...rules.flatMap(({ pointer, rule }) => ruleIssues(rule, profile).map((issue) => `${pointer}: ${issue}`)),
    ...rules.flatMap((rule, index) =>
      rules.slice(index + 1).flatMap((laterRule) => overlapIssues(rule, laterRule, profile)),
    ),
  ];
}

function memberIssues({ semicolons, repeatsRefusedWrites }: PolicyDocument, profile: ApiProfile): string[] {
  return [
    ...(semicolons === undefined || profile.allowsSemicolonsAsData
      ? []
      : ['semicolons: is for your own APIs only; remove it']),
    ...(repeatsRefusedWrites === undefined || !profile.checksTokenFirst
      ? []
      : [
          'repeatsRefusedWrites: is for your own APIs only, because Graph checks the token before it acts; remove it',
        ]),
  ];
}

function permissionIssues({ features }: PolicyDocument, profile: ApiProfile): string[] {
  return Object.entries(features).flatMap(([name, { rules }]) => {
    const scopes = [...new Set(rules.flatMap((rule) => rule.scopes.map(profile.toScope)))];
    const { length } = packScopes(scopes);
    if (length <= MAX_PACKED_SCOPES_LENGTH) return [];
    return [
      `features.${name}: its permissions have ${length} characters, but a feature may have at most ${MAX_PACKED_SCOPES_LENGTH}; split the feature in two`,
    ];
  });
}

function guardIssues({ features }: PolicyDocument): string[] {
  return Object.entries(features).flatMap(([name, { guard, rules }]) =>
    rules.flatMap((rule, index) =>
      guard === undefined || rule.guard === undefined
        ? []
        : [
            `features.${name}.rules[${index}].guard: the feature has a guard too; remove one of them, or make another feature`,
          ],
    ),
  );
}

function ruleIssues(rule: RuleDocument, profile: ApiProfile): string[] {
  const { methods, path, query, fileLinks, embed, scopes, alternatives } = rule;
  return [
    ...pathIssues(path, profile),
    ...findDuplicates(methods).map((name) => `methods has ${name} twice; remove one`),
    ...findDuplicates(Object.keys(query).map(toComparableOption)).map(
      (name) => `query has ${name} twice, without regard to letter case and $; remove one`,
    ),
    ...optionIssues(query, path, profile),
    ...bodyIssues(rule),
    ...(fileLinks && !profile.hasFileLinks
      ? ['fileLinks is for Microsoft Graph only; remove it, because responses of other APIs pass unchanged']
      : []),
    ...(embed && !methods.includes('GET')
      ? ['embed is for GET only, and this rule does not have it; remove it']
      : []),
    ...[scopes, ...alternatives].flatMap((list) =>
      findDuplicates(list.map((scope) => scope.toLowerCase())).map(
        (scope) => `has the permission ${scope} twice in one list; remove one`,
      ),
    ),
    ...findDuplicates([scopes, ...alternatives].map(toComparableScopes)).map(
      () => 'alternatives has the same list twice, or a list equal to "scopes"; remove that list',
    ),
  ];
}

function pathIssues(path: string, profile: ApiProfile): string[] {
  const segments = path.slice(1).split('/');
  const profileIssue = profile.pathIssue(path);
  const placeholder = segments.find(isPlaceholder);
  return [
    ...(profileIssue === undefined ? [] : [`path ${profileIssue}`]),
    ...(segments.some((segment) => /^\.{1,2}:?$/.test(segment)) ? ['path has a dot segment; remove it'] : []),
    ...(placeholder === undefined
      ? []
      : [
          `path has the literal "${placeholder}", which looks like a parameter; write {${placeholder.replaceAll(/\W/g, '-')}}`,
        ]),
  ];
}

/** A word that documentation writes in place of an id, and that is no name of an API. */
function isPlaceholder(segment: string): boolean {
  return /^(?:id|.+[-_]id|.+-name|userPrincipalName)$/.test(segment) && !segment.startsWith('{');
}

function bodyIssues({ methods, contentTypes, bodyFields }: RuleDocument): string[] {
  const allowsBody = methods.some(hasBody);
  const types = contentTypes ?? ['application/json'];
  return [
    ...(contentTypes === undefined || allowsBody
      ? []
      : ['contentTypes is for methods with a body, and this rule has none; remove it']),
    ...findDuplicates(contentTypes ?? []).map((type) => `contentTypes has ${type} twice; remove one`),
    ...(bodyFields === undefined || allowsBody
      ? []
      : ['bodyFields is for methods with a body, and this rule has none; remove it']),
    ...(bodyFields === undefined || types.every((type) => /[/+]json$/.test(type))
      ? []
      : ['bodyFields limits JSON only, but contentTypes lets other types pass; remove those types']),
    ...findDuplicates(bodyFields ?? []).map((name) => `bodyFields has ${name} twice; remove one`),
  ];
}

function optionIssues(bounds: OptionBounds, path: string, profile: ApiProfile): string[] {
  const boundIssues = Object.entries(bounds).flatMap(([name, bound]) => {
    const issue = profile.queryOptionIssue(name, path);
    const nameIssues = issue === undefined ? [] : [`query option ${name} ${issue}`];
    if (bound === true || !('navigations' in bound)) return nameIssues;
    const nested = Object.entries(bound.navigations).flatMap(([navigation, inner]) =>
      optionIssues(inner, `${path}/${navigation}`, profile).map(
        (innerIssue) => `${name}, ${navigation}: ${innerIssue}`,
      ),
    );
    return [...nameIssues, ...nested];
  });
  return [...boundIssues, ...searchIssues(bounds, profile.searchesByField(path))];
}

/**
 * A `$search` reveals the values of fields, as a `$filter` does. A rule that bounds `$filter` or `$select` by fields must
 * therefore not have a `$search` that evades that bound.
 */
function searchIssues({ $select, $filter, $search }: OptionBounds, searchesByField: boolean): string[] {
  if ($search === undefined) return [];
  if (namesFields($search)) {
    return searchesByField
      ? []
      : [
          'query option $search is bounded by fields, but a search here finds words in any field; write { "maxLength": 200 }, or remove it',
        ];
  }
  const evaded = [
    ...($filter !== undefined && namesFields($filter) ? ['$filter'] : []),
    // A search by words evades no bounded `$select`, because users expect to find words anywhere in a message.
    // docs/reference/policy-format.md explains what such a search reveals.
    ...(searchesByField && $select !== undefined && namesFields($select) ? ['$select'] : []),
  ];
  if (evaded.length === 0) return [];
  const hint = searchesByField ? 'bound it by "fields" too, or remove it' : 'remove one of them';
  return [`query option $search evades the fields of ${evaded.join(' and ')}; ${hint}`];
}

const namesFields = (bound: OptionBound) => bound !== true && 'fields' in bound;

/** If two rules match the same call, their order in the file would silently decide. */
function overlapIssues(first: LocatedRule, second: LocatedRule, profile: ApiProfile): string[] {
  const shared = first.rule.methods.filter((method) => second.rule.methods.includes(method));
  if (shared.length === 0 || !overlap(first.template, second.template, profile)) return [];
  return [
    `${second.pointer}: ${first.pointer} already allows ${shared.join(', ')} of this path; remove one of them, or make their paths different`,
  ];
}

function findDuplicates(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

const toComparableScopes = (scopes: readonly string[]) =>
  scopes
    .map((scope) => scope.toLowerCase())
    .toSorted()
    .join(' ');
