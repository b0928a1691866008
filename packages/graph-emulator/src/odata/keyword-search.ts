import { GraphError, type GraphObject } from '../reply.ts';
import { toInstantMs } from './compare.ts';
import { parseClauses, searchError } from './search-clauses.ts';
import { hasWords, readPath, textsIn } from './words.ts';

/** What a name in a search reads, for example `from` the sender. */
export type Keywords = Readonly<Record<string, readonly string[]>>;

/**
 * Reads `$search` of mail and contacts: words, phrases and `name:text` in KQL, with `AND`, `OR`, `NOT` and parentheses. The
 * whole search can be in quotes, as Graph wants it.
 * @param keywords the paths of the properties behind each name; those under the empty name are searched if a search names none
 * @see https://learn.microsoft.com/graph/search-query-parameter#using-search-on-message-collections
 */
export function keywordSearch(keywords: Keywords) {
  return (text: string): ((item: GraphObject) => boolean) =>
    parseClauses(unquoted(text), /"((?:[^"\\]|\\.)*)"|([^\s()"]+(?:"(?:[^"\\]|\\.)*")?)/u, (clause) => {
      if (clause.isQuoted) return matches(keywords, '', clause.text);
      const [, name, operator = ':', value = ''] = /^([A-Za-z]+)(:|[<>]=?|=)(.+)$/su.exec(clause.text) ?? [];
      const searched = value.replace(/^"(.*)"$/su, '$1').replace(/\*$/u, '');
      if (name === undefined) return matches(keywords, '', clause.text.replace(/\*$/u, ''));
      return operator === ':'
        ? matches(keywords, name, searched)
        : compares(keywords, name, operator, searched);
    });
}

function unquoted(text: string): string {
  const [, inner] = /^\s*"((?:[^"\\]|\\.)*)"\s*$/su.exec(text) ?? [];
  return inner === undefined ? text : inner.replace(/\\(["\\])/g, '$1');
}

function matches(keywords: Keywords, name: string, searched: string) {
  const properties = requireKeyword(keywords, name);
  const instantMs = toInstantMs(searched);
  return (item: GraphObject): boolean =>
    properties.some((property) => {
      const value = readPath(item, property);
      if (typeof value === 'boolean') return String(value) === searched.toLowerCase();
      if (instantMs !== undefined && typeof value === 'string' && toInstantMs(value) !== undefined)
        return value.startsWith(searched.slice(0, 10));
      return textsIn(value).some(
        (text) => hasWords(text, searched) || text.toLowerCase() === searched.toLowerCase(),
      );
    });
}

/** A comparison of a date, for example `received>=2026-01-01`. */
function compares(keywords: Keywords, name: string, operator: string, searched: string) {
  const [property = ''] = requireKeyword(keywords, name);
  const boundMs = toInstantMs(searched);
  if (boundMs === undefined)
    throw new GraphError(
      501,
      'NotImplemented',
      `The emulator compares dates only in a search, not '${name}${operator}${searched}'.`,
    );
  return (item: GraphObject): boolean => {
    const ms = toInstantMs(String(readPath(item, property) ?? ''));
    if (ms === undefined) return false;
    const difference = ms - boundMs;
    if (operator === '=') return difference === 0;
    return operator.startsWith('<')
      ? difference < 0 || (operator === '<=' && difference === 0)
      : difference > 0 || (operator === '>=' && difference === 0);
  };
}

function requireKeyword(keywords: Keywords, name: string): readonly string[] {
  const own = Object.keys(keywords).find((one) => one.toLowerCase() === name.toLowerCase());
  const properties = own === undefined ? undefined : keywords[own];
  if (properties !== undefined) return properties;
  const names = Object.keys(keywords).filter((one) => one !== '');
  throw searchError(`'${name}' cannot be searched. The names are ${names.join(', ')}.`);
}
