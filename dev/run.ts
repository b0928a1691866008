import { setTimeout as delay } from 'node:timers/promises';
import type { LogEntry } from '@entra-bff/functions-host';
import { createDevelopment } from './development.ts';
import { welcome } from './welcome.ts';

/** The terminal and npm both send a signal for one Ctrl-C. Signals within this time count as one. */
const SAME_KEY_PRESS_MS = 500;
/** A service that does not stop must not block the terminal. Child processes end with this process. */
const STOP_TIMEOUT_MS = 3_000;

/**
 * Runs the app until a signal arrives. The process then exits with 0, or with 1 if the app cannot start.
 * @param options `directoryFile` is the path of a `directory.json` with other users and apps than the invented ones
 */
export async function run(options: {
  build: () => Promise<string>;
  directoryFile?: string | undefined;
}): Promise<void> {
  const log = createLog();
  const development = createDevelopment({ ...options, env: process.env, log: log.write });

  const stopEverything = () => Promise.race([development.stop(), delay(STOP_TIMEOUT_MS)]);

  let stoppedAtMs: number | undefined;
  const stop = async () => {
    const nowMs = performance.now();
    if (stoppedAtMs !== undefined && nowMs - stoppedAtMs > SAME_KEY_PRESS_MS) process.exit(1);
    if (stoppedAtMs !== undefined) return;
    stoppedAtMs = nowMs;
    log.close();
    await stopEverything();
    process.exit(0);
  };
  process.on('SIGINT', () => void stop());
  process.on('SIGTERM', () => void stop());
  whenNpmEnds(() => void stop());

  try {
    console.log(welcome(await development.start()));
    log.open();
  } catch (error) {
    if (stoppedAtMs !== undefined) return; // a signal arrived first, and its handler ends the process
    await stopEverything();
    console.error(`entra-bff did not start: ${describe(error)}`);
    process.exit(1);
  }
}

/** A shell runs between npm and this process. A SIGTERM to npm ends the shell, which does not forward it. */
function whenNpmEnds(action: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    action();
  }, 500);
  timer.unref();
}

/** Buffers lines until the welcome text is printed, and drops lines while everything stops. */
function createLog() {
  let state: 'buffering' | 'open' | 'closed' = 'buffering';
  const buffered: LogEntry[] = [];
  return {
    write(entry: LogEntry): void {
      if (state === 'buffering') buffered.push(entry);
      if (state === 'open') print(entry);
    },
    open(): void {
      state = 'open';
      buffered.forEach(print);
    },
    close(): void {
      state = 'closed';
    },
  };
}

const quietLevels: readonly string[] = ['trace', 'debug', 'none'];

function print({ level, functionName, message }: LogEntry): void {
  if (quietLevels.includes(level)) return;
  const [first = '', ...rest] = message.split('\n');
  // One line for each entry: of a stack trace, only its first line.
  const location = rest.find((line) => line.trim().startsWith('at '))?.trim();
  console.log([level.padEnd(11), functionName, first, location].filter(Boolean).join(' '));
}

const describe = (error: unknown) => (error instanceof Error ? error.message : String(error));
