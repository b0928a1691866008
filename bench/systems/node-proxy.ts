import { once } from 'node:events';
import { Agent, createServer, request as send } from 'node:http';
import { browserHeaders, fixedToken, runSystem } from '../support/system.ts';

/** A bare proxy with Node's own client and a fixed token. */
runSystem(async ({ upstreamOrigin, path }) => {
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
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  return { origin: `http://127.0.0.1:${port}`, path, headers: browserHeaders };
});
