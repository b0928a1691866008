import process, { argv } from 'node:process';
import { runPolicyCommand } from '../cli/policy/command.ts';
import { repositoryPolicy } from './policy-place.ts';

/** `npm run policy -- check | explain | scopes | add`, for authors of policy files. Exits with 1 if something is wrong. */
const { isGood, text } = runPolicyCommand(argv.slice(2), repositoryPolicy);
if (isGood) console.log(text);
else console.error(text);
process.exitCode = isGood ? 0 : 1;
