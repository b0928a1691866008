import type { AllowedCall } from './match.ts';
import { readUpstreamQuery } from './query.ts';
import { toComparableOption } from './reinterpretations.ts';

/**
 * Adds the rule's default `$select` to a call that selects no fields. The API would otherwise return fields that it
 * chooses, and the rule may not list all of them.
 */
export function withDefaultFields(call: AllowedCall): AllowedCall {
  const { $select } = call.rule.query;
  if ($select === undefined || $select === true || !('default' in $select) || $select.default === undefined) {
    return call;
  }
  // The query is within the rule's bounds already. Here it is read for the names alone.
  const reading = readUpstreamQuery(call.query, () => true);
  const names = reading.kind === 'query' ? reading.options.map(({ name }) => toComparableOption(name)) : [];
  if (names.includes('select')) return call;
  const selection = `$select=${$select.default.join(',')}`;
  return { ...call, query: call.query === '' ? selection : `${call.query}&${selection}` };
}
