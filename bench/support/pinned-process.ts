import type { Buffer } from 'node:buffer';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The system under test has a core of its own, so that load and upstream do not take its time. */
export type Core = 'system' | 'load';

/** Whether processes can be pinned: on Linux with at least two cores. */
export const canPin =
  availableParallelism() >= 2 && spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0;

export interface PinnedProcess {
  /** Sends a message and returns the process's answer. @throws {Error} if the process ends first, or answers too late */
  ask<Answer>(message: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

/** No answer takes longer. A process that hangs therefore cannot stop the bench. */
const ANSWER_TIMEOUT_MS = 120_000;
const MAX_ERROR_CHARACTERS = 10_000;

/** Starts a module of this folder in a process of its own. */
export function startPinned(module: string, core: Core, ...parameters: readonly string[]): PinnedProcess {
  const file = fileURLToPath(new URL(`../${module}`, import.meta.url));
  const pinning = canPin ? ['taskset', '--cpu-list', core === 'system' ? '0' : '1'] : [];
  const [command = process.execPath, ...rest] = [...pinning, process.execPath, file, ...parameters];
  const child = spawn(command, rest, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  // Warnings would mix with the progress. They are shown only if the process fails.
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = `${errors}${chunk}`.slice(-MAX_ERROR_CHARACTERS);
  });
  return {
    async ask<Answer>(message: unknown) {
      child.send(Object(message));
      const asked = new AbortController();
      const timer = setTimeout(() => child.kill('SIGKILL'), ANSWER_TIMEOUT_MS);
      try {
        const [answer]: unknown[] = await Promise.race([
          once(child, 'message', { signal: asked.signal }),
          once(child, 'exit', { signal: asked.signal }).then(() => {
            throw new Error(`${module} has ended.\n${errors}`);
          }),
        ]);
        // The modules of this folder answer with the type that the caller names.
        return answer as Answer;
      } finally {
        clearTimeout(timer);
        asked.abort();
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
