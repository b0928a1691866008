import { type Environment, isSet, type Setting, type Settings, type ValuesOf } from './setting.ts';

/**
 * Reads every setting of a table. Each missing or invalid one adds an issue with its fix and is absent from the result.
 * An issue never contains the value.
 * @param prefix precedes each name of the table in the environment
 */
export function readSettings<Table extends Settings>(
  table: Table,
  environment: Environment,
  issues: string[],
  prefix = '',
): Partial<ValuesOf<Table>> {
  const values = Object.entries(table).map(([name, setting]) => {
    return [name, readSetting(`${prefix}${name}`, setting, environment, issues)] as const;
  });
  // The types of the values follow from the validators of the table.
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as Partial<ValuesOf<Table>>;
}

/**
 * Turns the values into complete ones. Call it only if there is no issue.
 * @throws {TypeError} if a required setting is absent nevertheless
 */
export function completeSettings<Table extends Settings>(
  table: Table,
  values: Partial<ValuesOf<Table>>,
): ValuesOf<Table> {
  for (const [name, { absence, condition }] of Object.entries(table)) {
    const mayBeAbsent = absence.kind === 'optional' || condition !== undefined;
    if (!mayBeAbsent) requireValue(values[name], name);
  }
  return values as ValuesOf<Table>;
}

/** @throws {TypeError} if there is no value */
export function requireValue<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new TypeError(`${name} was not read`);
  return value;
}

function readSetting(
  name: string,
  { validator, absence, condition, mayBeBlank }: Setting<unknown>,
  environment: Environment,
  issues: string[],
): unknown {
  if (condition !== undefined && !condition.holdsIn(environment)) return undefined;
  const { expected } = validator;
  const text = environment[name] ?? (absence.kind === 'default' ? absence.text : undefined);
  if (absence.kind === 'optional' && (text === undefined || (mayBeBlank && !isSet(text)))) return undefined;
  if (text === undefined || !isSet(text)) {
    issues.push(`${name} is missing; set it to ${expected}.`);
    return undefined;
  }
  if (isPlaceholder(text)) {
    issues.push(`${name} is still a placeholder; set it to ${expected}.`);
    return undefined;
  }
  const value = validator.parse(text);
  if (value === undefined) issues.push(`${name} is not usable; set it to ${expected}.`);
  return value;
}

/**
 * True for text from an example, and for a Key Vault reference that Azure could not resolve. Without this check, some
 * wrong settings would show only when a user signs in.
 */
function isPlaceholder(text: string): boolean {
  return /change[-_ ]?me|placeholder|^<.*>$|^\.\.\.$|^@Microsoft\.KeyVault/i.test(text);
}
