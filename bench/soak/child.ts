import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A process of the soak. It answers messages in order. Its error output and the way it ends are recorded. */
export interface Child {
  readonly name: string;
  /** @throws {Error} if the process has ended */
  ask(message: unknown): Promise<unknown>;
  /** The chunks that it has written to stderr. */
  readonly errors: readonly string[];
  /** How it ended, unless it was stopped: `exit code 1`. */
  readonly end: string | undefined;
  /** Resident memory in bytes. Undefined if the operating system does not report it, or after the process has ended. */
  rssBytes(): number | undefined;
  /** Processor time of all its threads in milliseconds. Undefined where the system does not tell. */
  cpuMs(): number | undefined;
  stop(): Promise<void>;
}

/** @param environment replaces the environment of this process */
export function startChild(
  name: string,
  module: string,
  environment: Readonly<Record<string, string>> = {},
): Child {
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), [], {
    execArgv: [],
    serialization: 'advanced',
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const errors: string[] = [];
  let end: string | undefined;
  let isStopping = false;
  const exited = once(child, 'exit').then(([code, signal]) => {
    if (!isStopping) end = code === null ? `signal ${signal}` : `exit code ${code}`;
  });
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk.toString('utf8')));
  let previous: Promise<unknown> = Promise.resolve();
  return {
    name,
    errors,
    get end() {
      return end;
    },
    ask(message) {
      const answer = previous.catch(() => undefined).then(() => ask(child, exited, name, message));
      previous = answer;
      return answer;
    },
    rssBytes: () => readRssBytes(child.pid),
    cpuMs: () => readCpuMs(child.pid),
    async stop() {
      isStopping = true;
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

async function ask(
  child: ChildProcess,
  exited: Promise<void>,
  name: string,
  message: unknown,
): Promise<unknown> {
  const listening = new AbortController();
  try {
    if (!child.connected) throw new Error(`${name} has ended.`);
    const answered = once(child, 'message', { signal: listening.signal });
    child.send(Object(message));
    const [answer]: unknown[] = await Promise.race([
      answered,
      exited.then(() => {
        throw new Error(`${name} has ended.`);
      }),
    ]);
    return answer;
  } finally {
    listening.abort();
  }
}

const TICK_MS = 10; // Linux counts in hundredths of a second.

/** @see proc_pid_stat(5) */
function readCpuMs(pid: number | undefined): number | undefined {
  try {
    // The name of the command is in brackets and may have spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    const [userTicks, systemTicks] = [Number(fields[11]), Number(fields[12])];
    return (userTicks + systemTicks) * TICK_MS;
  } catch {
    return undefined;
  }
}

/** @see proc_pid_status(5) */
function readRssBytes(pid: number | undefined): number | undefined {
  try {
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
