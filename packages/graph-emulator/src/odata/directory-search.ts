import type { GraphObject } from '../reply.ts';
import { compareTexts } from './compare.ts';
import { parseClauses, searchError } from './search-clauses.ts';
import { hasWords } from './words.ts';

/** Names and descriptions are searched word by word, other properties by their beginning. */
const byWords = ['displayName', 'description'];

/**
 * Reads `$search` of directory objects: `"property:text"` in quotes, `AND`, `OR` and parentheses.
 * @see https://learn.microsoft.com/graph/search-query-parameter
 */
export function directorySearch(properties: readonly string[]) {
  return (text: string): ((item: GraphObject) => boolean) =>
    parseClauses(text, /"((?:[^"\\]|\\.)*)"|(AND|OR)(?!\w)/u, (clause) => {
      const [, name = '', searched = ''] = /^([^:]*):(.*)$/s.exec(clause.text) ?? [];
      const property = properties.find((one) => compareTexts(one, name) === 0);
      if (property === undefined)
        throw searchError(
          `'${clause.text}' must be a property, a colon and a text. The properties are ${properties.join(', ')}.`,
        );
      return (item) => {
        const value = item[property];
        if (typeof value !== 'string') return false;
        if (byWords.includes(property)) return hasWords(value, searched);
        return value.toLowerCase().startsWith(searched.toLowerCase());
      };
    });
}
