import { parseArgs } from 'node:util';
import { buildApp } from '../build/bundle.ts';
import { run } from './run.ts';

await run({ build: buildApp, directoryFile: readArguments() });

/** The file of `npm start -- --directory FILE`. */
function readArguments(): string | undefined {
  try {
    return parseArgs({ options: { directory: { type: 'string' } } }).values.directory;
  } catch (error) {
    console.error(`entra-bff did not start: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
