import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ClockOffsets, FromWorker } from './worker-process.ts';

/** A worker that runs in a separate process. */
export interface WorkerProcess {
  readonly name: string;
  readonly origin: string;
  readonly port: number;
  /** All log lines of functions, library and host. */
  readonly logLines: string[];
  /** Sets the offset of its time of day from the real one. */
  setClock(wallMs: number): void;
  /** Moves its elapsed time without waiting. */
  pass(elapsedMs: number): void;
  isUp(): boolean;
  /** Sends SIGKILL: no handler runs and nothing is completed. */
  kill(): Promise<void>;
}

const entry = fileURLToPath(new URL('worker-process.ts', import.meta.url));
const START_TIMEOUT_MS = 30_000;

/** @param environment settings of the app. It inherits none of this process. */
export async function startWorkerProcess(
  name: string,
  bundle: string,
  environment: Readonly<Record<string, string>>,
): Promise<WorkerProcess> {
  const child = fork(entry, [], {
    execArgv: [],
    env: { PATH: process.env['PATH'], WORKER_BUNDLE: bundle, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const logLines: string[] = [];
  let clocks: ClockOffsets = { wallMs: 0, elapsedMs: 0 };
  const { origin, port } = await untilListening(child, logLines);
  return {
    name,
    origin,
    port,
    logLines,
    setClock(wallMs) {
      clocks = { ...clocks, wallMs };
      child.send(clocks);
    },
    pass(elapsedMs) {
      clocks = { ...clocks, elapsedMs: clocks.elapsedMs + elapsedMs };
      child.send(clocks);
    },
    isUp: () => child.exitCode === null && child.signalCode === null,
    kill: () => kill(child),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

function untilListening(
  child: ChildProcess,
  logLines: string[],
): Promise<Extract<FromWorker, { kind: 'listening' }>> {
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => logLines.push(chunk.toString('utf8')));
  }
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      child.kill('SIGKILL');
      reject(new Error(`A worker ${why}. ${logLines.join('\n')}`));
    };
    const timer = setTimeout(() => fail('did not start in time'), START_TIMEOUT_MS);
    child.once('exit', () => fail('ended while it started'));
    child.on('message', (message: FromWorker) => {
      if (message.kind === 'line') logLines.push(message.text);
      else {
        clearTimeout(timer);
        child.removeAllListeners('exit');
        resolve(message);
      }
    });
  });
}
