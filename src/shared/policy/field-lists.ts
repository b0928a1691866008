import type { Fault } from './expression.ts';

/** One field of a `$select`, `$orderby` or `$expand`: its text without the spaces that may follow the comma before it. */
interface Item {
  readonly text: string;
  readonly at: number;
}

function readItems(value: string): readonly Item[] {
  let at = 0;
  return value.split(',').map((part, index) => {
    const spaces = index === 0 ? 0 : part.length - part.replace(/^ +/, '').length;
    const item = { text: part.slice(spaces), at: at + spaces };
    at += part.length + 1;
    return item;
  });
}

/** The first item of a `$select` that the rule does not name. */
export function findSelectFault(value: string, fields: readonly string[]): Fault | undefined {
  const wrong = readItems(value).find(({ text }) => !fields.includes(text));
  return wrong && { at: wrong.at, what: 'not a field that the rule names' };
}

/** The first place in a `$orderby` that is neither a field that the rule names nor a direction behind it. */
export function findOrderFault(value: string, fields: readonly string[]): Fault | undefined {
  for (const { text, at } of readItems(value)) {
    const [field = ''] = text.split(' ', 1);
    if (!fields.includes(field)) return { at, what: 'not a field that the rule names' };
    const direction = text.slice(field.length);
    if (!/^(?: +(?:asc|desc))?$/i.test(direction)) return { at: at + field.length, what: 'not asc or desc' };
  }
  return undefined;
}

/** A clause in quotes, or what stands between clauses. */
const searchPart = /"([^"]*)"| +(?:(?:AND|OR) +)?/y;

/**
 * The first place in a `$search` of directory objects that is not a clause with a field that the rule names:
 * `"displayName:ali" AND "mail:ali"`. A backslash could hide the end of a clause, and a second colon another field. A clause
 * without a field searches fields that Graph chooses.
 */
export function findSearchFault(value: string, fields: readonly string[]): Fault | undefined {
  let at = 0;
  for (let expectsClause = true; at < value.length || expectsClause; expectsClause = !expectsClause) {
    searchPart.lastIndex = at;
    const [part, clause] = searchPart.exec(value) ?? [];
    if (part === undefined || (clause !== undefined) !== expectsClause) {
      return { at, what: expectsClause ? 'not a clause in double quotes' : 'not a space, AND or OR' };
    }
    const fault = clause === undefined ? undefined : clauseFault(clause, fields);
    if (fault !== undefined) return { at: at + 1 + fault.at, what: fault.what };
    at += part.length;
  }
  return undefined;
}

function clauseFault(clause: string, fields: readonly string[]): Fault | undefined {
  const colon = clause.indexOf(':');
  if (!fields.includes(clause.slice(0, Math.max(colon, 0))))
    return { at: 0, what: 'not a field that the rule names, with a colon behind it' };
  const text = clause.slice(colon + 1);
  if (text === '') return { at: clause.length, what: 'a text to search for is missing' };
  const odd = text.search(/[:\\]/);
  return odd === -1 ? undefined : { at: colon + 1 + odd, what: 'another colon, or a backslash' };
}
