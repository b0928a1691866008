import { ControlError } from './control.ts';
import { nearestName } from './nearest-name.ts';

/** The members of a JSON object. */
export type Members = Readonly<Record<string, unknown>>;

/**
 * @param known the only names that the object may have
 * @throws {ControlError}
 */
export function readMembers(body: unknown, known: readonly string[]): Members {
  const members = toMembers(body);
  for (const name of Object.keys(members)) {
    if (!known.includes(name)) throw unknownName('member', name, known, 'members');
  }
  return members;
}

/** @throws {ControlError} if the body is no object */
export function toMembers(body: unknown): Members {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new ControlError('The body must be a JSON object.');
  return Object.fromEntries(Object.entries(body));
}

/** @param list the name of the response's member with all names */
export function unknownName(
  kind: string,
  name: string,
  known: readonly string[],
  list: string,
): ControlError {
  const meant = nearestName(name, known);
  const suggestion = meant === undefined ? '' : ` Did you mean "${meant}"?`;
  return new ControlError(`There is no ${kind} "${name}".${suggestion}`, { [list]: known });
}

/** @throws {ControlError} if the member is there and no text */
export function readText(members: Members, name: string): string | undefined {
  const value = members[name];
  if (value !== undefined && (typeof value !== 'string' || value === ''))
    throw new ControlError(`"${name}" must be a text.`);
  return value;
}

/** @throws {ControlError} if the member is missing or no text */
export function requireText(members: Members, name: string): string {
  const text = readText(members, name);
  if (text === undefined) throw new ControlError(`"${name}" is missing.`);
  return text;
}

/** @throws {ControlError} if the member is there and no list of texts */
export function readTexts(members: Members, name: string): readonly string[] | undefined {
  const value = members[name];
  if (value === undefined) return undefined;
  const isText = (item: unknown): item is string => typeof item === 'string' && item !== '';
  if (!Array.isArray(value) || !value.every(isText))
    throw new ControlError(`"${name}" must be a list of texts.`);
  return value;
}

/** @throws {ControlError} if the member is there and neither true nor false */
export function readYesNo(members: Members, name: string): boolean | undefined {
  const value = members[name];
  if (value !== undefined && typeof value !== 'boolean')
    throw new ControlError(`"${name}" must be true or false.`);
  return value;
}
