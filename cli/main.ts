#!/usr/bin/env node
import process, { argv, cwd, env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run.ts';

/** `npx entra-bff`. In the package, this file is in the folder `bin`. */
const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const { exitCode, output, error } = await runCommand(argv.slice(2), {
  environment: env,
  folder: cwd(),
  packageFolder,
});
if (output !== undefined) process.stdout.write(`${output}\n`);
if (error !== undefined) process.stderr.write(`${error}\n`);
process.exitCode = exitCode;
