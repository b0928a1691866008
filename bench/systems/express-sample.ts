import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import express from 'express';
import session from 'express-session';
import { createSample, type SampleSession } from '../support/microsoft-sample.ts';
import { runSystem } from '../support/system.ts';

/** Microsoft's sample as it is: express, with express-session's store in memory. Its other middleware is left out. */
runSystem(async ({ port, upstreamOrigin, entraOrigin }) => {
  const redirectUri = `http://localhost:${port}/api/auth/callback`;
  const sample = createSample({ entraOrigin, upstreamOrigin, redirectUri });
  const app = express();
  app.use(session({ secret: randomBytes(32).toString('hex'), resave: false, saveUninitialized: false }));
  app.get('/api/auth/login', async (_request, response) => {
    response.redirect(await sample.loginUrl());
  });
  app.get('/api/auth/callback', async (request, response) => {
    request.session.signedIn = await sample.redeem(String(request.query['code']));
    response.json({});
  });
  app.get('/v1.0/*path', async (request, response) => {
    const { signedIn } = request.session;
    if (signedIn === undefined) return void response.sendStatus(401);
    const called = await sample.callGraph(signedIn, request.url);
    request.session.signedIn = called.session;
    response.json(called.json);
  });
  await once(app.listen(port, 'localhost'), 'listening');
});

declare module 'express-session' {
  interface SessionData {
    signedIn: SampleSession;
  }
}
