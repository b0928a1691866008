import { GraphError, type GraphObject } from '../reply.ts';
import { compare } from './compare.ts';
import type { EntityType } from './entity-type.ts';
import { requireProperty } from './properties.ts';

/** An order that was understood. */
export interface Order {
  /** In its order, and in the spelling of the type. */
  readonly properties: readonly string[];
  apply(items: readonly GraphObject[]): GraphObject[];
}

/** Reads `$orderby`: properties with `asc` or `desc`. @throws {GraphError} */
export function parseOrder(text: string, type: EntityType): Order {
  const keys = text.split(',').map((part) => {
    const [, path = '', direction = 'asc'] = /^\s*(\S+?)(?:\s+(asc|desc))?\s*$/i.exec(part) ?? [];
    if (path === '')
      throw new GraphError(400, 'BadRequest', `Syntax error at '${part.trim()}' in $orderby '${text}'.`);
    const property = requireProperty(type, path);
    return { property, sign: direction.toLowerCase() === 'desc' ? -1 : 1 };
  });
  return {
    properties: keys.map(({ property }) => property.path),
    apply: (items) =>
      items.toSorted((left, right) => {
        for (const { property, sign } of keys) {
          const order = compareWithMissing(property.read(left), property.read(right));
          if (order !== 0) return order * sign;
        }
        return 0;
      }),
  };
}

/** A missing value comes first. */
function compareWithMissing(left: unknown, right: unknown): number {
  const order = compare(left, right);
  if (order !== undefined) return order;
  const isMissing = (value: unknown) => value === null || value === undefined;
  return Number(isMissing(right)) - Number(isMissing(left));
}
