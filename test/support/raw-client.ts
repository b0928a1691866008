import { connect } from 'node:net';

/**
 * Sends bytes as they are and gives all that comes back until the server hangs up. A server that neither answers nor
 * hangs up fails the test.
 */
export function exchangeBytes(origin: string, bytes: string | Buffer): Promise<string> {
  const { port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: '127.0.0.1', port: Number(port) });
    const all = () => Buffer.concat(chunks).toString('latin1');
    socket.setTimeout(15_000, () => {
      socket.destroy();
      reject(new Error(`the server went silent after: ${all()}`));
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    // A reset is an end as well: servers hang up on what they do not want to read.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(all()));
    socket.write(bytes, 'latin1');
  });
}
