import { randomBytes } from 'node:crypto';
import express from 'express';
import session from 'express-session';
import { findFreePort } from '../../dev/free-port.ts';
import { UserAgent } from '../../test/support/user-agent.ts';
import { signIn } from '../../test/support/world.ts';
import { createSample, type SampleSession } from '../support/microsoft-sample.ts';
import { browserHeaders, runSystem } from '../support/system.ts';

/** Microsoft's sample as it is: express, with the session in memory. */
runSystem(async ({ upstreamOrigin, entraOrigin, path }) => {
  const port = await findFreePort();
  const origin = `http://localhost:${port}`;
  const sample = createSample({ entraOrigin, upstreamOrigin, redirectUri: `${origin}/api/auth/callback` });
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
    const called = await sample.callGraph(signedIn, request.path);
    request.session.signedIn = called.session;
    response.json(called.json);
  });
  app.listen(port, 'localhost');
  const browser = new UserAgent(origin);
  await signIn(browser, { user: 'alice' });
  const cookie = [...browser.cookies()].map(([name, value]) => `${name}=${value}`).join('; ');
  return { origin, path, headers: { ...browserHeaders, cookie } };
});

declare module 'express-session' {
  interface SessionData {
    signedIn: SampleSession;
  }
}
