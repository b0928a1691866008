import { once } from 'node:events';
import { createServer } from 'node:net';

/** Returns a port of 127.0.0.1 that is free now. */
export async function findFreePort(): Promise<number> {
  return listenBriefly(0, '127.0.0.1');
}

/** Returns the preferred port if it is free on both loopback addresses, otherwise any free port. */
export async function choosePort(preferred: number): Promise<number> {
  try {
    await listenBriefly(preferred, '127.0.0.1');
    await listenBriefly(preferred, '::1').catch((error: unknown) => {
      if (isTaken(error)) throw error; // other errors: this machine has no ::1
    });
    return preferred;
  } catch {
    return findFreePort();
  }
}

async function listenBriefly(port: number, host: string): Promise<number> {
  const server = createServer().listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

function isTaken(error: unknown) {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE';
}
