import type { HttpHandler, HttpMethod } from '@azure/functions';
import type { App } from './app.ts';
import { admin } from './functions/admin.ts';
import { adminUserGrantById, adminUserGrants } from './functions/admin-user-grants.ts';
import { adminUserSessionById, adminUserSessions } from './functions/admin-user-sessions.ts';
import { adminUserSignOut } from './functions/admin-user-sign-out.ts';
import { adminUsers } from './functions/admin-users.ts';
import { callback } from './functions/callback.ts';
import { client } from './functions/client.ts';
import { frontChannelLogout } from './functions/front-channel-logout.ts';
import { upstream } from './functions/graph.ts';
import { live, ready } from './functions/health.ts';
import { login } from './functions/login.ts';
import { logout } from './functions/logout.ts';
import { notFound } from './functions/not-found.ts';
import { session } from './functions/session.ts';
import { sessionById, sessions } from './functions/sessions.ts';
import {
  allowAnonymous,
  guard,
  leaving,
  optionalSession,
  signedIn,
  signedInHere,
} from './shared/access/guard.ts';
import { requestedScopes } from './shared/auth/login.ts';
import { allMethods, type Endpoint, type EndpointRules, type Handler } from './shared/http/endpoint.ts';

/** One HTTP function: the name under which the host knows it, its path, its rules and its handler. */
export interface Route {
  readonly name: string;
  /** Without a leading slash: `api/auth/login`. */
  readonly path: string;
  readonly rules: EndpointRules<unknown>;
  handlerIn(endpoint: Endpoint): HttpHandler;
}

export function route<Granted>(
  name: string,
  path: string,
  rules: EndpointRules<Granted>,
  handler: Handler<Granted>,
): Route {
  return { name, path, rules, handlerIn: (endpoint) => endpoint(rules, handler) };
}

/**
 * Every route of this service. The order of the names matters: the host tries functions in alphabetical order, and the
 * first one whose path matches gets the request. Therefore the catch-all is called `zz-not-found`.
 * The prefix in host.json is empty, so each path is written in full. With a prefix, the host would refuse `admin`.
 */
export function createRoutes(app: App): readonly Route[] {
  return [...adminRoutes(app), ...authRoutes(app), ...upstreamRoutes(app), ...serviceRoutes(app)];
}

function adminRoutes({ admin: administration, cookieNames, now }: App): readonly Route[] {
  const { guards, directory, userSessions, grants, recordOpening } = administration;
  const read = { caller: 'script', access: guard(guards.read), countsAsUse: true } as const;
  const change = { caller: 'script', access: guard(guards.change), countsAsUse: true } as const;
  return [
    route(
      'admin',
      'api/admin',
      { methods: ['GET'], caller: 'page', access: guard(guards.read), page: true, countsAsUse: true },
      admin({ ...administration, mayAdminister: guards.read, now }),
    ),
    route(
      'admin-user-grants',
      'api/admin/users/{user}/grants',
      { ...read, methods: ['GET'] },
      adminUserGrants(grants, recordOpening),
    ),
    route(
      'admin-user-grants-id',
      'api/admin/users/{user}/grants/{id}',
      { ...change, methods: ['DELETE'] },
      adminUserGrantById(grants),
    ),
    route(
      'admin-user-sessions',
      'api/admin/users/{user}/sessions',
      { ...read, methods: ['GET', 'DELETE'], accessToChange: guard(guards.change) },
      adminUserSessions(userSessions, cookieNames, recordOpening),
    ),
    route(
      'admin-user-sessions-id',
      'api/admin/users/{user}/sessions/{id}',
      { ...change, methods: ['DELETE'] },
      adminUserSessionById(userSessions, cookieNames),
    ),
    route(
      'admin-user-sign-out',
      'api/admin/users/{user}/sign-out',
      { ...change, methods: ['POST'] },
      adminUserSignOut(administration.signOutUser, cookieNames),
    ),
    route('admin-users', 'api/admin/users', { ...read, methods: ['GET'] }, adminUsers(directory)),
  ];
}

function authRoutes({ auth, config, entra, features, cookieNames }: App): readonly Route[] {
  const origin = config.publicBaseUrl;
  const page = { page: true, changesCookies: true } as const;
  return [
    route(
      'auth-callback',
      'api/auth/callback',
      { ...page, methods: ['GET'], caller: 'window', access: optionalSession },
      callback({
        flow: auth.callback,
        names: cookieNames,
        adminConsentUrl: (wish) => entra.adminConsentUrl(requestedScopes(features, wish)),
      }),
    ),
    route(
      'auth-client',
      'api/auth/client.js',
      { methods: ['GET'], caller: 'navigation', access: allowAnonymous },
      client(__CLIENT_SOURCE__),
    ),
    route(
      'auth-front-channel-logout',
      'api/auth/front-channel-logout',
      { methods: ['GET'], caller: 'navigation', access: allowAnonymous },
      frontChannelLogout({ flow: auth.frontChannelLogout, entraOrigin: entra.origin }),
    ),
    route(
      'auth-login',
      'api/auth/login',
      { ...page, methods: ['GET'], caller: 'window', access: optionalSession },
      login(auth.login, cookieNames),
    ),
    route(
      'auth-logout',
      'api/auth/logout',
      { ...page, methods: ['GET', 'POST'], caller: 'page', access: leaving, acceptsForm: true },
      logout({
        flow: auth.logout,
        names: cookieNames,
        origin,
        entraOrigin: entra.origin,
        pendingSeconds: config.session.absoluteSeconds,
      }),
    ),
    route(
      'auth-session',
      'api/auth/session',
      { methods: ['GET'], caller: 'script', access: optionalSession },
      session(auth.sessionAnswer),
    ),
    route(
      'auth-sessions',
      'api/auth/sessions',
      { methods: ['GET', 'DELETE'], caller: 'script', access: signedInHere },
      sessions(auth.ownSessions),
    ),
    route(
      'auth-sessions-id',
      'api/auth/sessions/{id}',
      { methods: ['DELETE'], caller: 'script', access: signedInHere },
      sessionById(auth.ownSessions, cookieNames),
    ),
  ];
}

const upstreamMethods: readonly HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

function upstreamRoutes({ graph, ownApis }: App): readonly Route[] {
  const rules = { methods: upstreamMethods, caller: 'script', access: signedIn } as const;
  return [
    route(
      'graph',
      'api/graph/{*path}',
      { ...rules, likeGraph: true },
      upstream({ prefix: '/api/graph', proxy: graph }),
    ),
    ...ownApis.map(({ name, proxy }) =>
      route(`own-api-${name}`, `api/${name}/{*path}`, rules, upstream({ prefix: `/api/${name}`, proxy })),
    ),
  ];
}

function serviceRoutes({ store, entra, now }: App): readonly Route[] {
  const checks = [
    { name: 'storage', run: () => store.check() },
    { name: 'credential', run: () => entra.credential.check() },
    { name: 'sign-in-keys-and-clock', run: () => entra.signingKeys.check() },
  ];
  const rules = { methods: ['GET', 'HEAD'], caller: 'navigation', access: allowAnonymous } as const;
  return [
    route('health-live', 'api/health/live', rules, live()),
    route('health-ready', 'api/health/ready', rules, ready(checks, now)),
    route('zz-not-found', '{*rest}', { ...rules, methods: allMethods, page: true }, notFound()),
  ];
}
