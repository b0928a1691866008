import type { Guard } from '../access/guard-rules.ts';
import type { ScopeNeed } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import type { Policy, PolicyMatch } from '../policy/match.ts';
import { readUpstreamPath } from '../policy/path.ts';
import { type QueryOption, readUpstreamQuery } from '../policy/query.ts';
import type { HeaderRule } from '../policy/request-headers.ts';
import { toComparableOption } from '../policy/rereadings.ts';

/** A call that somebody wants to make: a browser, a part of a batch, a link in an answer. */
export interface WantedCall {
  readonly method: string;
  /** Below the upstream's origin, as it is to be sent: `/v1.0/me`. */
  readonly path: string;
  /** As it is to be sent, without the question mark. */
  readonly query: string;
  /** The header, byte for byte; undefined when no body comes with the call. */
  readonly contentType?: string | undefined;
  /** Options whose values the upstream wrote itself, by comparable name. Their values are not decoded again. */
  readonly ownOptions?: ReadonlySet<string>;
}

/** A call that may be sent: `path` and `query` are the very bytes that were wanted. Its `scopes` are asked for. */
export interface AllowedCall extends ScopeNeed, HeaderRule {
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly feature: string;
  /** Addresses of files that need no token may come out of its answer. */
  readonly fileLinks: boolean;
  /** Digest of the rule as it stands. Another rule, or the same rule after a change, has another digest. */
  readonly ruleDigest: string;
  /** The path ends with a key, so the answer is one object and not a list. */
  readonly isOfOne: boolean;
  /** The fields that the body may have. They are not checked yet. */
  readonly bodyFields?: readonly string[];
  /** Not looked at yet: who calls is not part of the policy's question. */
  readonly guard?: Guard;
}

/**
 * The one way in which a call is compared with the policy. Whatever sends something upstream asks here first.
 * @throws {BffError} request_invalid, path_not_allowed, content_type_not_allowed
 */
export function allowedCall(policy: Policy, wanted: WantedCall): AllowedCall {
  const { method, path, query, contentType, ownOptions } = wanted;
  const pathReading = readUpstreamPath(path);
  if (pathReading.kind === 'refused') throw refused(pathReading.reason);
  const queryReading = readUpstreamQuery(query, (name) => ownOptions?.has(name) ?? false);
  if (queryReading.kind === 'refused') throw refused(queryReading.reason);
  const given = queryReading.options.filter(({ name }) => !ownOptions?.has(toComparableOption(name)));
  if (given.some((option) => hasSemicolon(policy, option))) {
    throw refused('the query has a semicolon, which some readers take for the end of an option');
  }
  const match = policy.match({ method, path: pathReading.path, query: queryReading.options, contentType });
  if (match.kind === 'refused') throw notAllowed(match);
  const { feature, scopes, alternatives, fileLinks, headers, preferences, maxPageSize } = match.rule;
  const { digest, template, bodyFields, guard } = match.rule;
  return {
    path,
    query,
    feature,
    scopes,
    alternatives,
    fileLinks,
    headers,
    preferences,
    maxPageSize,
    ruleDigest: digest,
    isOfOne: ['key', 'name'].includes(template.parts.at(-1)?.kind ?? ''),
    ...(bodyFields === undefined ? {} : { bodyFields }),
    ...(guard === undefined ? {} : { guard }),
  };
}

function hasSemicolon(policy: Policy, { name, value, rereadings = [] }: QueryOption): boolean {
  return [name, value, ...rereadings.flatMap((again) => [again.name, again.value])].some(
    policy.hasSeparatingSemicolon,
  );
}

function refused(reason: string): BffError {
  return new BffError('request_invalid', { detail: `Refused: ${reason}.` });
}

function notAllowed({ reason, detail }: Extract<PolicyMatch, { kind: 'refused' }>): BffError {
  return new BffError(reason === 'content-type' ? 'content_type_not_allowed' : 'path_not_allowed', {
    detail,
    rules: [reason],
  });
}
