import { MAX_PACKED_SCOPES_LENGTH, packScopes } from '../entra/scopes.ts';
import type { Dialect } from './api-profile.ts';
import type { OptionBound, OptionBounds } from './option-bounds.ts';
import { overlap, type PathTemplate, parsePathTemplate } from './path-template.ts';
import { toComparableOption } from './rereadings.ts';
import type { PolicyDocument } from './schema.ts';

type RuleDocument = PolicyDocument['features'][string]['rules'][number];

interface PlacedRule {
  readonly place: string;
  readonly rule: RuleDocument;
  readonly template: PathTemplate;
}

/** What a policy file says that its schema cannot see: place and cure of each. */
export function findPolicyFaults(
  { features, semicolons, repeatsRefusedWrites }: PolicyDocument,
  dialect: Dialect,
): string[] {
  const rules = Object.entries(features).flatMap(([name, feature]) =>
    feature.rules.map((rule, at): PlacedRule => {
      const place = `features.${name}.rules[${at}] (${rule.methods.join(', ')} ${rule.path})`;
      return { place, rule, template: parsePathTemplate(rule.path) };
    }),
  );
  const permissionFaults = Object.entries(features).flatMap(([name, feature]) => {
    const scopes = [...new Set(feature.rules.flatMap((rule) => rule.scopes.map(dialect.toScope)))];
    const { length } = packScopes(scopes);
    return length <= MAX_PACKED_SCOPES_LENGTH
      ? []
      : [
          `features.${name}: its permissions have ${length} characters, at most ${MAX_PACKED_SCOPES_LENGTH} fit into one sign-in; make two features of it`,
        ];
  });
  const guardFaults = Object.entries(features).flatMap(([name, { guard, rules }]) =>
    guard === undefined
      ? []
      : rules.flatMap((rule, at) =>
          rule.guard === undefined
            ? []
            : [
                `features.${name}.rules[${at}].guard: its feature has a guard as well; keep one of them, or make another feature`,
              ],
        ),
  );
  return [
    ...(semicolons === undefined || dialect.maySaySemicolonsAreData
      ? []
      : ['semicolons is for an API of your own alone; take it out']),
    ...(repeatsRefusedWrites !== undefined && dialect.refusesBeforeActing
      ? [
          'repeatsRefusedWrites: is for your own APIs, because Graph checks the token before it acts; take it out',
        ]
      : []),
    ...permissionFaults,
    ...guardFaults,
    ...rules.flatMap(({ place, rule }) => faultsOfRule(rule, dialect).map((fault) => `${place}: ${fault}`)),
    ...rules.flatMap((rule, at) => rules.slice(at + 1).flatMap((later) => faultsOfTwo(rule, later, dialect))),
  ];
}

function faultsOfRule(rule: RuleDocument, dialect: Dialect): string[] {
  const { methods, path, query, contentTypes, scopes, alternatives } = rule;
  const segments = path.slice(1).split('/');
  const like = segments.find((segment) => looksLikeParameter(segment));
  const pathFault = dialect.pathFault(path);
  const names = Array.isArray(query) ? query : Object.keys(query);
  return [
    ...(pathFault === undefined ? [] : [`path ${pathFault}`]),
    ...(segments.some((segment) => /^\.{1,2}:?$/.test(segment))
      ? ['path has a dot segment; take it out']
      : []),
    ...(like === undefined
      ? []
      : [
          `path has the literal "${like}", which looks like a parameter; write {${like.replaceAll(/\W/g, '-')}}`,
        ]),
    ...duplicatesIn(methods).map((name) => `methods names ${name} twice; take one out`),
    ...duplicatesIn(names.map(toComparableOption)).map(
      (name) => `query names ${name} twice, with letter case and $ left aside; take one out`,
    ),
    ...optionFaults(
      Array.isArray(query) ? Object.fromEntries(names.map((name) => [name, true])) : query,
      path,
      dialect,
    ),
    ...(contentTypes !== undefined && !methods.some((method) => /^P/.test(method))
      ? ['contentTypes is for methods with a body, and this rule has none; take it out']
      : []),
    ...bodyFieldFaults(rule),
    ...(rule.fileLinks && !dialect.knowsFileLinks
      ? ['fileLinks is for Microsoft Graph alone; take it out, answers of other APIs pass as they are']
      : []),
    ...duplicatesIn(contentTypes ?? []).map((type) => `contentTypes names ${type} twice; take one out`),
    ...[scopes, ...alternatives].flatMap((list) =>
      duplicatesIn(list.map((scope) => scope.toLowerCase())).map(
        (scope) => `names the permission ${scope} twice in one list; take one out`,
      ),
    ),
    ...duplicatesIn([scopes, ...alternatives].map(toKey)).map(
      () => 'alternatives has a list twice, or the one of scopes; take it out',
    ),
  ];
}

