import type { ExpandBound, OptionBound, OptionBounds } from './option-bounds.ts';
import type { QueryOption } from './query.ts';
import { decodeAgain, type Rereading, toComparableOption } from './rereadings.ts';

/**
 * What keeps a query outside the bounds of its rule, as a sentence for the caller: it quotes the policy and never the
 * query. Undefined when nothing does.
 */
export function findBreach(bounds: OptionBounds, options: readonly QueryOption[]): string | undefined {
  for (const option of options) {
    const breach = breachOfOption(bounds, option) ?? breachOfRereadings(bounds, option);
    if (breach !== undefined) return breach;
  }
  const missing = Object.entries(bounds).find(
    ([name, bound]) => bound !== true && bound?.required && !options.some((option) => option.name === name),
  );
  return missing && `The rule for this path requires ${missing[0]}.`;
}

function breachOfOption(bounds: OptionBounds, { name, value }: QueryOption | Rereading): string | undefined {
  const bound = Object.hasOwn(bounds, name) ? bounds[name] : undefined;
  return bound === undefined ? notAllowed(Object.keys(bounds)) : breachOf(name, bound, value);
}

/** @param option is already within its own bound */
function breachOfRereadings(bounds: OptionBounds, option: QueryOption): string | undefined {
  const { name, rereadings = [] } = option;
  const bound = bounds[name];
  // The policy itself spells out the value, whatever an API makes of it.
  if (bound !== undefined && bound !== true && 'oneOf' in bound) return undefined;
  for (const again of rereadings) {
    const breach = breachOfOption(bounds, again);
    if (breach === undefined) continue;
    return again.by === 'ampersand'
      ? `A "&" in ${name} begins another option, however it is encoded, and this rule does not allow that one.`
      : `${name}, decoded again: ${breach}`;
  }
  return undefined;
}

function notAllowed(names: readonly string[]): string {
  const allowed = names.length === 0 ? 'none' : names.join(', ');
  return `The rule for this path does not allow one of the query options. Allowed: ${allowed}.`;
}

function breachOf(name: string, bound: OptionBound, value: string): string | undefined {
  if (bound === true) return undefined;
  if ('max' in bound) {
    return /^\d{1,9}$/.test(value) && Number(value) <= bound.max
      ? undefined
      : `${name} must be a whole number up to ${bound.max}.`;
  }
  if ('maxLength' in bound) {
    return value.length <= bound.maxLength ? undefined : `${name} may have ${bound.maxLength} characters.`;
  }
  if ('oneOf' in bound) {
    return bound.oneOf.includes(value) ? undefined : `${name} must be one of: ${bound.oneOf.join(' | ')}.`;
  }
  if ('navigations' in bound) return expandBreach(name, bound, value);
  if (namesOnly(name, bound.fields, value)) return undefined;
  const how =
    name === '$search' ? ', each as "field:text" in quotes, without another colon or a backslash' : '';
  return `${name} may name these fields only: ${bound.fields.join(', ')}${how}.`;
}

/** By the option's grammar, and nothing beside it: what is not understood is not inside the bounds. */
function namesOnly(name: string, fields: readonly string[], value: string): boolean {
  if (name === '$filter') return comparesOnly(fields, value);
  if (name === '$search') return searchesOnly(fields, value);
  const items = value.split(',');
  if (name === '$orderby') return items.every((item) => fields.includes(item.replace(/ (?:asc|desc)$/, '')));
  return items.every((item) => fields.includes(item));
}

/**
 * `"displayName:ali" AND "mail:ali"`, as Graph searches directory objects. A backslash could hide the end of a clause, a
 * second colon another field, and a clause without a field is for fields that Graph chooses.
 */
function searchesOnly(fields: readonly string[], value: string): boolean {
  if (!/^"[^"]*"(?: +(?:(?:AND|OR) +)?"[^"]*")*$/.test(value)) return false;
  return [...value.matchAll(/"([^"]*)"/g)].every(([, clause = '']) => {
    const [, field = ''] = /^([^:]+):[^:\\]+$/.exec(clause) ?? [];
    return fields.includes(field);
  });
}

