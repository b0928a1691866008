import type { ExpandBound, OptionBound, OptionBounds } from './option-bounds.ts';
import type { OptionText, QueryOption } from './query.ts';
import { decodeAgain, toComparableOption } from './reinterpretations.ts';

/**
 * The first violation of a rule's bounds, as a sentence for the caller. It quotes the policy and never the query.
 * Undefined if the query is within bounds.
 */
export function findViolation(
  bounds: OptionBounds,
  options: readonly (OptionText | QueryOption)[],
): string | undefined {
  for (const option of options) {
    const violation = violationOfOption(bounds, option) ?? violationOfReinterpretations(bounds, option);
    if (violation !== undefined) return violation;
  }
  const missing = Object.entries(bounds).find(
    ([name, bound]) => bound !== true && bound?.required && !options.some((option) => option.name === name),
  );
  return missing && `The rule for this path requires ${missing[0]}.`;
}

function violationOfOption(bounds: OptionBounds, { name, value }: OptionText): string | undefined {
  const bound = Object.hasOwn(bounds, name) ? bounds[name] : undefined;
  return bound === undefined ? notAllowed(Object.keys(bounds)) : violationOf(name, bound, value);
}

/** @param option is already within its own bound */
function violationOfReinterpretations(
  bounds: OptionBounds,
  option: OptionText | QueryOption,
): string | undefined {
  const { name } = option;
  const reinterpretations = ('reinterpretations' in option && option.reinterpretations) || [];
  const bound = bounds[name];
  // The policy itself lists the value, so it may pass however an API decodes it.
  if (bound !== undefined && bound !== true && 'oneOf' in bound) return undefined;
  for (const reinterpretation of reinterpretations) {
    const violation = violationOfOption(bounds, reinterpretation);
    if (violation === undefined) continue;
    return reinterpretation.by === 'ampersand'
      ? `A "&" in ${name} begins another option, however it is encoded, and this rule does not allow that one.`
      : `${name}, decoded again: ${violation}`;
  }
  return undefined;
}

function notAllowed(names: readonly string[]): string {
  const allowed = names.length === 0 ? 'none' : names.join(', ');
  return `The rule for this path does not allow one of the query options. Allowed: ${allowed}.`;
}

function violationOf(name: string, bound: OptionBound, value: string): string | undefined {
  if (bound === true) return undefined;
  if ('max' in bound) {
    return /^\d{1,9}$/.test(value) && Number(value) <= bound.max
      ? undefined
      : `${name} must be a whole number up to ${bound.max}.`;
  }
  if ('maxLength' in bound) {
    return value.length <= bound.maxLength
      ? undefined
      : `${name} may have at most ${bound.maxLength} characters.`;
  }
  if ('oneOf' in bound) {
    return bound.oneOf.includes(value) ? undefined : `${name} must be one of: ${bound.oneOf.join(' | ')}.`;
  }
  if ('navigations' in bound) return expandViolation(name, bound, value);
  if (namesOnly(name, bound.fields, value)) return undefined;
  const how =
    name === '$search' ? ', each as "field:text" in quotes, without another colon or a backslash' : '';
  return `${name} may name these fields only: ${bound.fields.join(', ')}${how}.`;
}

/** Whether the value names only these fields. A value that does not follow the option's grammar is out of bounds. */
function namesOnly(name: string, fields: readonly string[], value: string): boolean {
  if (name === '$filter') return comparesOnly(fields, value);
  if (name === '$search') return searchesOnly(fields, value);
  const items = value.split(',');
  if (name === '$orderby') return items.every((item) => fields.includes(item.replace(/ (?:asc|desc)$/, '')));
  return items.every((item) => fields.includes(item));
}

/**
 * `"displayName:ali" AND "mail:ali"`, as Graph searches directory objects. A backslash could hide the end of a clause, and
 * a second colon another field. A clause without a field searches fields that Graph chooses.
 */
function searchesOnly(fields: readonly string[], value: string): boolean {
  if (!/^"[^"]*"(?: +(?:(?:AND|OR) +)?"[^"]*")*$/.test(value)) return false;
  return [...value.matchAll(/"([^"]*)"/g)].every(([, clause = '']) => {
    const [, field = ''] = /^([^:]+):[^:\\]+$/.exec(clause) ?? [];
    return fields.includes(field);
  });
}

/** One token of a filter: space, text, GUID, instant, number, parenthesis, comma or word. */
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

/** Whether each word of the expression is OData's or a listed field. False for a lambda (`any(x:…)`), which has a colon. */
function comparesOnly(fields: readonly string[], value: string): boolean {
  filterToken.lastIndex = 0;
  while (filterToken.lastIndex < value.length) {
    const token = filterToken.exec(value);
    if (token === null) return false;
    const word = token.groups?.['word'];
    if (word === undefined || filterOperators.has(word) || fields.includes(word)) continue;
    // A function's name counts only before a parenthesis, because a field may have the same name.
    if (!filterFunctions.has(word) || value[filterToken.lastIndex] !== '(') return false;
  }
  return value !== '';
}

/** `manager($select=id;$levels=2),directReports`: OData 4.01 URL conventions, 5.1.3. */
function expandViolation(name: string, { navigations }: ExpandBound, value: string): string | undefined {
  // An API that decodes the value again could find a parenthesis or a quote in it.
  if (decodeAgain(value) !== value) return `${name} does not follow the grammar of OData.`;
  const seen = new Set<string>();
  for (const { navigation, options } of readExpandItems(value)) {
    const bounds = Object.hasOwn(navigations, navigation) ? navigations[navigation] : undefined;
    if (bounds === undefined || seen.has(navigation)) {
      return `${name} may name each of these once: ${Object.keys(navigations).join(', ')}.`;
    }
    seen.add(navigation);
    if (options === undefined) return `${name} does not follow the grammar of OData.`;
    const violation = findViolation(bounds, options);
    if (violation !== undefined) return `Inside ${name}, at ${navigation}: ${violation}`;
  }
  return undefined;
}

export interface ExpandItem {
  /** Empty if the item does not follow the grammar. */
  readonly navigation: string;
  /** Undefined if the options do not follow the grammar. */
  readonly options: readonly OptionText[] | undefined;
}

/** The items of a `$expand`, each with the options in parentheses after it. */
export function readExpandItems(value: string): readonly ExpandItem[] {
  return (splitOutsideParentheses(value, ',') ?? ['']).map((item) => {
    const [, navigation = '', nested] = /^([A-Za-z]\w*)(?:\((.+)\))?$/s.exec(item) ?? [];
    return { navigation, options: nested === undefined ? [] : readNested(nested) };
  });
}

function readNested(text: string): OptionText[] | undefined {
  const options: OptionText[] = [];
  for (const part of splitOutsideParentheses(text, ';') ?? ['']) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(part) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const comparable = toComparableOption(name);
    if (options.some((option) => toComparableOption(option.name) === comparable)) return undefined;
    options.push({ name, value });
  }
  return options;
}

/** Splits at separators outside of parentheses and quotes. Undefined if a parenthesis or a quote is left open. */
function splitOutsideParentheses(text: string, separator: string): string[] | undefined {
  const parts: string[] = [];
  // A search has double quotes, in which a parenthesis has no meaning. This parser does not support them.
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
