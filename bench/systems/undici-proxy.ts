import { once } from 'node:events';
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { fixedToken } from '../support/fixed-token.ts';
import { runSystem } from '../support/system.ts';

/** B, the unit of all ratios: the least that a proxy of Node can do, with a fixed token. */
runSystem(async ({ port, upstreamOrigin }) => {
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
  server.listen(port, 'localhost');
  await once(server, 'listening');
});
