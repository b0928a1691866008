import { connect } from 'node:net';

/**
 * Sends bytes unchanged and returns everything until the server closes the connection. A server that does neither within
 * 15 s fails the test.
 */
export function exchangeBytes(origin: string, bytes: string | Buffer): Promise<string> {
  const { port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: '127.0.0.1', port: Number(port) });
    const all = () => Buffer.concat(chunks).toString('latin1');
    socket.setTimeout(15_000, () => {
      socket.destroy();
      reject(new Error(`the server stopped sending after: ${all()}`));
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    // A reset counts as an end, because servers reset connections that they refuse to read.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(all()));
    socket.write(bytes, 'latin1');
  });
}
