import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../src/shared/config/setting.ts';
import type { CommandContext } from './command.ts';

/** The settings that the service would get if it were started in a folder. */
export interface AppSettings {
  readonly settings: Environment;
  /** For the output. */
  readonly source: string;
  /** What is wrong with the file, each with its fix. */
  readonly issues: readonly string[];
}

const FILE = 'local.settings.json';

/** Like Azure Functions Core Tools: a variable of the environment takes precedence over its line in the file. */
export function readAppSettings({
  environment,
  folder,
}: Pick<CommandContext, 'environment' | 'folder'>): AppSettings {
  const text = readText(join(folder, FILE));
  if (text === undefined) return { settings: environment, source: 'the environment', issues: [] };
  const { values, issues } = parseFile(text);
  return { settings: { ...values, ...environment }, source: `${FILE} and the environment`, issues };
}

function parseFile(text: string): { readonly values: Environment; readonly issues: readonly string[] } {
  const failed = (issue: string) => ({ values: {}, issues: [`${FILE} ${issue}.`] });
  let file: unknown;
  try {
    // Editors on Windows write a byte order mark.
    file = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return failed('is not JSON; correct it');
  }
  const { IsEncrypted: isEncrypted, Values: found } = isObject(file) ? file : {};
  if (isEncrypted === true) return failed('is encrypted; run "func settings decrypt"');
  if (!isObject(found)) return failed('has no object "Values"; put the settings into one');
  const entries = Object.entries(found);
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const others = entries.filter(([, value]) => typeof value !== 'string');
  return {
    values: Object.fromEntries(texts),
    issues: others.map(([name]) => `${name} is not text in ${FILE}; put its value into quotes.`),
  };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