function bodyFieldFaults({
  methods,
  contentTypes = ['application/json'],
  bodyFields,
}: RuleDocument): string[] {
  if (bodyFields === undefined) return [];
  return [
    ...(methods.some((method) => /^P/.test(method))
      ? []
      : ['bodyFields is for methods with a body, and this rule has none; take it out']),
    ...(contentTypes.every((type) => /[/+]json$/.test(type))
      ? []
      : ['bodyFields bounds JSON alone, and contentTypes lets other types pass; take them out']),
    ...duplicatesIn(bodyFields).map((name) => `bodyFields names ${name} twice; take one out`),
  ];
}

/** A word that stands for an id in documentation, where an id belongs. */
function looksLikeParameter(segment: string): boolean {
  return /^(?:id|.*[a-z]Id|.+[-_]id|.+-name|userPrincipalName)$/.test(segment) && !segment.startsWith('{');
}

function optionFaults(bounds: OptionBounds, path: string, dialect: Dialect): string[] {
  const ofEach = Object.entries(bounds).flatMap(([name, bound]) => {
    const fault = dialect.queryOptionFault(name);
    const own = fault === undefined ? [] : [`query option ${name} ${fault}`];
    if (bound === undefined || bound === true || !('navigations' in bound)) return own;
    return [
      ...own,
      ...Object.entries(bound.navigations).flatMap(([navigation, nested]) =>
        optionFaults(nested, `${path}/${navigation}`, dialect).map(
          (inner) => `${name}, ${navigation}: ${inner}`,
        ),
      ),
    ];
  });
  return [...ofEach, ...searchFaults(bounds, dialect.searchesByField(path))];
}

/** A search tells the value of a field as well as a comparison does. */
function searchFaults({ $select, $filter, $search }: OptionBounds, searchesByField: boolean): string[] {
  if ($search === undefined) return [];
  if (namesFields($search)) {
    return searchesByField
      ? []
      : [
          'query option $search is bounded by fields, and a search finds words in any field here; write { "maxLength": 200 }, or take it out',
        ];
  }
  const bounded = [
    ...($filter !== undefined && namesFields($filter) ? ['$filter'] : []),
    // Words in a message are what people search for; that it is bounded by nothing is said in the documentation.
    ...(searchesByField && $select !== undefined && namesFields($select) ? ['$select'] : []),
  ];
  if (bounded.length === 0) return [];
  const cure = searchesByField ? 'bound it by "fields" as well, or take it out' : 'take one of them out';
  return [`query option $search goes around the fields of ${bounded.join(' and ')}; ${cure}`];
}

const namesFields = (bound: OptionBound) => bound !== true && 'fields' in bound;

/** Of two rules for the same call the order in the file would decide, and nobody sees that. */
function faultsOfTwo(first: PlacedRule, second: PlacedRule, dialect: Dialect): string[] {
  const shared = first.rule.methods.filter((method) => second.rule.methods.includes(method));
  if (shared.length === 0 || !overlap(first.template, second.template, dialect)) return [];
  return [
    `${second.place}: ${shared.join(', ')} of the same path is allowed by ${first.place} already; take one of them out, or make their paths different`,
  ];
}

function duplicatesIn(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, at) => values.indexOf(value) !== at))];
}

const toKey = (scopes: readonly string[]) =>
  scopes
    .map((scope) => scope.toLowerCase())
    .toSorted()
    .join(' ');
