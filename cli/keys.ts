import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Command, toJson, wrongCall } from './command.ts';

const MAX_NUMBER = 999_999_999; // as in SESSION_KEYS

export const keys: Command = {
  usage: `Use: npx entra-bff keys [--number=N] [--json]

Makes new random keys for SESSION_KEYS and SESSION_INDEX_KEY, and prints them. It writes no file. Store the
keys with your other secrets, and make different ones for every environment.

  --number=N  only a further session key with this number, to rotate SESSION_KEYS
  --json      prints an object, as for "Values" in local.settings.json`,
  run(args) {
    const { values } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean' }, number: { type: 'string' } },
    });
    const { number } = values;
    if (number !== undefined && !(/^[1-9]\d*$/.test(number) && Number(number) <= MAX_NUMBER)) {
      return wrongCall(`--number is a whole number from 1 to ${MAX_NUMBER}.`);
    }
    const made = {
      SESSION_KEYS: `${number ?? 1}:${newKey()}`,
      // Changing it would sign every user out.
      ...(number === undefined ? { SESSION_INDEX_KEY: newKey() } : {}),
    };
    const lines = Object.entries(made).map(([name, value]) => `${name}=${value}`);
    return { exitCode: 0, output: values.json === true ? toJson(made) : lines.join('\n') };
  },
};

/** 32 random bytes as base64url. */
const newKey = () => randomBytes(32).toString('base64url');
