import { readPolicyFile } from '../../src/shared/config/policies.ts';
import { customApiProfile } from '../../src/shared/policy/custom-api.ts';
import { graphProfile } from '../../src/shared/policy/graph-profile.ts';
import { proxyMethods } from '../../src/shared/policy/methods.ts';
import type { PolicyResult } from '../../src/shared/policy/parse.ts';
import type { Policy } from '../../src/shared/policy/policy.ts';
import { addRule } from './add/add.ts';
import { explainCall } from './explain.ts';
import { listScopes } from './list-scopes.ts';
import { findPrefixWarnings, findWarnings } from './warnings.ts';

/** The policy that a command is about if it names no file, and how its output names commands. */
export interface PolicyPlace {
  /** How the command is called: `npm run policy --`. */
  readonly command: string;
  /** The file to which `add` adds. Undefined: it has to be named. */
  readonly file: string | undefined;
  /** For the output. */
  readonly name: string;
  /** @param scopePrefix the application ID URI of your own API */
  read(scopePrefix: string | undefined): PolicyResult;
  /** How to use a changed file. */
  howToUse(file: string): string;
}

export const usageOf = ({ command, name }: Pick<PolicyPlace, 'command' | 'name'>) => `Use one of
  ${command} check [file]
  ${command} explain 'GET /v1.0/me/messages?$top=5' [file]
  ${command} scopes [file]
  ${command} add 'GET /me/presence' [file] [--permissions=FILE] [--scope=NAME] [--feature=NAME]

Without a file: ${name}. For the policy of your own API, add its application ID URI:
--api=api://orders. Repeat --api for each of your other APIs, and check compares them. Put the call into single quotes,
because in double quotes the shell replaces $top. An address of Graph or Graph Explorer may take the place of the path. For a call with a body, add its type:
'POST /v1.0/me/sendMail application/json'.`;

export interface CommandResult {
  /** False if the file has an issue, the call is refused, or the arguments are wrong. */
  readonly isGood: boolean;
  /** True if the arguments are wrong. Then the text shows the right ones. */
  readonly isWrongCall?: boolean;
  readonly text: string;
}

/** @param args without the node executable and the script */
export function runPolicyCommand(args: readonly string[], place: PolicyPlace): CommandResult {
  const wrongCall = { isGood: false, isWrongCall: true, text: usageOf(place) };
  const { options, words } = readArguments(args);
  const [scopePrefix] = options.api;
  const [command, ...rest] = words;
  const [first] = rest;
  const allowed = command === 'add' ? optionNames : ['api'];
  if (optionNames.some((name) => options[name].length > 0 && !allowed.includes(name))) {
    return wrongCall;
  }
  if (command === 'check' && rest.length <= 1) {
    return withPolicy(place, first, scopePrefix, (policy) => check(policy, first ?? place.name, options.api));
  }
  if (command === 'explain' || command === 'add') {
    const [call, file, ...more] = joinCall(rest);
    if (call === undefined || more.length > 0) return wrongCall;
    if (command === 'add') return add(place, call, file, options);
    const profile = scopePrefix === undefined ? graphProfile : customApiProfile(scopePrefix);
    return withPolicy(place, file, scopePrefix, (policy) => explainCall(policy, call, profile));
  }
  if (command === 'scopes' && rest.length <= 1) {
    return withPolicy(place, first, scopePrefix, (policy) => ({ isGood: true, text: listScopes(policy) }));
  }
  return wrongCall;
}

const optionNames = ['api', 'permissions', 'scope', 'feature'] as const;
type Options = Readonly<Record<(typeof optionNames)[number], readonly string[]>>;

/** Options are `--name=value` or `--name value`, and may be repeated. */
function readArguments(args: readonly string[]): {
  readonly options: Options;
  readonly words: readonly string[];
} {
  const options: Record<(typeof optionNames)[number], string[]> = {
    api: [],
    permissions: [],
    scope: [],
    feature: [],
  };
  const words: string[] = [];
  const left = [...args];
  for (let argument = left.shift(); argument !== undefined; argument = left.shift()) {
    const [, text = '', value] = /^--([a-z]+)(?:=(.*))?$/s.exec(argument) ?? [];
    const name = optionNames.find((known) => known === text);
    if (name === undefined) words.push(argument);
    else options[name].push(value ?? left.shift() ?? '');
  }
  return { options, words };
}

function add(
  place: PolicyPlace,
  call: string,
  named: string | undefined,
  { api, permissions, scope, feature }: Options,
): CommandResult {
  const file = named ?? place.file;
  if (file === undefined) {
    return {
      isGood: false,
      isWrongCall: true,
      text: `Name the file: ${place.command} add '${call}' my-policy.json`,
    };
  }
  return addRule({
    call,
    file,
    shownFile: named ?? place.name,
    command: place.command,
    howToUse: place.howToUse,
    scopes: scope.flatMap((names) => names.split(',')),
    feature: feature[0],
    referenceFile: permissions[0],
    scopePrefix: api[0],
  });
}

/** Joins the words of a call that was not quoted: a method, a path or address, and perhaps the type of a body. */
function joinCall(args: readonly string[]): readonly string[] {
  const [method = '', address = '', type = ''] = args;
  const isMethod = proxyMethods.some((known) => known === method.toUpperCase());
  if (!isMethod || !/^(?:\/|https?:)/i.test(address)) return args;
  const count = /^(?:application|image|text|audio|video|multipart)\//i.test(type) ? 3 : 2;
  return [args.slice(0, count).join(' '), ...args.slice(count)];
}

function check(policy: Policy, name: string, prefixes: readonly string[]): CommandResult {
  const warnings = [
    ...findWarnings(policy, prefixes.length === 0 ? 'graph' : 'custom-api'),
    ...findPrefixWarnings(prefixes),
  ].map((warning) => `\n  warning: ${warning}`);
  const features = counted(policy.features.length, 'feature');
  const rules = counted(policy.rules.length, 'rule');
  return {
    isGood: true,
    text: `${name} is valid: ${features}, ${rules}.${warnings.join('')}`,
  };
}

function withPolicy(
  place: PolicyPlace,
  file: string | undefined,
  scopePrefix: string | undefined,
  use: (policy: Policy) => CommandResult,
): CommandResult {
  const reading = file === undefined ? place.read(scopePrefix) : readPolicyFile(file, scopePrefix);
  if (reading.kind === 'policy') return use(reading.policy);
  const issues = reading.issues.map((issue) => `  ${issue}`);
  return { isGood: false, text: `${file ?? place.name} is not valid:\n${issues.join('\n')}` };
}

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
