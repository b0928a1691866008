import { once } from 'node:events';
import { createServer } from 'node:net';

/** Returns a port of 127.0.0.1 that is free now. */
export async function findFreePort(): Promise<number> {
  return listenBriefly(0, '127.0.0.1');
}

/** Returns the preferred port if it is free on both loopback addresses, otherwise any free port. */
export async function choosePort(preferred: number): Promise<number> {
  try {
    await requireFree(preferred);
    return preferred;
  } catch {
    return findFreePort();
  }
}

/**
 * Returns the port that the developer has chosen.
 * @param text value of the environment variable `PORT`
 * @throws {Error} if it is not a port, or not free on both loopback addresses
 */
export async function requirePort(text: string): Promise<number> {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw new Error(`PORT is "${text}". Set it to a number from 1 to 65535.`);
  }
  try {
    await requireFree(port);
  } catch (error) {
    const why = isTaken(error) ? 'is in use' : 'cannot be used on this machine';
    throw new Error(`port ${port} ${why}. Set PORT to another port, or omit it.`);
  }
  return port;
}

async function requireFree(port: number): Promise<void> {
  await listenBriefly(port, '127.0.0.1');
  await listenBriefly(port, '::1').catch((error: unknown) => {
    if (isTaken(error)) throw error; // other errors: this machine has no ::1
  });
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
