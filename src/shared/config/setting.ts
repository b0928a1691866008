import { integer, type Validator } from './validators.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export function isSet(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== '';
}

/** True for text in quotes. They are part of the value, unlike in a shell. */
export function isQuoted(text: string): boolean {
  return /^(["'`]).*\1$|^[“„«‘].*[”“»’]$/s.test(text);
}

/**
 * What happens if the environment does not have the setting.
 * - `required`: the configuration is invalid.
 * - `default`: the text applies.
 * - `optional`: the value is undefined. For the documents, `without` describes what the service does in that case.
 */
export type Absence =
  | { readonly kind: 'required' }
  | { readonly kind: 'default'; readonly text: string }
  | { readonly kind: 'optional'; readonly without: string };

/** Whether a setting is read. This depends on the values of other settings. */
export interface Condition {
  /** For the documents: "with `certificate`". */
  readonly text: string;
  holdsIn(environment: Environment): boolean;
}

/** One setting: how it is read, and what the documents say about it. */
export interface Setting<Value, IfAbsent extends Absence = Absence> {
  readonly validator: Validator<Value>;
  readonly absence: IfAbsent;
  /** What the setting means, as Markdown. */
  readonly description: string;
  readonly isSecret: boolean;
  /** If true, blank text counts as absent. Otherwise blank text is an issue, because a value may have been forgotten. */
  readonly mayBeBlank?: boolean;
  /** Without a condition, the setting is always read. */
  readonly condition?: Condition;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** The values of these settings. Values of conditional and optional settings may be undefined. */
export type ValuesOf<Definitions extends Settings> = {
  readonly [Name in keyof Definitions]: Definitions[Name] extends Setting<infer Value, infer IfAbsent>
    ? Definitions[Name] extends { condition: Condition }
      ? Value | undefined
      : IfAbsent extends { kind: 'optional' }
        ? Value | undefined
        : Value
    : never;
};

interface SecretOption {
  readonly isSecret?: boolean;
}

type RequiredSetting<Value> = Setting<Value, { readonly kind: 'required' }>;
type DefaultSetting<Value> = Setting<Value, { readonly kind: 'default'; readonly text: string }>;
type OptionalSetting<Value> = Setting<Value, { readonly kind: 'optional'; readonly without: string }>;

export function required<Value>(
  validator: Validator<Value>,
  description: string,
  { isSecret = false }: SecretOption = {},
): RequiredSetting<Value> {
  return { validator, absence: { kind: 'required' }, description, isSecret };
}

export function withDefault<Value>(
  validator: Validator<Value>,
  text: string,
  description: string,
): DefaultSetting<Value> {
  return { validator, absence: { kind: 'default', text }, description, isSecret: false };
}

/** @param without what the service does without the setting, for the documents */
export function optional<Value>(
  validator: Validator<Value>,
  without: string,
  description: string,
  { isSecret = false, mayBeBlank = false }: SecretOption & { readonly mayBeBlank?: boolean } = {},
): OptionalSetting<Value> {
  return { validator, absence: { kind: 'optional', without }, description, isSecret, mayBeBlank };
}

/** The setting is read only if the condition holds. */
export function onlyIf<Value, IfAbsent extends Absence>(
  condition: Condition,
  setting: Setting<Value, IfAbsent>,
): Setting<Value, IfAbsent> & { readonly condition: Condition } {
  return { ...setting, condition };
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

export const seconds = integerSetting('whole seconds');
export const milliseconds = integerSetting('whole milliseconds');
export const bytes = integerSetting('whole bytes');
export const count = integerSetting('a whole number');

function integerSetting(quantity: string) {
  return ({ min, max, default: byDefault }: Range, description: string) =>
    withDefault(integer(quantity, min, max), String(byDefault), description);
}
