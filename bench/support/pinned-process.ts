import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The system under test has a core of its own, so that load and upstream do not take its time. */
export type Core = 'system' | 'load';

/** Whether processes can be pinned: on Linux with at least two cores. */
const canPin =
  availableParallelism() >= 2 && spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0;

export interface PinnedProcess {
  /** Sends a message and returns the next one that the process sends. @throws {Error} if the process ends first */
  ask(message: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts a module of this folder in a process of its own. */
export function startPinned(module: string, core: Core, ...parameters: string[]): PinnedProcess {
  const file = fileURLToPath(new URL(`../${module}`, import.meta.url));
  const pinning = canPin ? ['taskset', '--cpu-list', core === 'system' ? '0' : '1'] : [];
  const [command = process.execPath, ...rest] = [...pinning, process.execPath, file, ...parameters];
  const child = spawn(command, rest, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  return {
    async ask(message) {
      child.send(Object(message));
      const ended = new AbortController();
      try {
        const [answer]: unknown[] = await Promise.race([
          once(child, 'message', { signal: ended.signal }),
          once(child, 'exit', { signal: ended.signal }).then(() => {
            throw new Error(`${module} has ended.`);
          }),
        ]);
        return answer;
      } finally {
        ended.abort();
      }
    },
    stop: () => stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
