import { describeUnencoded, findAmbiguity, hasControlCharacter } from './characters.ts';

/** Name and value of an option, decoded. */
export interface OptionText {
  readonly name: string;
  /** Empty if the option has no value. */
  readonly value: string;
}

export interface QueryOption extends OptionText {
  /** The value as the caller wrote it, with the equals sign before it. Empty if there is neither. */
  readonly rawValue: string;
}

export type QueryResult =
  | { readonly kind: 'query'; readonly options: readonly QueryOption[] }
  | { readonly kind: 'refused'; readonly reason: string };

/** For all that the caller may have written. */
const MAX_QUERY_BYTES = 4096;
/** With options whose values the API itself wrote. */
const MAX_TRUSTED_QUERY_BYTES = 16 * 1024;

/**
 * Reads the query of a call to the API, to compare it with the policy.
 * @param raw without the question mark
 * @param trustedOptions names of options ({@link toComparableOption}) whose values the API itself wrote
 */
export function readUpstreamQuery(raw: string, trustedOptions?: ReadonlySet<string>): QueryResult {
  if (raw === '') return { kind: 'query', options: [] };
  const maxBytes = trustedOptions === undefined ? MAX_QUERY_BYTES : MAX_TRUSTED_QUERY_BYTES;
  if (raw.length > maxBytes) return refused('the query is too long');
  const unreadable = /[^\x21-\x7e]|#/u.exec(raw)?.[0];
  if (unreadable !== undefined) return refused(`the query has ${describeUnencoded(unreadable)}`);
  const options: QueryOption[] = [];
  const names = new Set<string>();
  let typedBytes = -1; // no separator before the first option
  for (const pair of raw.split('&')) {
    const equals = pair.indexOf('=');
    const name = decodeQueryText(equals === -1 ? pair : pair.slice(0, equals));
    const value = decodeQueryText(equals === -1 ? '' : pair.slice(equals + 1));
    if (name === undefined || value === undefined) return refused('the query is not valid UTF-8');
    if (name === '') return refused('the query has an option without a name');
    if (hasControlCharacter(name) || hasControlCharacter(value))
      return refused('the query has a control character');
    const ambiguity = findAmbiguity(name);
    if (ambiguity !== undefined) return refused(`the name of an option has ${ambiguity}`);
    const comparable = toComparableOption(name);
    // An API may read a token from the query (RFC 6750, 2.3). This service would not know that token's user.
    if (comparable === 'access_token') return refused('the query has an access token');
    if (names.has(comparable)) return refused('the query has an option twice');
    names.add(comparable);
    if (trustedOptions?.has(comparable) !== true) typedBytes += '&'.length + pair.length;
    if (typedBytes > MAX_QUERY_BYTES) return refused('the query is too long');
    options.push({ name, value, rawValue: equals === -1 ? '' : pair.slice(equals) });
  }
  return { kind: 'query', options };
}

/** The query that is sent: the names as in the rule, the values as the caller wrote them. */
export const writeQuery = (options: readonly QueryOption[]): string =>
  options.map(({ name, rawValue }) => `${name}${rawValue}`).join('&');

/** APIs differ on whether letter case makes two names different. OData APIs also differ on a leading `$`. */
export function toComparableOption(name: string): string {
  return name.toLowerCase().replace(/^\$/, '');
}

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
