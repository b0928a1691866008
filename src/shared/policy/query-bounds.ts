import { type ExpandItem, readExpand } from './expand.ts';
import type { Fault } from './expression.ts';
import { findOrderFault, findSearchFault, findSelectFault } from './field-lists.ts';
import { findFilterFault } from './filter.ts';
import type { ExpandBound, FieldsBound, NumberBound, OptionBound, OptionBounds } from './option-bounds.ts';
import type { OptionText } from './query.ts';

/**
 * The first violation of a rule's bounds, as a sentence for the caller. It quotes the policy and never the query.
 * Undefined if the query is within bounds.
 * @param options with their names as in the bounds
 */
export function findViolation(bounds: OptionBounds, options: readonly OptionText[]): string | undefined {
  for (const { name, value } of options) {
    const bound = Object.hasOwn(bounds, name) ? bounds[name] : undefined;
    const violation = bound === undefined ? notAllowed(Object.keys(bounds)) : violationOf(name, bound, value);
    if (violation !== undefined) return violation;
  }
  const missing = Object.entries(bounds).find(
    ([name, bound]) => bound !== true && bound?.required && !options.some((option) => option.name === name),
  );
  return missing && `The rule for this path requires ${missing[0]}.`;
}

/** Whether the policy lists exactly this value. */
export const listsValue = (bound: OptionBound, value: string): boolean =>
  bound !== true && 'oneOf' in bound && bound.oneOf.includes(value);

function notAllowed(names: readonly string[]): string {
  const allowed = names.length === 0 ? 'none' : names.join(', ');
  return `The rule for this path does not allow one of the query options. Allowed: ${allowed}.`;
}

function violationOf(name: string, bound: OptionBound, value: string): string | undefined {
  if (bound === true) return undefined;
  if ('max' in bound) return numberViolation(name, bound, value);
  if ('maxLength' in bound) {
    return value.length <= bound.maxLength
      ? undefined
      : `${name} may have at most ${bound.maxLength} characters.`;
  }
  if ('oneOf' in bound)
    return listsValue(bound, value) ? undefined : `${name} must be one of: ${bound.oneOf.join(' | ')}.`;
  if ('navigations' in bound) return expandViolation(name, bound, value);
  const fault = fieldsFault(name, bound, value);
  return fault && `${describeFault(name, fault)} Fields that the rule names: ${bound.fields.join(', ')}.`;
}

function numberViolation(
  name: string,
  { max, orMax = false }: NumberBound,
  value: string,
): string | undefined {
  const isWithin = /^\d{1,9}$/.test(value) && Number(value) <= max;
  if (isWithin || (orMax && value === 'max')) return undefined;
  return `${name} must be a whole number up to ${max}${orMax ? ', or max' : ''}.`;
}

function fieldsFault(name: string, { fields }: FieldsBound, value: string): Fault | undefined {
  if (name === '$filter') return findFilterFault(value, fields);
  if (name === '$search') return findSearchFault(value, fields);
  return name === '$orderby' ? findOrderFault(value, fields) : findSelectFault(value, fields);
}

/** Positions count from 1 in the decoded value. */
const describeFault = (name: string, { at, what }: Fault) => `${name}, character ${at + 1}: ${what}.`;

function expandViolation(name: string, bound: ExpandBound, value: string): string | undefined {
  const reading = readExpand(value);
  if (reading.kind === 'fault') return describeFault(name, reading.fault);
  const seen = new Set<string>();
  for (const item of reading.items) {
    const violation = itemViolation(name, bound, item, seen);
    if (violation !== undefined) return violation;
    seen.add(item.navigation);
  }
  return undefined;
}

function itemViolation(
  name: string,
  { navigations }: ExpandBound,
  { navigation, at, options }: ExpandItem,
  seen: ReadonlySet<string>,
): string | undefined {
  const bounds = Object.hasOwn(navigations, navigation) ? navigations[navigation] : undefined;
  if (bounds === undefined || seen.has(navigation)) {
    const what = bounds === undefined ? 'not a property that the rule names' : 'a property that comes twice';
    return `${describeFault(name, { at, what })} Properties: ${Object.keys(navigations).join(', ')}.`;
  }
  const violation = findViolation(bounds, options);
  return violation && `Inside ${name}, at ${navigation}: ${violation}`;
}
