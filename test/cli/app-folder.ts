import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { CommandContext, CommandResult } from '../../cli/command.ts';
import { runCommand } from '../../cli/run.ts';

const packageFolder = fileURLToPath(new URL('../..', import.meta.url));

/** The folder of an app, in which commands run. It is removed after the test. */
export interface AppFolder {
  readonly folder: string;
  write(name: string, content: unknown): string;
  /** @param environment what the shell has set */
  run(args: readonly string[], environment?: CommandContext['environment']): Promise<CommandResult>;
}

/** @param values of `local.settings.json`. If omitted, there is no such file. */
export function appFolder(values?: Readonly<Record<string, unknown>>): AppFolder {
  const folder = mkdtempSync(join(tmpdir(), 'app-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (name: string, content: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  if (values !== undefined) write('local.settings.json', { IsEncrypted: false, Values: values });
  return {
    folder,
    write,
    run: (args, environment = {}) => runCommand(args, { environment, folder, packageFolder }),
  };
}
