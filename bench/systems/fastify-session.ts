import { randomBytes } from 'node:crypto';
import fastifyProxy from '@fastify/http-proxy';
import secureSession from '@fastify/secure-session';
import { fastify } from 'fastify';
import { fixedToken } from '../support/fixed-token.ts';
import { runSystem } from '../support/system.ts';

/** fastify with its own plugins: the token is in an encrypted cookie, and undici proxies. */
runSystem(async ({ port, upstreamOrigin }) => {
  const app = fastify();
  await app.register(secureSession, { key: randomBytes(32), cookie: { path: '/', httpOnly: true } });
  app.get('/sign-in', async (request) => {
    request.session.set('token', fixedToken);
    return {};
  });
  await app.register(fastifyProxy, {
    upstream: upstreamOrigin,
    preHandler: async (request, reply) => {
      if (request.session.get('token') === undefined) await reply.code(401).send();
    },
    replyOptions: {
      rewriteRequestHeaders: (request) => ({
        accept: 'application/json',
        authorization: String(request.session.get('token')),
      }),
    },
  });
  await app.listen({ host: 'localhost', port });
});

declare module '@fastify/secure-session' {
  interface SessionData {
    token: string;
  }
}
