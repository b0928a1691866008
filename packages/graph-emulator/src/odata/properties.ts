import { GraphError, type GraphObject } from '../reply.ts';
import type { EntityType } from './entity-type.ts';

/** What a value is, as far as a comparison needs it. */
export type Kind = 'text' | 'number' | 'boolean' | 'instant' | 'list' | 'any';

/** A property that a query names, for example `from/emailAddress/address`. */
export interface Property {
  /** In the spelling of the type. */
  readonly path: string;
  readonly kind: Kind;
  /** A value of the type, of a list's members if it is a list. */
  readonly specimen: unknown;
  read(owner: unknown): unknown;
}

/** Finds a property without regard to letter case. @throws {GraphError} if the type has none of this name */
export function requireProperty(type: EntityType, path: string): Property {
  return propertyOf(type.properties, path, `microsoft.graph.${type.name}`);
}

/** @param owner a specimen that has the property */
export function propertyOf(owner: unknown, path: string, typeName: string): Property {
  const names: string[] = [];
  let specimen = owner;
  for (const segment of path.split('/')) {
    const name = specimen === null ? segment : ownName(specimen, segment);
    if (name === undefined) throw unknownProperty(segment, typeName);
    names.push(name);
    specimen = specimen === null ? null : Reflect.get(Object(specimen), name);
  }
  return {
    path: names.join('/'),
    kind: kindOf(specimen),
    specimen: Array.isArray(specimen) ? specimen[0] : specimen,
    read: (from) => names.reduce<unknown>((value, name) => memberOf(value, name), from),
  };
}

/** Returns the type's spelling of a property. */
export function ownName(owner: unknown, name: string): string | undefined {
  if (typeof owner !== 'object' || owner === null) return undefined;
  return Object.keys(owner).find((one) => one.toLowerCase() === name.toLowerCase());
}

/** What many types of Graph have and the emulator does not. */
const notEmulated =
  /^(?:extensions|(?:single|multi)ValueExtendedProperties|attachments|instances|customExtensions)$/i;

export function unknownProperty(name: string, typeName: string): GraphError {
  if (notEmulated.test(name))
    return new GraphError(501, 'NotImplemented', `The emulator does not emulate '${name}' of '${typeName}'.`);
  const message = `Could not find a property named '${name}' on type '${typeName}'.`;
  return new GraphError(400, 'BadRequest', message);
}

/** Returns a body with the names of the type, whichever letter case it has. @throws {GraphError} for an unknown name */
export function withOwnNames(type: EntityType, body: GraphObject): GraphObject {
  return spell(type.properties, body, `microsoft.graph.${type.name}`);
}

function spell(specimen: unknown, body: object, typeName: string): GraphObject {
  const entries = Object.entries(body).map(([name, value]) => {
    // Annotations, and members of a property whose shape the emulator does not know, stay as they are.
    if (name.includes('@') || specimen === null) return [name, value];
    const own = ownName(specimen, name);
    if (own === undefined) {
      if (notEmulated.test(name)) throw unknownProperty(name, typeName);
      const message = `The property '${name}' does not exist on type '${typeName}'. Make sure to only use property names that are defined by the type.`;
      throw new GraphError(400, 'RequestBodyRead', message);
    }
    return [own, spellValue(Reflect.get(Object(specimen), own), value, typeName)];
  });
  return Object.fromEntries(entries);
}

function spellValue(specimen: unknown, value: unknown, typeName: string): unknown {
  if (Array.isArray(value)) {
    const member: unknown = Array.isArray(specimen) ? specimen[0] : null;
    return value.map((one: unknown) => spellValue(member ?? null, one, typeName));
  }
  if (typeof value !== 'object' || value === null) return value;
  return spell(typeof specimen === 'object' ? specimen : null, value, typeName);
}

function memberOf(owner: unknown, name: string): unknown {
  if (typeof owner !== 'object' || owner === null) return undefined;
  return Object.hasOwn(owner, name) ? Reflect.get(owner, name) : undefined;
}

function kindOf(specimen: unknown): Kind {
  if (Array.isArray(specimen)) return 'list';
  switch (typeof specimen) {
    case 'string':
      return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(specimen) ? 'instant' : 'text';
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    default:
      return 'any';
  }
}
