import type { EntityType } from './odata/entity-type.ts';
import { ownName, withOwnNames } from './odata/properties.ts';
import { GraphError, type GraphObject } from './reply.ts';

/** Reads a JSON object. An empty body is an empty object. @throws {GraphError} */
export function parseObject(body: Buffer): GraphObject {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    throw new GraphError(400, 'BadRequest', 'Unable to read JSON request payload.');
  }
}

/** Reads an entity with the names of its type, whichever letter case they have. @throws {GraphError} for another name */
export function parseEntity(type: EntityType, body: Buffer): GraphObject {
  return withOwnNames(type, parseObject(body));
}

/** Reads the parameters of an action, whichever letter case they have. The others are dropped. */
export function parseParameters<Name extends string>(
  body: Buffer,
  names: readonly Name[],
): { readonly [N in Name]?: unknown } {
  const given = parseObject(body);
  const found: { [N in Name]?: unknown } = {};
  for (const name of names) {
    const own = ownName(given, name);
    if (own !== undefined) found[name] = given[own];
  }
  return found;
}

export function isObject(value: unknown): value is GraphObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
