import { randomUUID } from 'node:crypto';
import { app } from '@azure/functions';
import { createSample, type SampleSession } from '../support/microsoft-sample.ts';

/**
 * Microsoft's sample as functions. Its sessions are in memory as objects, so unlike those of express-session they are not
 * written as JSON for each call.
 */
const origin = process.env['PUBLIC_BASE_URL'] ?? '';
const sample = createSample({
  entraOrigin: process.env['DEV_ENTRA_ORIGIN'] ?? '',
  upstreamOrigin: process.env['DEV_GRAPH_ORIGIN'] ?? '',
  redirectUri: `${origin}/api/auth/callback`,
});
const sessions = new Map<string, SampleSession>();

app.http('login', {
  methods: ['GET'],
  route: 'api/auth/login',
  authLevel: 'anonymous',
  handler: async () => ({ status: 302, headers: { location: await sample.loginUrl() } }),
});

app.http('callback', {
  methods: ['GET'],
  route: 'api/auth/callback',
  authLevel: 'anonymous',
  async handler(request) {
    const id = randomUUID();
    sessions.set(id, await sample.redeem(request.query.get('code') ?? ''));
    return { status: 200, cookies: [{ name: 'id', value: id, path: '/', httpOnly: true }], jsonBody: {} };
  },
});

app.http('graph', {
  methods: ['GET'],
  route: 'api/graph/{*path}',
  authLevel: 'anonymous',
  async handler(request) {
    const id = /\bid=([^;]+)/.exec(request.headers.get('cookie') ?? '')?.[1] ?? '';
    const session = sessions.get(id);
    if (session === undefined) return { status: 401 };
    const called = await sample.callGraph(session, `/${request.params['path']}`);
    sessions.set(id, called.session);
    return { status: 200, jsonBody: called.json };
  },
});
