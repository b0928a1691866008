import process, { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { readPolicyFile } from '../src/shared/config/policies.ts';
import { graphDialect } from '../src/shared/policy/graph-profile.ts';
import type { Policy } from '../src/shared/policy/match.ts';
import { createOwnApiDialect } from '../src/shared/policy/own-api.ts';
import { explainCall } from './policy/explain.ts';
import { listScopes } from './policy/list-scopes.ts';
import { findPrefixWarnings, findWarnings } from './policy/warnings.ts';

/** `npm run policy -- check | explain | scopes`, for who writes a policy file. Exits with 1 where something is wrong. */
const usage = `Use one of
  npm run policy -- check [file]
  npm run policy -- explain 'GET /v1.0/me/messages?$top=5' [file]
  npm run policy -- scopes [file]

Without a file: the shipped policy/graph.json. For the policy of an API of your own, add its application ID URI:
--api=api://orders. Repeat --api for each of your other APIs, and check compares them. Put the call into single quotes,
or the shell takes $top for a variable. For a body, add its type: 'POST /v1.0/me/sendMail application/json'.`;

const shipped = fileURLToPath(new URL('../policy/graph.json', import.meta.url));

const given = argv.slice(2);
const prefixes = given.flatMap((argument) =>
  argument.startsWith('--api=') ? [argument.slice('--api='.length)] : [],
);
const [scopePrefix] = prefixes;
const [command, ...rest] = given.filter((argument) => !argument.startsWith('--api='));
process.exitCode = run() ? 0 : 1;

function run(): boolean {
  switch (command) {
    case 'check':
      return rest.length <= 1 ? check(rest[0]) : say(usage, false);
    case 'explain': {
      const [call, file, ...more] = rest;
      return call !== undefined && more.length === 0 ? explain(call, file) : say(usage, false);
    }
    case 'scopes':
      return rest.length <= 1
        ? withPolicy(rest[0], (policy) => say(listScopes(policy), true))
        : say(usage, false);
    default:
      return say(usage, false);
  }
}

function check(file: string | undefined): boolean {
  return withPolicy(file, (policy) => {
    const { features, rules } = policy;
    const warnings = [
      ...findWarnings(policy, scopePrefix === undefined ? 'graph' : 'own-api'),
      ...findPrefixWarnings(prefixes),
    ].map((warning) => `\n  warning: ${warning}`);
    const good = `${file ?? 'policy/graph.json'} is good: ${counted(features.length, 'feature')}, ${counted(rules.length, 'rule')}.`;
    return say(good + warnings.join(''), true);
  });
}

function explain(call: string, file: string | undefined): boolean {
  const dialect = scopePrefix === undefined ? graphDialect : createOwnApiDialect(scopePrefix);
  return withPolicy(file, (policy) => {
    const { isAllowed, text } = explainCall(policy, call, dialect);
    return say(text, isAllowed);
  });
}

function withPolicy(file: string | undefined, use: (policy: Policy) => boolean): boolean {
  const reading = readPolicyFile(file ?? shipped, scopePrefix);
  if (reading.kind === 'policy') return use(reading.policy);
  const faults = reading.faults.map((fault) => `  ${fault}`);
  return say(`${file ?? 'policy/graph.json'} cannot be used:\n${faults.join('\n')}`, false);
}

/** The text goes to where its reader looks for it. */
function say(text: string, isGood: boolean): boolean {
  if (isGood) console.log(text);
  else console.error(text);
  return isGood;
}

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
