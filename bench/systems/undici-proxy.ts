import { once } from 'node:events';
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { browserHeaders, fixedToken, runSystem } from '../support/system.ts';

/** B, the unit of all ratios: the least that a proxy of Node can do, with a fixed token. */
runSystem(async ({ upstreamOrigin, path }) => {
  const pool = new Pool(upstreamOrigin, { connections: 128 });
  const server = createServer((request, response) => {
    pool.dispatch(
      {
        method: 'GET',
        path: request.url ?? '/',
        headers: { authorization: fixedToken, accept: 'application/json' },
      },
      {
        onRequestStart: () => undefined,
        onResponseStart(_controller, statusCode, headers) {
          response.writeHead(statusCode, {
            'content-type': String(headers['content-type']),
            'content-length': String(headers['content-length']),
          });
        },
        onResponseData(_controller, chunk) {
          response.write(chunk);
        },
        onResponseEnd() {
          response.end();
        },
        onResponseError() {
          response.destroy();
        },
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  return { origin: `http://127.0.0.1:${port}`, path, headers: browserHeaders };
});
