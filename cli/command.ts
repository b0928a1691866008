import type { Environment } from '../src/shared/config/setting.ts';

/** Where a command runs. */
export interface CommandContext {
  readonly environment: Environment;
  /** The folder of the app: the current one. */
  readonly folder: string;
  /** The folder of this package. */
  readonly packageFolder: string;
}

export interface CommandResult {
  /** 0: done, and nothing is wrong. 1: something is wrong. 2: the command was called in a wrong way. */
  readonly exitCode: 0 | 1 | 2;
  /** For standard output, without a line end. */
  readonly output?: string;
  /** For standard error, without a line end. */
  readonly error?: string;
}

/** A command of `entra-bff`. Each is a file of its own, which is loaded only if it runs. */
export interface Command {
  /** What `--help` prints. */
  readonly usage: string;
  /**
   * @param args behind the name of the command
   * @throws the error of `parseArgs` for an unknown option. The caller prints it and ends with 2.
   */
  run(args: readonly string[], context: CommandContext): CommandResult | Promise<CommandResult>;
}

/** The answer to a wrong call of a command. */
export const wrongCall = (message: string): CommandResult => ({ exitCode: 2, error: message });

/** For scripts that read the output. */
export const toJson = (value: unknown): string => JSON.stringify(value, undefined, 2);
