import { GraphError } from '../reply.ts';
import { type QueryOptions, requireKnownOptions, toOptions } from './options.ts';

/** One name in `$expand`, with its own options. */
export interface Expansion {
  readonly name: string;
  readonly options: QueryOptions;
}

const known = ['$select', '$expand', '$top', '$filter', '$orderby', '$levels'];

/** Reads `$expand`, for example `attachments($select=id,name;$top=5)`. @throws {GraphError} */
export function parseExpand(text: string): Expansion[] {
  return splitOutside(text, ',').map((part) => {
    const [, name, inner] = /^\s*([A-Za-z][\w.]*)(?:\((.*)\))?\s*$/s.exec(part) ?? [];
    if (name === undefined) {
      const message = `Parsing OData Select and Expand failed: Syntax error at '${part.trim()}' in '${text}'.`;
      throw new GraphError(400, 'BadRequest', message);
    }
    const options = toOptions(
      splitOutside(inner ?? '', ';')
        .filter((option) => option.trim() !== '')
        .map((option) => {
          const [optionName = '', value = ''] = option.trim().split(/=(.*)/s);
          return [optionName, value] as const;
        }),
    );
    requireKnownOptions(options, known);
    return { name, options };
  });
}

/** Returns how often `$levels` repeats a navigation; without it once. @throws {GraphError} */
export function readLevels(options: QueryOptions): number {
  const text = options.get('$levels') ?? '1';
  if (/^max$/i.test(text)) return Number.POSITIVE_INFINITY;
  const levels = Number(text);
  if (Number.isInteger(levels) && levels > 0) return levels;
  throw new GraphError(400, 'BadRequest', `'${text}' is not a positive number of $levels or 'max'.`);
}

/** Splits at a separator that is outside of parentheses and quotes. */
function splitOutside(text: string, separator: ',' | ';'): string[] {
  const parts: string[] = [''];
  let depth = 0;
  let quoted = false;
  for (const character of text) {
    if (character === "'") quoted = !quoted;
    if (!quoted && character === '(') depth++;
    if (!quoted && character === ')') depth--;
    if (!quoted && depth === 0 && character === separator) parts.push('');
    else parts.push(`${parts.pop()}${character}`);
  }
  return parts;
}
