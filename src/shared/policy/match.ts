import { BffError } from '../errors.ts';
import type { ApiProfile } from './api-profile.ts';
import { findAmbiguity } from './characters.ts';
import { matchPath, type PathMatch } from './match-path.ts';
import { fitsMediaRange, readMediaType } from './media-type.ts';
import { allowsMethod, hasBody } from './methods.ts';
import { readUpstreamPath, type UpstreamPath } from './path.ts';
import { type QueryOption, readUpstreamQuery, toComparableOption, writeQuery } from './query.ts';
import { findViolation, listsValue } from './query-bounds.ts';
import type { PolicyRule } from './rule.ts';
import type { FindCandidates } from './rule-index.ts';

/** A call that the browser, a batch or a link in a response asks for. */
export interface RequestedCall {
  readonly method: string;
  /** Below the API's origin, as it would be sent: `/v1.0/me`. */
  readonly path: string;
  /** The path as the host's router decoded it, without the first slash. Undefined if it did not come through the router. */
  readonly routeParameter?: string | undefined;
  /** As it would be sent, without the question mark. */
  readonly query: string;
  /** The `Content-Type`, byte for byte. Undefined if the call has none. */
  readonly contentType?: string | undefined;
  /**
   * Names of options whose values the API itself wrote ({@link toComparableOption}). They may have any character, and with
   * a `$` before the name, the rule need not list them.
   */
  readonly trustedOptions?: ReadonlySet<string>;
}

/**
 * A call that the policy allows. `path` and `query` are what is sent: literals, names of functions and names of options as
 * in the rule, all keys and values as the caller wrote them.
 */
export interface AllowedCall {
  readonly method: string;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** What the path names: one decoded text for each part of the rule's template, the same in each spelling of the path. */
  readonly resource: readonly string[];
  /** The options of the query, with their names as in the rule. */
  readonly options: readonly QueryOption[];
  /** The rule that allows the call. Guard, permissions, headers and the fields of the body are not checked yet. */
  readonly rule: PolicyRule;
}

export type PolicyMatch = { readonly kind: 'allowed'; readonly call: AllowedCall } | PolicyRefusal;

export interface PolicyRefusal {
  readonly kind: 'refused';
  readonly code: 'request_invalid' | 'path_not_allowed' | 'content_type_not_allowed';
  /** Which part of the call the policy refuses. Undefined for `request_invalid`: servers could read the call differently. */
  readonly part?: 'path' | 'method' | 'query' | 'content-type' | 'link';
  /** For the developer who made the call. It quotes the policy, never the call. */
  readonly detail: string;
  /** A rule for this path. If there is one for the method too, that rule. */
  readonly closestRule?: PolicyRule;
}

/** The rules with which a call is compared. */
export interface PolicyRules {
  readonly findCandidates: FindCandidates;
  readonly profile: ApiProfile;
  /** Whether a decoded text of a query has a semicolon that the API could read as the end of an option. */
  readonly hasSeparatingSemicolon: (text: string) => boolean;
}

/** Method and path alone select the rule. The query and the type of the body must then fit that rule. */
export function matchCall(policy: PolicyRules, requested: RequestedCall): PolicyMatch {
  const { method, path, query, contentType, trustedOptions } = requested;
  const parsedPath = readUpstreamPath(path, requested.routeParameter);
  if (parsedPath.kind === 'refused') return invalid(parsedPath.reason);
  const parsedQuery = readUpstreamQuery(query, trustedOptions);
  if (parsedQuery.kind === 'refused') return invalid(parsedQuery.reason);
  const isTyped = ({ name }: QueryOption) => trustedOptions?.has(toComparableOption(name)) !== true;
  const typedTexts = parsedQuery.options.filter(isTyped).flatMap(({ name, value }) => [name, value]);
  if (typedTexts.some(policy.hasSeparatingSemicolon))
    return invalid('the query has a semicolon, which some readers take for the end of an option');
  const rulesForPath = findRulesForPath(policy, parsedPath.path);
  const [closest] = rulesForPath;
  if (closest === undefined) return refused('path', 'No rule names this path.');
  const found =
    // A rule that lists HEAD itself comes first.
    rulesForPath.find(({ rule }) => rule.methods.includes(method)) ??
    rulesForPath.find(({ rule }) => allowsMethod(rule.methods, method));
  if (found === undefined) return refused('method', 'No rule allows this method on this path.', closest.rule);
  const { rule, match } = found;
  const options = parsedQuery.options.map((option) =>
    isTyped(option) ? withNameOf(rule, option) : toTrusted(withNameOf(rule, option)),
  );
  const isExtra = (option: QueryOption) => !isTyped(option) && isUnlistedSystemOption(rule, option);
  const listed = options.filter((option) => !isExtra(option));
  return (
    ambiguityRefusal(rule, options.filter(isTyped)) ??
    queryRefusal(rule, listed) ??
    contentTypeRefusal(rule, method, contentType) ?? {
      kind: 'allowed',
      call: {
        method,
        path: match.path,
        query: writeQuery(options),
        resource: match.resource,
        options,
        rule,
      },
    }
  );
}

