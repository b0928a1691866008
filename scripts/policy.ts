import process, { argv } from 'node:process';
import { runPolicyCommand } from './policy/command.ts';

/** `npm run policy -- check | explain | scopes | add`, for authors of policy files. Exits with 1 if something is wrong. */
const { isGood, text } = runPolicyCommand(argv.slice(2));
if (isGood) console.log(text);
else console.error(text);
process.exitCode = isGood ? 0 : 1;
