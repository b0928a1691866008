import type { HttpHandler, HttpMethod } from '@azure/functions';
import type { App } from './app.ts';
import { admin } from './functions/admin.ts';
import {
  adminUserGrantById,
  adminUserGrants,
  adminUserSessionById,
  adminUserSessions,
  adminUserSignOut,
  adminUsers,
} from './functions/admin-users.ts';
import { callback } from './functions/callback.ts';
import { client } from './functions/client.ts';
import { frontChannelLogout } from './functions/front-channel-logout.ts';
import { forwardToApi } from './functions/graph.ts';
import { live, ready } from './functions/health.ts';
import { login } from './functions/login.ts';
import { logout } from './functions/logout.ts';
import { notFound } from './functions/not-found.ts';
import { session } from './functions/session.ts';
import { sessionById, sessions } from './functions/sessions.ts';
import {
  allowAnonymous,
  checkedGuard,
  optionalSession,
  optionalSessionBestEffort,
  signedIn,
  signedInWithoutRevalidation,
} from './shared/access/access.ts';
import { requestedScopes } from './shared/auth/login.ts';
import {
  allMethods,
  type Endpoint,
  type Handler,
  type InternalEndpointRules,
} from './shared/http/endpoint.ts';

/** One HTTP function: its path, its rules and its handler. */
export interface Route {
  /** The name under which the host knows the function. */
  readonly name: string;
  /** Without a leading slash: `api/auth/login`. */
  readonly path: string;
  /** What the route does, for docs/reference/routes.md. */
  readonly summary: string;
  readonly rules: InternalEndpointRules<unknown>;
  /** The handler as the host calls it, with the checks of `rules`. */
  toHttpHandler(endpoint: Endpoint): HttpHandler;
}

interface RouteDefinition<AllowedCaller> extends Omit<Route, 'rules' | 'toHttpHandler'> {
  readonly rules: InternalEndpointRules<AllowedCaller>;
  readonly handler: Handler<AllowedCaller>;
}

export function route<AllowedCaller>({ handler, rules, ...about }: RouteDefinition<AllowedCaller>): Route {
  return { ...about, rules, toHttpHandler: (endpoint) => endpoint(rules, handler) };
}

/**
 * Every route of this service. The order of the names matters: the host tries functions in alphabetical order, and the
 * first one whose path matches gets the request. Therefore the catch-all is called `zz-not-found`.
 * The prefix in host.json is empty, so each path is written in full. With the prefix `api`, the route of the admin page
 * would be `admin`, which the host refuses.
 */
export function createRoutes(app: App): readonly Route[] {
  return [
    ...signInRoutes(app),
    ...sessionRoutes(app),
    ...upstreamRoutes(app),
    ...adminRoutes(app),
    ...serviceRoutes(app),
  ];
}

function signInRoutes({
  auth,
  config,
  entra,
  features,
  cookieNames,
  readClientAddress,
  present,
}: App): readonly Route[] {
  const origin = config.publicBaseUrl;
  const pageRules = { access: optionalSession, errorFormat: 'html', changesCookies: true } as const;
  const navigationRules = { ...pageRules, methods: ['GET'], csrf: 'none', windowOnly: true } as const;
  return [
    route({
      name: 'auth-login',
      path: 'api/auth/login',
      summary:
        'Starts a sign-in. Parameters: `return_to`, `prompt` (`login`, `select_account` or `none`), `login_hint`, `domain_hint`, `feature`, `ticket`, `display=popup.ID`.',
      rules: { ...navigationRules, rateLimit: 'login' },
      handler: login(auth.login, cookieNames),
    }),
    route({
      name: 'auth-callback',
      path: 'api/auth/callback',
      summary: 'The redirect URI. Completes the sign-in.',
      rules: { ...navigationRules, rateLimit: 'callback' },
      handler: callback({
        flow: auth.callback,
        names: cookieNames,
        adminConsentUrl: (request) => entra.adminConsentUrl(requestedScopes(features, request)),
        present,
      }),
    }),
    route({
      name: 'auth-logout',
      path: 'api/auth/logout',
      summary:
        'Ends the session. POST returns `{"logout_url"}`, and the page navigates there. GET shows a page that asks first.',
      rules: {
        ...pageRules,
        methods: ['GET', 'POST'],
        access: optionalSessionBestEffort,
        csrf: 'unless-navigation',
        acceptsForm: true,
        endsSessions: true,
      },
      handler: logout({
        flow: auth.logout,
        names: cookieNames,
        origin,
        entraOrigin: entra.origin,
        pendingSeconds: config.session.absoluteSeconds,
        present,
      }),
    }),
    route({
      name: 'auth-front-channel-logout',
      path: 'api/auth/front-channel-logout',
      summary:
        'Entra ID loads this route in a frame when the user signs out of another app. It ends the sessions of the given `sid`.',
      rules: { methods: ['GET'], access: allowAnonymous, csrf: 'none' },
      // Its rate limit waits before it refuses, so the flow applies it.
      handler: frontChannelLogout({
        flow: auth.frontChannelLogout,
        entraOrigin: entra.origin,
        readClientAddress,
      }),
    }),
    route({
      name: 'auth-client',
      path: 'api/auth/client.js',
      summary: 'The browser client, one ES module.',
      rules: { methods: ['GET', 'HEAD'], access: allowAnonymous, csrf: 'none' },
      handler: client(__CLIENT_SOURCE__),
    }),
  ];
}

