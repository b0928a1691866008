import { createHash, X509Certificate } from 'node:crypto';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createCertificate } from './certificate.ts';

export interface TlsFront {
  readonly port: number;
  /** SHA-256 of the public key, in the format of Chromium's list of trusted keys. */
  readonly trustedKey: string;
  /** The origins that serve these hosts. Every other host serves an empty page. */
  readonly origins: Map<string, string>;
  close(): Promise<void>;
}

/** Terminates TLS on this machine for any number of hosts, and forwards header bytes unchanged. */
export async function startTlsFront(): Promise<TlsFront> {
  const { certificatePem, privateKeyPem } = createCertificate({ subject: 'app.contoso.test' });
  const key = new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'der' });
  const origins = new Map<string, string>();
  const server = createServer(
    { cert: certificatePem, key: privateKeyPem, maxHeaderSize: 64 * 1024 },
    (request, response) => {
      const origin = origins.get(request.headers.host ?? '');
      if (origin !== undefined) return forward(origin, request, response);
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end('<!doctype html><title>Neighbor</title>');
    },
  );
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    trustedKey: createHash('sha256').update(key).digest('base64'),
    origins,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function forward(origin: string, request: IncomingMessage, response: ServerResponse): void {
  const { hostname, port } = new URL(origin);
  const { method, url: path, headers } = request;
  const upstream = httpRequest({ hostname, port, method, path, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  upstream.on('error', () => response.destroy());
  request.pipe(upstream);
}
