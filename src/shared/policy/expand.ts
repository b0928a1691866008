import type { Fault } from './expression.ts';
import { type OptionText, toComparableOption } from './query.ts';
import { findEndOfText } from './quoted-text.ts';

/** One navigation property of a `$expand`, with the options in the parentheses behind it. */
export interface ExpandItem {
  readonly navigation: string;
  readonly at: number;
  readonly options: readonly OptionText[];
}

export type ExpandResult =
  | { readonly kind: 'items'; readonly items: readonly ExpandItem[] }
  | { readonly kind: 'fault'; readonly fault: Fault };

const navigationName = /[A-Za-z]\w*/y;
const optionName = /\$?[A-Za-z][\w-]*(?==)/y;

/** Reads `manager($select=id;$levels=2), directReports`. @see OData 4.01 URL Conventions, 5.1.3 */
export function readExpand(value: string): ExpandResult {
  const items: ExpandItem[] = [];
  let at = 0;
  do {
    if (items.length > 0) at = skipSpaces(value, at + 1);
    const navigation = readAt(navigationName, value, at);
    if (navigation === undefined) return faultAt(at, 'not a property');
    const start = at;
    at += navigation.length;
    const nested = value[at] === '(' ? readOptions(value, at) : { options: [], end: at };
    if ('what' in nested) return { kind: 'fault', fault: nested };
    items.push({ navigation, at: start, options: nested.options });
    at = nested.end;
  } while (value[at] === ',');
  return at === value.length
    ? { kind: 'items', items }
    : faultAt(at, 'not a comma or an option in parentheses');
}

function readOptions(
  value: string,
  open: number,
): { readonly options: readonly OptionText[]; readonly end: number } | Fault {
  const options: OptionText[] = [];
  const seen = new Set<string>();
  let at = open;
  do {
    at = skipSpaces(value, at + 1);
    const name = readAt(optionName, value, at);
    if (name === undefined) return { at, what: 'not an option with a value' };
    const comparable = toComparableOption(name);
    if (seen.has(comparable)) return { at, what: 'an option that comes twice' };
    seen.add(comparable);
    const start = at + name.length + 1;
    const end = findEndOfValue(value, start, comparable === 'search');
    if (typeof end !== 'number') return end;
    options.push({ name, value: value.slice(start, end) });
    at = end;
  } while (value[at] === ';');
  return { options, end: at + 1 };
}

/** The position of the semicolon or parenthesis that ends the value of a nested option. */
function findEndOfValue(value: string, start: number, isSearch: boolean): number | Fault {
  let depth = 0;
  for (let at = start; at < value.length; at++) {
    const character = value[at];
    if (depth === 0 && (character === ';' || character === ')')) return at;
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (character === "'") {
      const end = isSearch ? -1 : findEndOfText(value, at + 1);
      if (end === -1) return { at, what: 'a text in quotes without its end' };
      at = end;
    }
    if (character === '"') {
      const end = isSearch ? value.indexOf('"', at + 1) : -1;
      // A reader that does not see the double quotes would end the option at one of these characters.
      if (end === -1 || /['(),;\\]/.test(value.slice(at, end)))
        return { at, what: 'a text in double quotes that could end the option' };
      at = end;
    }
  }
  return { at: value.length, what: 'a parenthesis is not closed' };
}

function readAt(pattern: RegExp, value: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(value)?.[0];
}

function skipSpaces(value: string, from: number): number {
  let at = from;
  while (value[at] === ' ') at++;
  return at;
}

const faultAt = (at: number, what: string): ExpandResult => ({ kind: 'fault', fault: { at, what } });