function sessionRoutes({ auth, cookieNames }: App): readonly Route[] {
  const ownSessionRules = { access: signedInWithoutRevalidation, endsSessions: true } as const;
  return [
    route({
      name: 'auth-session',
      path: 'api/auth/session',
      summary: 'Returns who is signed in, with which roles and until when.',
      rules: { methods: ['GET'], access: optionalSession },
      handler: session(auth.sessionResponse),
    }),
    route({
      name: 'auth-sessions',
      path: 'api/auth/sessions',
      summary:
        'Lists the user\'s sessions. DELETE ends all except the current one and returns `{"ended": n}`.',
      rules: { ...ownSessionRules, methods: ['GET', 'DELETE'] },
      handler: sessions(auth.ownSessions),
    }),
    route({
      name: 'auth-sessions-id',
      path: 'api/auth/sessions/{id}',
      summary: "Ends one of the user's sessions.",
      rules: { ...ownSessionRules, methods: ['DELETE'] },
      handler: sessionById(auth.ownSessions, cookieNames),
    }),
  ];
}

const upstreamMethods: readonly HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

function upstreamRoutes({ graph, customApis, config, present }: App): readonly Route[] {
  const { publicBaseUrl: origin } = config;
  const rules = {
    methods: upstreamMethods,
    access: signedIn,
    acceptsEmbed: true,
    rateLimit: 'proxy',
  } as const;
  return [
    route({
      name: 'graph',
      path: 'api/graph/{*path}',
      summary: 'Microsoft Graph, as far as the policy allows.',
      rules: { ...rules, errorFormat: 'graph' },
      handler: forwardToApi({ prefix: '/api/graph', proxy: graph, origin, present }),
    }),
    ...customApis.map(({ name, proxy }) =>
      route({
        name: `own-api-${name}`,
        path: `api/${name}/{*path}`,
        summary: 'Your own API of this name, as far as its policy allows.',
        rules,
        handler: forwardToApi({ prefix: `/api/${name}`, proxy, origin, present }),
      }),
    ),
  ];
}

function adminRoutes({ admin: administration, cookieNames, now, present }: App): readonly Route[] {
  const { guards, directory, userSessions, grants, recordUserOpened } = administration;
  const common = { extendsSession: true, rateLimit: 'admin' } as const;
  const readRules = { ...common, access: checkedGuard(guards.read) } as const;
  const changeRules = { ...common, access: checkedGuard(guards.change) } as const;
  return [
    route({
      name: 'admin',
      path: 'api/admin',
      summary:
        "The admin page: the administrator's verified claims and Graph profile, and the sign-ins of other users. Returns JSON to scripts.",
      rules: { ...readRules, methods: ['GET'], csrf: 'unless-navigation', errorFormat: 'html' },
      handler: admin({ ...administration, readGuard: guards.read, now, present }),
    }),
    route({
      name: 'admin-users',
      path: 'api/admin/users',
      summary: 'Finds users: `?q=` is an email address, an object id or the beginning of a name.',
      rules: { ...readRules, methods: ['GET'] },
      handler: adminUsers(directory),
    }),
    route({
      name: 'admin-user-sessions',
      path: 'api/admin/users/{user}/sessions',
      summary: 'Lists a user\'s sessions. DELETE ends them all and returns `{"ended": n}`.',
      rules: {
        ...readRules,
        methods: ['GET', 'DELETE'],
        accessToChange: checkedGuard(guards.change),
        endsSessions: true,
      },
      handler: adminUserSessions(userSessions, cookieNames, recordUserOpened),
    }),
    route({
      name: 'admin-user-sessions-id',
      path: 'api/admin/users/{user}/sessions/{id}',
      summary: "Ends one of a user's sessions.",
      rules: { ...changeRules, methods: ['DELETE'], endsSessions: true },
      handler: adminUserSessionById(userSessions, cookieNames),
    }),
    route({
      name: 'admin-user-sign-out',
      path: 'api/admin/users/{user}/sign-out',
      summary: "Ends all of a user's sessions and revokes their sign-ins at Entra ID.",
      rules: { ...changeRules, methods: ['POST'], endsSessions: true },
      handler: adminUserSignOut(administration.signOutUser, cookieNames),
    }),
    route({
      name: 'admin-user-grants',
      path: 'api/admin/users/{user}/grants',
      summary: 'Lists the delegated permissions that a user has granted this app.',
      rules: { ...readRules, methods: ['GET'] },
      handler: adminUserGrants(grants, recordUserOpened),
    }),
    route({
      name: 'admin-user-grants-id',
      path: 'api/admin/users/{user}/grants/{id}',
      summary: 'Revokes one grant of delegated permissions.',
      rules: { ...changeRules, methods: ['DELETE'] },
      handler: adminUserGrantById(grants),
    }),
  ];
}

function serviceRoutes({ healthChecks, now, present }: App): readonly Route[] {
  const rules = { methods: ['GET', 'HEAD'], access: allowAnonymous, csrf: 'none' } as const;
  return [
    route({
      name: 'health-live',
      path: 'api/health/live',
      summary: 'The process responds.',
      rules,
      handler: live(),
    }),
    route({
      name: 'health-ready',
      path: 'api/health/ready',
      summary:
        'Names the checks that fail: storage, credential, signing keys, clock and others. Returns 503 only if this worker can serve no user.',
      rules,
      handler: ready(healthChecks, now),
    }),
    route({
      name: 'zz-not-found',
      path: '{*rest}',
      summary: 'Any other path returns 404. `/` returns a page to a browser and 204 to anything else.',
      rules: { ...rules, methods: allMethods, errorFormat: 'html', unrecorded: 'not_found' },
      handler: notFound(present),
    }),
  ];
}
