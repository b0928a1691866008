import { hasControlCharacter } from './characters.ts';
import { type Reinterpretation, reinterpret, toComparableOption } from './reinterpretations.ts';

/** Name and value of an option, decoded. */
export interface OptionText {
  readonly name: string;
  /** Empty if the option has no value. */
  readonly value: string;
}

export interface QueryOption extends OptionText {
  /** The value as the caller wrote it, with the equals sign before it. Empty if there is neither. */
  readonly rawValue: string;
  /**
   * The options that an API finds if it decodes this one again or splits it at a decoded `&`. They must be within the rule's
   * bounds too, unless the policy lists this value itself.
   */
  readonly reinterpretations?: readonly Reinterpretation[];
}

export type QueryResult =
  | { readonly kind: 'query'; readonly options: readonly QueryOption[] }
  | { readonly kind: 'refused'; readonly reason: string };

const MAX_QUERY_BYTES = 4096;

/**
 * Reads the query of a call to the API, to compare it with the policy. What is sent is the raw text.
 * @param raw without the question mark
 * @param isTrusted gets an option's name as {@link toComparableOption} returns it. True if the API itself wrote the
 * option's value, as in a page link. Such an option has no reinterpretations.
 */
export function readUpstreamQuery(
  raw: string,
  isTrusted: (comparable: string) => boolean = () => false,
): QueryResult {
  if (raw === '') return { kind: 'query', options: [] };
  if (raw.length > MAX_QUERY_BYTES) return refused('the query is too long');
  if (!/^[\x21-\x7e]*$/.test(raw) || raw.includes('#'))
    return refused('the query has a character that is not allowed');
  const options: QueryOption[] = [];
  const seen = new Set<string>();
  for (const pair of raw.split('&')) {
    const equals = pair.indexOf('=');
    const name = decodeQueryText(equals === -1 ? pair : pair.slice(0, equals));
    const value = decodeQueryText(equals === -1 ? '' : pair.slice(equals + 1));
    if (name === undefined || value === undefined) return refused('the query is not valid UTF-8');
    if (name === '') return refused('the query has an option without a name');
    if (hasControlCharacter(name) || hasControlCharacter(value))
      return refused('the query has a control character');
    const reinterpreted = isTrusted(toComparableOption(name)) ? undefined : reinterpret(name, value);
    if (reinterpreted?.kind === 'refused') return reinterpreted;
    const reinterpretations = reinterpreted?.reinterpretations ?? [];
    for (const comparable of new Set(
      [name, ...reinterpretations.map((reinterpretation) => reinterpretation.name)].map(toComparableOption),
    )) {
      // An API may read a token from the query (RFC 6750, 2.3). This service would not know that token's user.
      if (comparable === 'access_token') return refused('the query has an access token');
      if (seen.has(comparable)) return refused('the query has an option twice');
      seen.add(comparable);
    }
    const rawValue = equals === -1 ? '' : pair.slice(equals);
    options.push({ name, value, rawValue, ...(reinterpretations.length === 0 ? {} : { reinterpretations }) });
  }
  return { kind: 'query', options };
}

/** The query that is sent: the names as in the rule, the values as the caller wrote them. */
export const writeQuery = (options: readonly QueryOption[]): string =>
  options.map(({ name, rawValue }) => `${name}${rawValue}`).join('&');

function refused(reason: string): QueryResult {
  return { kind: 'refused', reason };
}

/** A name or value of a query, decoded. Undefined if it is not valid UTF-8. */
export function decodeQueryText(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
