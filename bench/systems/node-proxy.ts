import { once } from 'node:events';
import { Agent, createServer, request as send } from 'node:http';
import { fixedToken } from '../support/fixed-token.ts';
import { runSystem } from '../support/system.ts';

/** A bare proxy with Node's own client and a fixed token. */
runSystem(async ({ port, upstreamOrigin }) => {
  const { hostname, port: upstreamPort } = new URL(upstreamOrigin);
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  const server = createServer((incoming, outgoing) => {
    const headers = { authorization: fixedToken, accept: 'application/json' };
    send({ hostname, port: upstreamPort, path: incoming.url, headers, agent }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, {
        'content-type': response.headers['content-type'],
        'content-length': response.headers['content-length'],
      });
      response.pipe(outgoing);
    })
      .on('error', () => outgoing.destroy())
      .end();
  });
  server.listen(port, 'localhost');
  await once(server, 'listening');
});
