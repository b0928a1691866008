import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A process with the processes that it starts. */
export interface BrowserProcess {
  readonly child: ChildProcess;
  /** What it has written to the standard error stream, for the message of a failure. */
  errorText(): string;
  /** Ends it and its children, and waits until it has ended. */
  end(): Promise<void>;
}

/** @param pipes number of pipes after the standard streams */
export function startProcess(
  executable: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  pipes = 0,
): BrowserProcess {
  const child = spawn(executable, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe', ...Array.from({ length: pipes }, () => 'pipe' as const)],
    // A group of its own, so that the processes of the browser end with it.
    detached: true,
  });
  let text = '';
  child.stderr?.on('data', (data) => {
    text = `${text}${data}`.slice(-4000);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      text += error.message;
      resolve();
    });
  });
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  };
  const killAndEnd = (signal: NodeJS.Signals) => {
    kill();
    // A listener replaces the default action. If no other listener handles the signal, this process has to end.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  // A test run that is stopped must not leave a browser behind.
  const events = ['exit', 'disconnect'];
  const signals = ['SIGTERM', 'SIGINT'];
  for (const event of events) process.once(event, kill);
  for (const signal of signals) process.once(signal, killAndEnd);
  return {
    child,
    errorText: () => text,
    async end() {
      for (const event of events) process.removeListener(event, kill);
      for (const signal of signals) process.removeListener(signal, killAndEnd);
      kill();
      await ended;
    },
  };
}

/** Returns the path of an executable in `PATH`. */
export function findExecutable(...names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
}

/** Asks again until there is a value. @throws {Error} if there is none in time */
export async function waitFor<Value>(
  what: string,
  ask: () => Promise<Value | undefined> | Value | undefined,
  timeoutMs: number,
): Promise<Value> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (performance.now() > endsAt) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
