import { type Environment, isQuoted, isSet, type Setting, type Settings, type ValuesOf } from './setting.ts';
import type { Validator } from './validators.ts';

/**
 * Reads the settings. Each one that is invalid, or required and missing, adds an issue with its fix and is absent from the
 * result. An issue never contains the value.
 * @param prefix precedes each name in the environment
 */
export function readSettings<Definitions extends Settings>(
  definitions: Definitions,
  environment: Environment,
  issues: string[],
  prefix = '',
): Partial<ValuesOf<Definitions>> {
  const values = Object.entries(definitions).map(([name, setting]) => {
    return [name, readSetting(`${prefix}${name}`, setting, environment, issues)] as const;
  });
  // The types of the values follow from the validators of the definitions.
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as Partial<
    ValuesOf<Definitions>
  >;
}

/**
 * Returns the values with the type of complete ones. Call it only if {@link readSettings} added no issue.
 * @throws {TypeError} if a setting has no value, although it is unconditional and either required or has a default
 */
export function completeSettings<Definitions extends Settings>(
  definitions: Definitions,
  values: Partial<ValuesOf<Definitions>>,
): ValuesOf<Definitions> {
  for (const [name, { absence, condition }] of Object.entries(definitions)) {
    const mayBeAbsent = absence.kind === 'optional' || condition !== undefined;
    if (!mayBeAbsent) requireValue(values[name], name);
  }
  return values as ValuesOf<Definitions>;
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
  if (isPlaceholder(text, validator)) {
    issues.push(`${name} is still a placeholder; set it to ${expected}.`);
    return undefined;
  }
  const value = validator.parse(text);
  if (value === undefined) issues.push(`${name} ${diagnose(text, validator)}.`);
  return value;
}

/** What is wrong with text that the validator refuses, and the fix. */
export function diagnose(text: string, validator: Validator<unknown>): string {
  const trimmed = text.trim();
  if (trimmed !== text && validator.parse(trimmed) !== undefined)
    return 'begins or ends with a space or a line end; remove it';
  if (isQuoted(text)) return 'is in quotes; remove the quotes, which would be part of the value';
  return validator.diagnose?.(text) ?? `is not usable; set it to ${validator.expected}`;
}

/**
 * True for text from an example, for a reference that Azure could not resolve, and for a variable that a deployment did
 * not replace: `$(NAME)`, `${NAME}`, `#{NAME}#`, `{{NAME}}`, `%NAME%`. Without this check, some wrong settings would
 * show only when a user signs in.
 */
function isPlaceholder(
  text: string,
  { isFilePath, isFreeText }: Pick<Validator<unknown>, 'isFilePath' | 'isFreeText'>,
): boolean {
  const example = isFreeText ? /^(?:change[-_ ]?me|placeholder)$/i : /change[-_ ]?me|placeholder/i;
  return (
    example.test(text) ||
    /^<.*>$|^\.\.\.$/.test(text) ||
    (!isFilePath && !isFreeText && /^your[-_ ]/i.test(text)) ||
    /^@Microsoft\./i.test(text) ||
    /^(?:\$\(.*\)|\$\{.*\}|#\{.*\}#?|\{\{.*\}\}|%\w+%)$/.test(text.trim())
  );
}
