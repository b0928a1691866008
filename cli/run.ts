import { type CommandContext, type CommandResult, wrongCall } from './command.ts';
import { commands } from './commands.ts';
import { packageVersion } from './package-version.ts';

/** @param args without the node executable and the script */
export async function runCommand(
  [name, ...args]: readonly string[],
  context: CommandContext,
): Promise<CommandResult> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    return { exitCode: 0, output: listOfCommands() };
  }
  if (name === '--version' || name === '-v') return { exitCode: 0, output: packageVersion(context) };
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) return wrongCall(`There is no command "${name}".\n\n${listOfCommands()}`);
  const command = await entry.load();
  if (args.some((argument) => argument === '--help' || argument === '-h')) {
    return { exitCode: 0, output: command.usage };
  }
  try {
    return await command.run(args, context);
  } catch (error) {
    if (!isArgumentError(error)) throw error;
    return wrongCall(`${error.message}\n\n${command.usage}`);
  }
}

function listOfCommands(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return ['Use: npx entra-bff COMMAND [options]', '', ...lines, '', 'COMMAND --help explains one.'].join(
    '\n',
  );
}

/** `parseArgs` throws a TypeError with one of several codes. */
function isArgumentError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}
