import { startFunctionsHost } from '@entra-bff/functions-host';
import type * as WorkerBundle from '../../support/worker.ts';

// One worker of the product in a separate process, with settings from the environment and clocks that its parent moves.

let offsets: ClockOffsets = { wallMs: 0, elapsedMs: 0 };

const RealDate = Date;
/** The time of day of this whole process, including libraries. */
class MovedDate extends RealDate {
  constructor(...from: [] | [string | number | Date]) {
    super(from.length === 0 ? MovedDate.now() : from[0]);
  }
  static override now(): number {
    return RealDate.now() + offsets.wallMs;
  }
}

/** Offsets of this worker's clocks. */
export interface ClockOffsets {
  /** Of the time of day. */
  readonly wallMs: number;
  /** Of the elapsed time. Nothing moves it in production. Here it replaces waiting. */
  readonly elapsedMs: number;
}

export type FromWorker =
  | { readonly kind: 'listening'; readonly origin: string; readonly port: number }
  | { readonly kind: 'line'; readonly text: string };

const send = (message: FromWorker) => process.send?.(message);

// The channel closes when the parent ends for any reason.
process.once('disconnect', () => process.exit());

process.on('message', (next: ClockOffsets) => {
  offsets = next;
});

Object.assign(globalThis, { Date: MovedDate });

const host = await startFunctionsHost({
  bundle: process.env['WORKER_BUNDLE'] ?? '',
  log: ({ message }) => send({ kind: 'line', text: message }),
  prepare(exports) {
    const worker = exports as typeof WorkerBundle;
    worker.register(process.env, (system) => ({
      ...system,
      monotonicMs: () => performance.now() + offsets.elapsedMs,
    }));
  },
});
send({ kind: 'listening', origin: host.origin, port: host.port });
