import { type Accent, readableShade } from '../pages/accent.ts';
import { shippedLanguages } from '../pages/catalogues.ts';
import { toLogo } from '../pages/logo.ts';
import type { Catalogue } from '../pages/messages/english.ts';
import type { PagesConfig } from '../pages/presentation.ts';
import { type Config, ConfigError } from './config.ts';
import { incompleteLanguages, readBytes, readOwnCatalogues } from './page-messages.ts';
import { diagnose } from './read-settings.ts';
import { settings } from './settings.ts';
import type { Validator } from './validators.ts';

/** Texts of the pages of this service, by their names. docs/reference/page-texts.md lists them. */
export type PageMessages = Partial<Catalogue>;

/** How the pages of this service look and read. A setting takes precedence over the option of the same meaning. */
export interface PagesOptions {
  /** The name of the app, as users know it: at most 60 characters. `PAGES_NAME`. */
  readonly name?: string;
  /** Path of an SVG or PNG file of at most 32 KiB. It is shown beside the name. `PAGES_LOGO_FILE`. */
  readonly logo?: string;
  /** The color of buttons and links, `#rrggbb`. `PAGES_ACCENT`. */
  readonly accent?: string;
  /** The same in the dark color scheme. Default: a lighter shade of `accent`. `PAGES_ACCENT_DARK`. */
  readonly accentDark?: string;
  /** The languages of the pages, the default first. Default: all that have texts, English first. `PAGES_LANGUAGES`. */
  readonly languages?: readonly string[];
  /** Texts by language tag: an object, or the path of a JSON file. A text that is not given stays as it is. */
  readonly messages?: Readonly<Record<string, PageMessages | string>>;
}

export interface ReadPages {
  readonly pages: PagesConfig;
  /** For the log of the cold start, like the warnings about settings. */
  readonly warnings: readonly string[];
}

type PagesSettings = Config['pages'];

/**
 * Reads what an app has given, and its files.
 * @throws {ConfigError} that lists every invalid value with its fix
 */
export function readPages(fromSettings: PagesSettings, options: PagesOptions = {}): ReadPages {
  const issues: string[] = [];
  requireKnownOptions(options, issues);
  const given = mergeOptions(fromSettings, options, issues);
  const accent = toAccent(given.accent, given.accentDark, issues);
  const logo = readLogo(given.logo, given.name, issues);
  const ownCatalogues = readOwnCatalogues(options.messages ?? {}, issues);
  const languages = given.languages;
  const available = [...shippedLanguages, ...ownCatalogues.keys()];
  if (languages?.value.some((language) => !available.includes(language))) {
    // Like every issue, without the value of the setting.
    issues.push(
      `${languages.source} has a language without texts; use ${available.join(', ')}, or give its messages.`,
    );
  }
  if (issues.length > 0) throw new ConfigError(issues);
  return {
    pages: {
      identity: {
        ...(given.name === undefined ? {} : { name: given.name.value }),
        ...(accent === undefined ? {} : { accent }),
        ...(logo === undefined ? {} : { logo }),
      },
      ownCatalogues,
      ...(languages === undefined ? {} : { languages: languages.value }),
    },
    warnings: incompleteLanguages(ownCatalogues),
  };
}

/** A value, and the setting or option from which it comes. */
interface Given<Value> {
  readonly value: Value;
  readonly source: string;
}

const optionNames: readonly string[] = ['name', 'logo', 'accent', 'accentDark', 'languages', 'messages'];

/** For apps without types: a misspelled option would have no effect. */
function requireKnownOptions(options: PagesOptions, issues: string[]): void {
  for (const name of Object.keys(options)) {
    if (!optionNames.includes(name)) {
      issues.push(`pages.${name} is not an option; use ${optionNames.join(', ')}.`);
    }
  }
}

function mergeOptions(
  { name, accent, accentDark, logoFile, languages }: PagesSettings,
  options: PagesOptions,
  issues: string[],
) {
  const choose = <Value>(
    setting: keyof typeof settings,
    set: Value | undefined,
    option: keyof PagesOptions,
    validator: Validator<Value>,
  ): Given<Value> | undefined => {
    const checked = checkOption(`pages.${option}`, options[option], validator, issues);
    if (set !== undefined) return { value: set, source: setting };
    return checked === undefined ? undefined : { value: checked, source: `pages.${option}` };
  };
  return {
    name: choose('PAGES_NAME', name, 'name', settings.PAGES_NAME.validator),
    accent: choose('PAGES_ACCENT', accent, 'accent', settings.PAGES_ACCENT.validator),
    accentDark: choose('PAGES_ACCENT_DARK', accentDark, 'accentDark', settings.PAGES_ACCENT_DARK.validator),
    logo: choose('PAGES_LOGO_FILE', logoFile, 'logo', settings.PAGES_LOGO_FILE.validator),
    languages: choose('PAGES_LANGUAGES', languages, 'languages', settings.PAGES_LANGUAGES.validator),
  };
}

/** An option is checked like the setting of the same meaning. A list is checked in the form that the setting has. */
function checkOption<Value>(
  name: string,
  given: unknown,
  validator: Validator<Value>,
  issues: string[],
): Value | undefined {
  if (given === undefined) return undefined;
  const text = Array.isArray(given) ? given.join() : given;
  if (typeof text !== 'string') {
    issues.push(`${name} is not usable; set it to ${validator.expected}.`);
    return undefined;
  }
  const value = validator.parse(text);
  if (value === undefined) issues.push(`${name} ${diagnose(text, validator)}.`);
  return value;
}

function toAccent(
  light: Given<string> | undefined,
  dark: Given<string> | undefined,
  issues: string[],
): Accent | undefined {
  if (light === undefined) {
    if (dark !== undefined) {
      issues.push(`${dark.source} is set without the accent for light pages; set that too, or remove it.`);
    }
    return undefined;
  }
  return { light: light.value, dark: dark?.value ?? readableShade(light.value, 'dark') };
}

function readLogo(
  path: Given<string> | undefined,
  name: Given<string> | undefined,
  issues: string[],
): string | undefined {
  if (path === undefined) return undefined;
  if (name === undefined) {
    // Users who cannot see the logo would not learn whose page it is.
    issues.push(`${path.source} is set without the name of the app; set PAGES_NAME or pages.name too.`);
  }
  const bytes = readBytes(path.value);
  if (bytes === undefined) {
    issues.push(`${path.source}, the file cannot be read; give the path of a file.`);
    return undefined;
  }
  const result = toLogo(bytes);
  if (result.kind === 'logo') return result.url;
  issues.push(`${path.source}, the file ${result.issue}.`);
  return undefined;
}
