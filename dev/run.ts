import { setTimeout as delay } from 'node:timers/promises';
import type { LogEntry } from '@entra-bff/functions-host';
import { createDevelopment } from './development.ts';
import { welcome } from './welcome.ts';

// npm passes Ctrl-C on to a process that the terminal has told already: two signals, one key press.
const samePressMs = 500;
// Something that hangs must not keep the terminal: child processes end with this one in any case.
const stopPatienceMs = 3_000;

/** Runs the app on this machine until a signal comes; ends the process: 0 when told to, 1 when it cannot start. */
export async function run(options: { build: () => Promise<string> }): Promise<void> {
  const log = createLog();
  const development = createDevelopment({ build: options.build, env: process.env, log: log.write });

  const stopEverything = () => Promise.race([development.stop(), delay(stopPatienceMs)]);

  let stoppedAtMs: number | undefined;
  const stop = async () => {
    const nowMs = performance.now();
    if (stoppedAtMs !== undefined && nowMs - stoppedAtMs > samePressMs) process.exit(1);
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
    if (stoppedAtMs !== undefined) return; // a signal came first and its handler ends the process
    await stopEverything();
    console.error(`entra-bff did not start: ${describe(error)}`);
    process.exit(1);
  }
}

/** A shell stands between npm and this process: it dies of a SIGTERM sent to npm and does not pass it on. */
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

/** Holds lines back until the addresses stand at the top, and drops them once everything ends. */
function createLog() {
  let state: 'holding' | 'open' | 'closed' = 'holding';
  const held: LogEntry[] = [];
  return {
    write(entry: LogEntry): void {
      if (state === 'holding') held.push(entry);
      if (state === 'open') print(entry);
    },
    open(): void {
      state = 'open';
      held.forEach(print);
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
  // Of a stack the first place is enough: one line for each entry.
  const place = rest.find((line) => line.trim().startsWith('at '))?.trim();
  console.log([level.padEnd(11), functionName, first, place].filter(Boolean).join(' '));
}

const describe = (error: unknown) => (error instanceof Error ? error.message : String(error));