/** Space, text, GUID, instant, number, brackets and commas, or a word. */
const filterToken = new RegExp(
  [
    String.raw`\s+`,
    `'(?:[^']|'')*'`,
    String.raw`[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?!\w)`,
    String.raw`\d{4}-\d\d-\d\d(?:T[\d:.]{5,18}(?:Z|[+-]\d\d:\d\d)?)?(?!\w)`,
    String.raw`-?\d+(?:\.\d+)?(?!\w)`,
    '[(),]',
    String.raw`(?<word>[A-Za-z_][\w.]*(?:/[A-Za-z_][\w.]*)*)`,
  ].join('|'),
  'y',
);
const filterOperators = new Set('eq ne gt ge lt le and or not in has true false null'.split(' '));
const filterFunctions = new Set('contains startswith endswith tolower toupper trim length'.split(' '));

/** Every word of the expression is OData's or a field's name. A lambda (`any(x:…)`) has a colon and is not understood. */
function comparesOnly(fields: readonly string[], value: string): boolean {
  filterToken.lastIndex = 0;
  while (filterToken.lastIndex < value.length) {
    const token = filterToken.exec(value);
    if (token === null) return false;
    const word = token.groups?.['word'];
    if (word === undefined || filterOperators.has(word) || fields.includes(word)) continue;
    // Only before its bracket: a field may be called like a function.
    if (!filterFunctions.has(word) || value[filterToken.lastIndex] !== '(') return false;
  }
  return value !== '';
}

/** `manager($select=id;$levels=2),directReports`: OData 4.01 URL conventions, 5.1.3. */
function expandBreach(name: string, { navigations }: ExpandBound, value: string): string | undefined {
  // An API that decodes the value again could find a bracket or a quote in it.
  if (decodeAgain(value) !== value) return `${name} is not written as OData has it.`;
  const seen = new Set<string>();
  for (const { navigation, options } of readExpandItems(value)) {
    const bounds = Object.hasOwn(navigations, navigation) ? navigations[navigation] : undefined;
    if (bounds === undefined || seen.has(navigation)) {
      return `${name} may name each of these once: ${Object.keys(navigations).join(', ')}.`;
    }
    seen.add(navigation);
    if (options === undefined) return `${name} is not written as OData has it.`;
    const breach = findBreach(bounds, options);
    if (breach !== undefined) return `Inside ${name}, at ${navigation}: ${breach}`;
  }
  return undefined;
}

export interface ExpandItem {
  /** Empty if the item is not understood. */
  readonly navigation: string;
  /** Undefined if the options are not understood. */
  readonly options: readonly QueryOption[] | undefined;
}

/** The items of a `$expand`, each with the options in the brackets behind it. */
export function readExpandItems(value: string): readonly ExpandItem[] {
  return (splitOutsideBrackets(value, ',') ?? ['']).map((item) => {
    const [, navigation = '', nested] = /^([A-Za-z]\w*)(?:\((.+)\))?$/s.exec(item) ?? [];
    return { navigation, options: nested === undefined ? [] : readNested(nested) };
  });
}

function readNested(text: string): QueryOption[] | undefined {
  const options: QueryOption[] = [];
  for (const part of splitOutsideBrackets(text, ';') ?? ['']) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(part) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const comparable = toComparableOption(name);
    if (options.some((option) => toComparableOption(option.name) === comparable)) return undefined;
    options.push({ name, value });
  }
  return options;
}

/** The parts between separators that are inside no bracket and no quote; undefined when one is left open. */
function splitOutsideBrackets(text: string, separator: string): string[] | undefined {
  const parts: string[] = [];
  // A search has other quotes, in which a bracket counts for nothing: not understood here.
  if (text.includes('"')) return undefined;
  let depth = 0;
  let isQuoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "'") isQuoted = !isQuoted;
    if (isQuoted) continue;
    if (character === '(') depth++;
    if (character === ')' && --depth < 0) return undefined;
    if (character === separator && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return depth === 0 && !isQuoted ? parts : undefined;
}
