import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

interface TokenRules {
  /** For example `https://login.microsoftonline.com/TENANT/v2.0`. */
  readonly issuer: string;
  /** For example `https://login.microsoftonline.com/TENANT/discovery/v2.0/keys`. */
  readonly keysUrl: string;
  /** The client id of the API's app registration. */
  readonly audience: string;
}

/** An API with one route, `GET /orders/{id}`. It checks the access token before it does anything. */
export function createOrdersApi({ issuer, keysUrl, audience }: TokenRules): Server {
  const keys = createRemoteJWKSet(new URL(keysUrl));

  async function answer({ url = '/', headers }: IncomingMessage): Promise<[status: number, body: object]> {
    try {
      const token = headers.authorization?.replace(/^Bearer /, '') ?? '';
      const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256'] });
      if (!String(payload['scp']).split(' ').includes('Orders.Read')) return [403, { error: 'scope' }];
      return [200, { id: url.split('/').at(-1), placed_by: payload['oid'] }];
    } catch (error) {
      return error instanceof errors.JOSEError ? [401, { error: 'token' }] : [503, { error: 'keys' }];
    }
  }

  return createServer((request, response) => {
    void answer(request).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
}
