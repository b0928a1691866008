import { BffError } from '../errors.ts';
import { decodeQueryText } from '../policy/query.ts';

/** A query with every name at most once. */
export type Query = ReadonlyMap<string, string>;

export type QueryResult =
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'invalid'; readonly reason: string };

const MAX_QUERY_BYTES = 16 * 1024;

/**
 * Parses the query of one of this service's own routes. A repeated name is invalid, in any letter case: parsers differ on
 * which value counts, and the host joins the values with a comma.
 *
 * `readUpstreamQuery` (policy/query.ts) is stricter: it also refuses a query that an API could read differently, such
 * as one with a nameless option, with a character that must be encoded, or with an option that changes when it is
 * decoded again. Here such queries are valid, because browsers and Entra ID send them.
 */
export function parseQuery(raw: string): QueryResult {
  const query = new Map<string, string>();
  if (raw === '') return { kind: 'query', query };
  if (raw.length > MAX_QUERY_BYTES) return { kind: 'invalid', reason: 'The query is too long.' };
  const seen = new Set<string>();
  for (const pair of raw.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodeQueryText(equals === -1 ? pair : pair.slice(0, equals));
    const value = decodeQueryText(equals === -1 ? '' : pair.slice(equals + 1));
    if (name === undefined || value === undefined)
      return { kind: 'invalid', reason: 'The query is not valid UTF-8.' };
    if (seen.has(name.toLowerCase())) return { kind: 'invalid', reason: 'The query contains a name twice.' };
    seen.add(name.toLowerCase());
    query.set(name, value);
  }
  return { kind: 'query', query };
}

/** @throws {BffError} request_invalid */
export function requireQuery(parsed: QueryResult): Query {
  if (parsed.kind === 'invalid') throw new BffError('request_invalid', { detail: parsed.reason });
  return parsed.query;
}
