import type { Socket } from 'node:net';

/** The bytes that a client sends, as far as they have not been taken yet. */
export interface SocketInput {
  buffered(): Buffer;
  take(bytes: number): Buffer;
  /** Waits for more bytes. `end`: the client sends no more. `late`: nothing has arrived in this time. */
  more(waitMs?: number): Promise<'bytes' | 'end' | 'late'>;
}

export function createSocketInput(socket: Socket): SocketInput {
  const chunks = socket.iterator({ destroyOnReturn: false });
  let buffered: Buffer = Buffer.alloc(0);
  let pending: Promise<'bytes' | 'end'> | undefined;

  async function read(): Promise<'bytes' | 'end'> {
    const { value, done } = await chunks.next().catch(() => ({ value: undefined, done: true as const }));
    pending = undefined;
    if (done || !Buffer.isBuffer(value)) return 'end';
    buffered = buffered.length === 0 ? value : Buffer.concat([buffered, value]);
    return 'bytes';
  }

  return {
    buffered: () => buffered,
    take(bytes) {
      const taken = buffered.subarray(0, bytes);
      buffered = buffered.subarray(taken.length);
      return taken;
    },
    more(waitMs) {
      pending ??= read();
      return waitMs === undefined ? pending : Promise.race([pending, after(waitMs, 'late' as const)]);
    },
  };
}

/** Resolves with the result after a time. The timer does not keep the process running. */
export function after<Result>(ms: number, result: Result): Promise<Result> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, ms), result).unref();
  });
}
