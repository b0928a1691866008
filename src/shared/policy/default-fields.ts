import type { AllowedCall } from './match.ts';
import { isRead } from './methods.ts';
import { type QueryOption, writeQuery } from './query.ts';

/**
 * Adds the rule's default `$select` to a call that selects no fields. The API would otherwise return fields that it
 * chooses, and the rule may not list all of them.
 */
export function withDefaultFields(call: AllowedCall): AllowedCall {
  const { $select } = call.rule.query;
  if (!isRead(call.method)) return call;
  if ($select === undefined || $select === true || !('default' in $select) || $select.default === undefined) {
    return call;
  }
  if (call.options.some(({ name }) => name === '$select')) return call;
  const value = $select.default.join(',');
  const options: readonly QueryOption[] = [
    ...call.options,
    { name: '$select', value, rawValue: `=${value}` },
  ];
  return { ...call, options, query: writeQuery(options) };
}
