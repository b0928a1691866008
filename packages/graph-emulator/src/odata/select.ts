import { GraphError, type GraphObject } from '../reply.ts';
import type { EntityType, Navigation } from './entity-type.ts';
import { type Expansion, parseExpand, readLevels } from './expand.ts';
import { parseFilter } from './filter.ts';
import { type QueryOptions, readCount } from './options.ts';
import { parseOrder } from './order.ts';
import { ownName, requireProperty, unknownProperty } from './properties.ts';

/** Returns the properties that `$select` names, in the spelling of the type, or undefined. @throws {GraphError} */
export function selectedNames(type: EntityType, options: QueryOptions): readonly string[] | undefined {
  const names = options
    .get('$select')
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== '*');
  if (names === undefined || names.length === 0) return undefined;
  return names.map((name) => requireProperty(type, name).path);
}

/** Returns the permissions that `$expand` needs besides those of the call: one of each list. @throws {GraphError} */
export function scopesOfExpand(type: EntityType, options: QueryOptions): (readonly string[])[] {
  const named = options.get('$expand');
  if (named === undefined) return [];
  return parseExpand(named).flatMap(({ name, options: inner }) => {
    const [, navigation] = requireNavigation(type, name);
    const own = navigation.scopes === undefined ? [] : [navigation.scopes];
    return [...own, ...scopesOfExpand(navigation.type(), inner)];
  });
}

/** Returns the entity with what `$select` and `$expand` name. @throws {GraphError} */
export function shape(type: EntityType, entity: GraphObject, options: QueryOptions): GraphObject {
  const names = selectedNames(type, options) ?? type.defaults;
  const annotations = Object.keys(entity).filter((name) => name.startsWith('@odata.'));
  const chosen = names === undefined ? undefined : [...annotations, ...type.always, ...names];
  const shaped =
    chosen === undefined
      ? entity
      : Object.fromEntries(chosen.filter((name) => name in entity).map((name) => [name, entity[name]]));
  const named = options.get('$expand');
  const expansions = named === undefined ? [] : parseExpand(named).map((one) => expand(type, entity, one));
  return { ...shaped, ...Object.fromEntries(expansions) };
}

function expand(
  type: EntityType,
  owner: GraphObject,
  { name, options }: Expansion,
  levels = readLevels(options),
): [string, unknown] {
  const [own, navigation] = requireNavigation(type, name);
  const related = navigation.read(owner);
  if (related === undefined) return [own, null];
  const relatedType = navigation.type();
  if (!isList(related)) {
    const shaped = shape(relatedType, related, options);
    if (levels < 2) return [own, shaped];
    const [, next] = expand(relatedType, related, { name, options }, levels - 1);
    return [own, next === null ? shaped : { ...shaped, [own]: next }];
  }
  const filter = options.get('$filter');
  const order = options.get('$orderby');
  const matching = filter === undefined ? related : related.filter(parseFilter(filter, relatedType).matches);
  const ordered = order === undefined ? matching : parseOrder(order, relatedType).apply(matching);
  const top = readCount(options, '$top') ?? ordered.length;
  return [own, ordered.slice(0, top).map((one) => shape(relatedType, one, options))];
}

function requireNavigation(type: EntityType, name: string): [string, Navigation] {
  const own = ownName(type.navigations ?? {}, name);
  const navigation = own === undefined ? undefined : type.navigations?.[own];
  if (own !== undefined && navigation !== undefined) return [own, navigation];
  const typeName = `microsoft.graph.${type.name}`;
  if (ownName(type.properties, name) === undefined) throw unknownProperty(name, typeName);
  const message = `Parsing OData Select and Expand failed: Property '${name}' on type '${typeName}' is not a navigation property or complex property. Only navigation properties can be expanded.`;
  throw new GraphError(400, 'BadRequest', message);
}

function isList(related: GraphObject | readonly GraphObject[]): related is readonly GraphObject[] {
  return Array.isArray(related);
}