interface RuleForPath {
  readonly rule: PolicyRule;
  readonly match: PathMatch;
}

function findRulesForPath(
  { findCandidates, profile }: PolicyRules,
  path: UpstreamPath,
): readonly RuleForPath[] {
  const found = findCandidates(path).flatMap((rule): RuleForPath[] => {
    const match = matchPath(rule.template, path, profile);
    return match === undefined ? [] : [{ rule, match }];
  });
  const [lowestRank] = found.map(({ match }) => match.rank).toSorted();
  return found.filter(({ match }) => match.rank === lowestRank);
}

/** Refuses values that servers could read differently, except those that the policy itself lists. */
function ambiguityRefusal(
  { query: bounds }: PolicyRule,
  options: readonly QueryOption[],
): PolicyRefusal | undefined {
  for (const { name, value } of options) {
    const bound = Object.hasOwn(bounds, name) ? bounds[name] : undefined;
    if (bound === undefined || listsValue(bound, value)) continue;
    const ambiguity = findAmbiguity(value);
    if (ambiguity !== undefined) {
      return invalid(
        `the value of ${name} has ${ambiguity}, with which some servers begin another option or another decoding`,
      );
    }
  }
  return undefined;
}

/** The option with the name that the rule has for it. Letter case makes no difference. */
function withNameOf(rule: PolicyRule, option: QueryOption): QueryOption {
  const lowerCase = option.name.toLowerCase();
  const name = Object.keys(rule.query).find((known) => known.toLowerCase() === lowerCase);
  return name === undefined ? option : { ...option, name };
}

/**
 * The names of trusted options are written in lower case. Their semicolons are always encoded, because the API wrote the
 * value and not its encoding, and a server could end the option at a plain one.
 */
const toTrusted = ({ name, value, rawValue }: QueryOption): QueryOption => ({
  name: name.toLowerCase(),
  value,
  rawValue: rawValue.replaceAll(';', '%3B'),
});

const isUnlistedSystemOption = (rule: PolicyRule, { name }: QueryOption) =>
  name.startsWith('$') && !Object.hasOwn(rule.query, name);

function queryRefusal(rule: PolicyRule, options: readonly QueryOption[]): PolicyRefusal | undefined {
  const violation = findViolation(rule.query, options);
  return violation === undefined ? undefined : refused('query', violation, rule);
}

function contentTypeRefusal(
  rule: PolicyRule,
  method: string,
  contentType: string | undefined,
): PolicyRefusal | undefined {
  if (contentType === undefined || !hasBody(method)) return undefined;
  const type = readMediaType(contentType);
  if (type !== undefined && rule.contentTypes.some((range) => fitsMediaRange(type, range))) return undefined;
  return refused('content-type', `The body must be of type ${rule.contentTypes.join(' or ')}.`, rule);
}

function invalid(reason: string): PolicyRefusal {
  return { kind: 'refused', code: 'request_invalid', detail: `Refused: ${reason}.` };
}

function refused(
  part: NonNullable<PolicyRefusal['part']>,
  detail: string,
  closestRule?: PolicyRule,
): PolicyRefusal {
  return {
    kind: 'refused',
    code: part === 'content-type' ? 'content_type_not_allowed' : 'path_not_allowed',
    part,
    detail,
    ...(closestRule === undefined ? {} : { closestRule }),
  };
}

/** @throws {BffError} request_invalid, path_not_allowed, content_type_not_allowed */
export function requireAllowed(match: PolicyMatch): AllowedCall {
  if (match.kind === 'allowed') return match.call;
  const { code, detail, part } = match;
  throw new BffError(code, { detail, ...(part === undefined ? {} : { rules: [part] }) });
}
