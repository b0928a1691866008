import type { Socket } from 'node:net';

/** Firefox's own form of WebDriver. */
export interface Marionette {
  /** @throws {Error} if the command fails or is not answered in time */
  send(name: string, parameters?: Readonly<Record<string, unknown>>, timeoutMs?: number): Promise<unknown>;
  close(): void;
}

const commandMs = 15_000;
const response = 1;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Messages are JSON after their length in bytes and a colon. A command is `[0, id, name, parameters]`, its response
 * `[1, id, error, result]`.
 */
export function connectToMarionette(socket: Socket): Marionette {
  const pending = new Map<number, Pending>();
  let received = Buffer.alloc(0);
  let lastId = 0;

  socket.on('data', (data) => {
    received = Buffer.concat([received, data]);
    for (;;) {
      const colon = received.indexOf(':');
      const end = colon + 1 + Number(received.subarray(0, colon));
      if (colon < 0 || received.length < end) return;
      onMessage(JSON.parse(received.subarray(colon + 1, end).toString()));
      received = received.subarray(end);
    }
  });
  const fail = (error: Error) => {
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('Firefox has closed the connection.')));

  function onMessage(message: unknown): void {
    // The first message is an object with the version of the protocol.
    if (!Array.isArray(message) || message[0] !== response) return;
    const [, id, error, result] = message;
    const { resolve, reject } = pending.get(id) ?? {};
    pending.delete(id);
    if (error) reject?.(new Error(`${error.error}: ${error.message}`));
    else
      resolve?.(result !== null && typeof result === 'object' && 'value' in result ? result.value : result);
  }

  return {
    send(name, parameters = {}, timeoutMs = commandMs) {
      const id = ++lastId;
      const text = JSON.stringify([0, id, name, parameters]);
      socket.write(`${Buffer.byteLength(text)}:${text}`);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          pending.delete(id);
          reject(new Error(`${name}: not answered within ${timeoutMs / 1000} s`));
        }, timeoutMs);
        const settle =
          <Value>(next: (value: Value) => void) =>
          (value: Value) => {
            clearTimeout(timer);
            next(value);
          };
        pending.set(id, { resolve: settle(resolve), reject: settle(reject) });
      });
    },
    close: () => void socket.destroy(),
  };
}
