import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** The public address of a deployment. Each connection goes to the next worker. */
export interface FrontDoor {
  /** `http://localhost:PORT` */
  readonly origin: string;
  /** Number of open connections to this worker. */
  openTo(port: number): number;
  close(): Promise<void>;
}

/** @param ports of the running workers */
export async function openFrontDoor(ports: () => readonly number[]): Promise<FrontDoor> {
  const sockets = new Set<Socket>();
  const open = new Map<number, number>();
  const count = (port: number, change: number) => open.set(port, (open.get(port) ?? 0) + change);
  let turn = 0;
  const server = createServer((browser) => {
    const up = ports();
    const port = up[turn++ % up.length];
    if (port === undefined) return browser.destroy();
    const worker = connect(port, '127.0.0.1');
    count(port, 1);
    worker.once('close', () => count(port, -1));
    // A connection that a killed worker breaks stays broken. Nothing is sent twice.
    for (const [one, other] of [
      [browser, worker],
      [worker, browser],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The front door has no port.');
  return {
    origin: `http://localhost:${address.port}`,
    openTo: (port) => open.get(port) ?? 0,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
