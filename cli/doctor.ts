import { parseArgs } from 'node:util';
import { type Config, ConfigError, parseConfig, toLines } from '../src/shared/config/config.ts';
import { readPages } from '../src/shared/config/pages.ts';
import { readPolicies } from '../src/shared/config/policies.ts';
import { runtimeIssues } from '../src/shared/config/runtime.ts';
import type { Environment } from '../src/shared/config/setting.ts';
import { readAppSettings } from './app-settings.ts';
import { type Command, type CommandResult, toJson } from './command.ts';

/** What the service would say at its start. Contains no value of a setting. */
interface Findings {
  readonly issues: readonly string[];
  readonly warnings: readonly string[];
}

export const doctor: Command = {
  usage: `Use: npx entra-bff doctor [--json]

Reads the settings of the app in this folder as the service does at its start, and names every wrong one
with its fix: those of local.settings.json, and variables of the environment, which take precedence. Then
it reads the policy files and the logo that they name. It prints no value of a setting and sends no
request. It does not run your code, which may give what the settings of the pages lack, so it only warns
of these.

  --json  prints { "ok", "source", "issues", "warnings" }

Ends with 1 if a setting is wrong, and otherwise with 0.`,
  run(args, context) {
    const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean' } } });
    const { settings, source, issues } = readAppSettings(context);
    const found = examine(settings);
    const findings = { issues: [...issues, ...found.issues], warnings: found.warnings };
    return values.json === true ? inJson(source, findings) : inWords(source, findings);
  },
};

function examine(settings: Environment): Findings {
  const issues = runtimeIssues();
  try {
    const config = parseConfig(settings);
    readPolicies(config);
    return { issues, warnings: [...config.warnings, ...pageWarnings(config)] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { issues: [...issues, ...error.issues], warnings: error.warnings };
  }
}

/** The name of the app and texts may be in its code, so what is wrong without them may be right with them. */
function pageWarnings({ pages }: Config): readonly string[] {
  try {
    return readPages(pages).warnings;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.issues;
  }
}

function inJson(source: string, { issues, warnings }: Findings): CommandResult {
  const ok = issues.length === 0;
  return { exitCode: ok ? 0 : 1, output: toJson({ ok, source, issues, warnings }) };
}

function inWords(source: string, { issues, warnings }: Findings): CommandResult {
  const checks = warnings.length === 0 ? [] : [`Check these settings:\n${toLines(warnings)}`];
  if (issues.length === 0) {
    return { exitCode: 0, output: [`The settings are usable (${source}).`, ...checks].join('\n') };
  }
  const wrong = `The settings are not usable (${source}):\n${toLines(issues)}`;
  return { exitCode: 1, error: [wrong, ...checks].join('\n') };
}
