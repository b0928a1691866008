import { ConfigError } from '../src/shared/config/config.ts';
import { type MoreFileName, moreFileNames } from '../src/shared/config/more-policies.ts';
import { readGraphPolicy } from '../src/shared/config/policies.ts';
import { type Environment, isSet } from '../src/shared/config/setting.ts';
import type { PolicyResult } from '../src/shared/policy/parse.ts';
import { readAppSettings } from './app-settings.ts';
import type { Command } from './command.ts';
import { type PolicyPlace, runPolicyCommand, usageOf } from './policy/command.ts';

const COMMAND = 'npx entra-bff policy';

export const policy: Command = {
  usage: usageOf({
    command: COMMAND,
    name: 'the policy for Graph that the settings of this folder select, with GRAPH_POLICY_FILE and GRAPH_POLICY_MORE',
  }),
  run(args, context) {
    const place = placeOf(readAppSettings(context).settings);
    const { isGood, isWrongCall, text } = runPolicyCommand(args, place);
    if (isGood) return { exitCode: 0, output: text };
    return { exitCode: isWrongCall === true ? 2 : 1, error: text };
  },
};

/** The policy for Graph of an app with these settings. */
function placeOf(settings: Environment): PolicyPlace {
  const named = settings['GRAPH_POLICY_FILE'];
  const file = isSet(named) ? named : undefined;
  return {
    command: COMMAND,
    file,
    name: file ?? 'the policy of entra-bff',
    read: (scopePrefix) => readPolicyOfApp(file, settings['GRAPH_POLICY_MORE'] ?? '', scopePrefix),
    howToUse: (changed) => `GRAPH_POLICY_FILE: "${changed}"`,
  };
}

function readPolicyOfApp(
  file: string | undefined,
  more: string,
  scopePrefix: string | undefined,
): PolicyResult {
  if (scopePrefix !== undefined) return invalid(['name the file of the policy for your own API']);
  const names = more.split(',').map((name) => name.trim());
  try {
    return { kind: 'policy', policy: readGraphPolicy(file, moreFileNames.filter(isIn(names))) };
  } catch (error) {
    if (error instanceof ConfigError) return invalid(error.issues);
    throw error;
  }
}

const isIn = (names: readonly string[]) => (name: MoreFileName) => names.includes(name);
const invalid = (issues: readonly string[]): PolicyResult => ({ kind: 'invalid', issues });
