import type { CheckedQuery } from '../odata/entity-type.ts';
import { GraphError } from '../reply.ts';

/** What the directory answers only to calls with `ConsistencyLevel: eventual` and `$count=true`. */
const advancedOperators = ['ne', 'not', 'endswith'];
const sortableWithout = ['displayName', 'userPrincipalName', 'createdDateTime'];

/**
 * Refuses queries as the directory does: some need `ConsistencyLevel: eventual` with `$count=true`, and `contains` is never
 * supported.
 * @see https://learn.microsoft.com/graph/aad-advanced-queries
 */
export function checkDirectoryQuery(query: CheckedQuery): void {
  const { options, filter, orderedBy, isEventual, countsOnly } = query;
  if (filter?.operators.has('contains'))
    throw unsupported(
      "Unsupported or invalid query filter clause: 'contains' is not supported for directory objects.",
    );
  if (options.has('$skip')) throw unsupported("'$skip' is not supported by the service.");
  if (countsOnly && !isEventual)
    throw unsupported("$count is not currently supported without the header 'ConsistencyLevel: eventual'.");
  if (options.has('$search') && !isEventual)
    throw unsupported(
      "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'.",
    );
  const isAdvanced = isEventual && (countsOnly || options.get('$count')?.toLowerCase() === 'true');
  if (isAdvanced) return;
  const operator = advancedOperators.find((one) => filter?.operators.has(one));
  if (operator !== undefined)
    throw unsupported(
      `Operator '${operator}' is not supported because it needs the header 'ConsistencyLevel: eventual' and $count=true.`,
    );
  const unsortable = orderedBy.find((one) => !sortableWithout.includes(one));
  if ((orderedBy.length > 0 && filter !== undefined) || (unsortable !== undefined && !isEventual))
    throw unsupported('Sorting not supported for current query.');
}

function unsupported(message: string): GraphError {
  return new GraphError(400, 'Request_UnsupportedQuery', message);
}
