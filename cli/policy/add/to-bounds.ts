import { readExpand } from '../../../src/shared/policy/expand.ts';
import type { OptionBound, OptionBounds } from '../../../src/shared/policy/option-bounds.ts';
import { type OptionText, toComparableOption } from '../../../src/shared/policy/query.ts';
import { findViolation } from '../../../src/shared/policy/query-bounds.ts';

/** The tightest bounds that fit the options of a call and calls like it. A list gets what its further pages need. */
export function toBounds(options: readonly OptionText[]): OptionBounds {
  const bounds = Object.fromEntries(
    options.map(({ name, value }): [string, OptionBound] => [name, boundOf(name, value)]),
  );
  const hasPages = '$top' in bounds && !('$skip' in bounds) && !('$skiptoken' in bounds);
  return hasPages ? { ...bounds, $skiptoken: true } : bounds;
}

/** A page further on has a larger `$skip`. */
const LEAST_SKIP = 1000;

function boundOf(name: string, value: string): OptionBound {
  switch (toComparableOption(name)) {
    case 'select':
      return { fields: value.split(',').map((field) => field.trim()) };
    case 'orderby':
      return { fields: value.split(',').map((item) => item.trim().replace(/ (?:asc|desc)$/i, '')) };
    case 'filter':
      return filterBound(name, value);
    case 'search':
      return searchBound(name, value);
    case 'expand':
      return expandBound(value);
    case 'levels':
      return value === 'max' ? { max: 1, orMax: true } : { max: Number(value) };
    case 'top':
      return /^\d+$/.test(value) ? { max: Number(value) } : true;
    case 'skip':
      return /^\d+$/.test(value) ? { max: Math.max(Number(value), LEAST_SKIP) } : true;
    case 'count':
      return { oneOf: [value] };
    case 'skiptoken':
    case 'deltatoken':
      return true;
    default:
      return parameterBound(value);
  }
}

/** The fields that the expression compares, or else this expression alone. */
function filterBound(name: string, value: string): OptionBound {
  const words = value.replaceAll(/'(?:[^']|'')*'/g, '').match(/[A-Za-z_][\w.]*(?:\/[A-Za-z_][\w.]*)*/g) ?? [];
  // A word that the bound itself accepts without being listed is an operator or a function.
  const bound = { fields: [...new Set(words)] };
  const needed = bound.fields.filter(
    (field) =>
      findViolation({ [name]: { fields: bound.fields.filter((other) => other !== field) } }, [
        { name, value },
      ]) !== undefined,
  );
  const isEnough = findViolation({ [name]: { fields: needed } }, [{ name, value }]) === undefined;
  return needed.length > 0 && isEnough ? { fields: needed } : { oneOf: [value] };
}

/** `"displayName:ali"` searches a field of directory objects; other words are found in any field. */
function searchBound(name: string, value: string): OptionBound {
  const fields = [...new Set([...value.matchAll(/"([A-Za-z]\w*):/g)].map(([, field = '']) => field))];
  if (fields.length > 0 && findViolation({ [name]: { fields } }, [{ name, value }]) === undefined)
    return { fields };
  return { maxLength: MAX_SEARCH_LENGTH };
}

const MAX_SEARCH_LENGTH = 200;

function expandBound(value: string): OptionBound {
  const reading = readExpand(value);
  const items = reading.kind === 'items' ? reading.items : [];
  return {
    navigations: Object.fromEntries(
      items.map(({ navigation, options }) => [
        navigation,
        Object.fromEntries(options.map((option) => [option.name, boundOf(option.name, option.value)])),
      ]),
    ),
  };
}

function parameterBound(value: string): OptionBound {
  if (/^\d{1,6}$/.test(value)) return { max: Number(value) };
  if (/^[A-Za-z]{1,40}$/.test(value)) return { oneOf: [value] };
  return { maxLength: Math.max(40, value.length) };
}
