import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { startFunctionsHost } from '@entra-bff/functions-host';
import { answerMessages } from '../support/answer-messages.ts';
import { type Plant, planted } from './plants.ts';

// One worker with the deployed bundle. Its settings are the environment of this process.

export interface StartWorker {
  readonly kind: 'start';
  readonly bundle: string;
  readonly plants: readonly Plant[];
}

export type WorkerMessage = StartWorker | { readonly kind: 'logged' };

/** How often each event was logged as an error, without the errors of refused calls. */
export type LoggedErrors = Readonly<Record<string, number>>;

const errors: Record<string, number> = {};
/** Only the planted fault fills it. */
const kept: Buffer[] = [];

answerMessages<WorkerMessage>(async (message) => {
  if (message.kind === 'logged') return errors satisfies LoggedErrors;
  const host = await startFunctionsHost({
    bundle: message.bundle,
    appDirectory: fileURLToPath(new URL('../..', import.meta.url)),
    frontend: createFrontend(message.plants),
    log(entry) {
      if ((entry.level !== 'error' && entry.level !== 'critical') || isExpected(entry.message)) return;
      const event = /"event":"([^"]+)"/.exec(entry.message)?.[1] ?? entry.message.slice(0, 200);
      errors[event] = (errors[event] ?? 0) + 1;
    },
  });
  if (host.loadError !== undefined) throw host.loadError;
  if (message.plants.includes('growing-memory'))
    setInterval(() => kept.push(Buffer.alloc(1024 * 1024, 'x')), 200);
  return { port: host.port };
});

/** True for the error of a call that the response of the call reports too. */
function isExpected(line: string): boolean {
  return line.includes('"event":"failed"') && !line.includes('"code":"internal_error"');
}

/** Simulates responses that the product did not send. */
function createFrontend(active: readonly Plant[]) {
  const isBare = planted(active, 'bare-refusal', 500);
  const isBroken = planted(active, 'no-answer', 500);
  const isRejected = planted(active, 'unhandled-rejection', 2_000);
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (!request.url?.startsWith('/api/graph/')) return false;
    if (isRejected()) void Promise.reject(new Error('planted'));
    if (isBroken()) request.socket.destroy();
    else if (isBare()) response.writeHead(500, { 'content-length': '0' }).end();
    else return false;
    return true;
  };
}
