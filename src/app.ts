import { setTimeout } from 'node:timers/promises';
import type { HttpHandler, HttpMethod, TimerHandler } from '@azure/functions';
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
import { sweep } from './functions/sweep.ts';
import { createAdmission } from './shared/access/admission.ts';
import type { Guard } from './shared/access/guard-rules.ts';
import { createRecordOpening, createTargetOf } from './shared/admin/administered-user.ts';
import { isAdministrationFeature, withAdministration } from './shared/admin/administration.ts';
import { createConsole } from './shared/admin/console.ts';
import { createDirectory } from './shared/admin/directory.ts';
import { createGrants } from './shared/admin/grants.ts';
import { createAdminOverview } from './shared/admin/overview.ts';
import { createOwnLinks } from './shared/admin/own-link.ts';
import { createSignOutUser } from './shared/admin/sign-out.ts';
import { createUserSessions } from './shared/admin/user-sessions.ts';
import { createCallback } from './shared/auth/callback.ts';
import { createFrontChannelLogout } from './shared/auth/front-channel-logout.ts';
import { createLogin, requestedScopes } from './shared/auth/login.ts';
import { createTransactions } from './shared/auth/login-transaction.ts';
import { createLogout } from './shared/auth/logout.ts';
import { createMissingSid } from './shared/auth/missing-sid.ts';
import { createOwnSessions } from './shared/auth/own-sessions.ts';
import { createSessionAnswer } from './shared/auth/session-answer.ts';
import type { Config } from './shared/config/config.ts';
import type { Policies } from './shared/config/policies.ts';
import { type RandomBytes, secureRandomBytes } from './shared/crypto/seal.ts';
import { createTextSealer, type SealedTextPurpose } from './shared/crypto/sealed-text.ts';
import { clouds, createAuthority } from './shared/entra/authority.ts';
import { toMsalCredential } from './shared/entra/client-credential.ts';
import { createSigningKeys } from './shared/entra/signing-keys.ts';
import { createHasFileToken, createIsFileAddress } from './shared/graph/file-addresses.ts';
import { createGraphClient, type GraphClient } from './shared/graph/graph-client.ts';
import { createGraphProxy } from './shared/graph/graph-proxy.ts';
import { createHandedOutLinks } from './shared/graph/handed-out-links.ts';
import { createLinks } from './shared/graph/links.ts';
import { createFindMemberships } from './shared/graph/memberships.ts';
import { createToOwnAddress } from './shared/graph/own-address.ts';
import { withClearRefusals } from './shared/graph/refusals.ts';
import { cookieNames } from './shared/http/cookies.ts';
import { allMethods, createEndpoint, type EndpointRules } from './shared/http/endpoint.ts';
import { makeHeadersReadable } from './shared/http/header-bytes.ts';
import type { BffRequest } from './shared/http/request.ts';
import type { BffResponse } from './shared/http/response.ts';
import { isAllowed } from './shared/identity/verify-id-token.ts';
import { createTokensForCall } from './shared/interaction/call-token.ts';
import { createInteraction } from './shared/interaction/interaction.ts';
import { createHttpSender, type SendHttp } from './shared/network/http-request.ts';
import type { Policy } from './shared/policy/match.ts';
import { createCountCall } from './shared/proxy/counted-call.ts';
import { createForward } from './shared/proxy/forward.ts';
import { createCallLimits } from './shared/proxy/limiter.ts';
import { createBodyRoom } from './shared/proxy/memory-budget.ts';
import { createProxy } from './shared/proxy/proxy.ts';
import type { EchoesRequestId } from './shared/proxy/request-id-echo.ts';
import { createSessionStore } from './shared/session/store.ts';
import { createSweep } from './shared/session/sweep.ts';
import { createAzureTable } from './shared/storage/azure-table.ts';
import type { Table } from './shared/storage/table.ts';
import { type Log, toLogLine } from './shared/telemetry/log.ts';
import { createTokenBreakers } from './shared/tokens/circuit-breaker.ts';
import { createCodeFlow } from './shared/tokens/code-flow.ts';
import { createMsal } from './shared/tokens/msal.ts';
import { createRenewIdentity } from './shared/tokens/renew-identity.ts';
import { createRenewals } from './shared/tokens/renewals.ts';

const SWEEP = 'sweep';
/** Seconds, minutes, hours …: every ten minutes. */
const SWEEP_SCHEDULE = '0 */10 * * * *';

/** A literal first, then literals and parameters, each a whole segment. */
const pathForm =
  /^api\/[a-z0-9][a-z0-9-]*(?:\/(?:[a-z0-9][a-z0-9-]*|\{[a-z][a-z0-9]*\}))*(?:\/\{\*[a-z]+\})?$/;

/** The part of `@azure/functions`' app that registration needs. */
export interface FunctionApp {
  http(
    name: string,
    options: { methods: HttpMethod[]; route: string; authLevel: 'anonymous'; handler: HttpHandler },
  ): void;
  timer(name: string, options: { schedule: string; handler: TimerHandler }): void;
}

/** What the world outside gives: replaced in tests, and nothing else is. */
export interface System {
  readonly now: () => Date;
  readonly random: RandomBytes;
  /** Elapsed time on this worker; nobody sets it. */
  readonly monotonicMs: () => number;
  readonly wait: (durationMs: number) => Promise<void>;
  readonly sendHttp: SendHttp;
  readonly table: Table;
}

export function createSystem({ session: { table, tableName } }: Config): System {
  return {
    now: () => new Date(),
    random: secureRandomBytes,
    monotonicMs: () => performance.now(),
    wait: async (durationMs) => {
      await setTimeout(durationMs);
    },
    sendHttp: createHttpSender(),
    table: createAzureTable(table, tableName),
  };
}

/** What functions of your own are made of: the same wrapper, guards and Graph client as ours. */
export interface Bff {
  /**
   * Registers a function behind the wrapper of all others: method, proof of origin, session, access, errors as problems.
   * `rules.access` has no default.
   * @param path without a slash before it: `api/team-card`
   * @throws {TypeError} for a name or path that the host would never reach, or that is ours
   */
  route<Granted>(
    name: string,
    path: string,
    rules: EndpointRules<Granted>,
    handle: (request: BffRequest, granted: Granted) => Promise<BffResponse> | BffResponse,
  ): void;
  /** Calls of Graph with the person's own token, through Microsoft's client. */
  readonly graph: GraphClient;
}

/** There is no invocation yet to log through. */
const coldStartLog: Log = (level, record) => {
  // biome-ignore lint/suspicious/noConsole: the one way to the log at a cold start
  console[level](toLogLine(record));
};

/** Wires the capabilities, once per worker, and registers every route. */
export function registerBff(
  app: FunctionApp,
  config: Config,
  policies: Policies,
  system = createSystem(config),
): Bff {
  const { features } = policies;
  const { publicBaseUrl: origin, entra, session: sessionConfig } = config;
  const { now, random, monotonicMs, wait, sendHttp, table } = system;
  const { keyRing, indexKey, absoluteSeconds } = sessionConfig;
  const { clientId } = entra;
  const redirectUri = `${origin}/api/auth/callback`;
  const sealer = (purpose: SealedTextPurpose) => createTextSealer({ keyRing, purpose, now, random });

  const authority = createAuthority(entra.cloud, entra.tenantId, entra.emulatorOrigin);
  const credential = toMsalCredential({
    credential: entra.credential,
    clientId,
    authority,
    now,
  });
  const signingKeys = createSigningKeys(authority.keysUri, sendHttp, now);
  const idTokenRules = {
    clientId,
    allowedTenants: entra.allowedTenants,
    allowsGuests: entra.allowsGuests,
    issuerOf: authority.issuerOf,
    signingKeys,
    now,
  };
  const breakers = createTokenBreakers(monotonicMs);
  const createMsalClient = createMsal({ authority, clientId, credential, sendHttp, breakers });
  const store = createSessionStore({
    ...sessionConfig,
    registration: [clientId, entra.cloud],
    table,
    now,
    monotonicMs,
    random,
    wait,
  });
  const { acquireToken, refreshInTurn, refusals } = createRenewals({
    createMsalClient,
    store,
    idTokenRules,
    breakers,
    random,
    now,
    monotonicMs,
    wait,
  });
  const adminConsentUrl = (scopes: readonly string[]) =>
    authority.adminConsentUrl({ clientId, redirectUri, resource: clouds[entra.cloud].graph, scopes });
  const interaction = createInteraction({
    sealer: sealer('interaction-ticket'),
    now,
    adminConsentUrl,
  });

  const codeFlow = createCodeFlow({ createMsalClient, redirectUri, idTokenRules });
  const boundTo = [authority.url, clientId, redirectUri];
  const transactions = createTransactions({
    sealer: sealer('login-transaction'),
    random,
    now,
    boundTo,
    origin,
  });
  const loginFlow = createLogin({
    origin,
    codeFlow,
    features: withAdministration(features),
    mayAskFor: (feature, session) =>
      !isAdministrationFeature(feature) ||
      (session !== undefined && admission.wouldAdmit(session, guards.admin)),
    transactions,
    interaction,
  });
  const isOwnIssuer = (issuer: string) =>
    [...entra.allowedTenants].some((tenant) => authority.issuerOf(tenant) === issuer);
  const missingSid = createMissingSid({ table, now });
  void missingSid.atStart(coldStartLog);
  const callbackFlow = createCallback({
    missingSid,
    transactions,
    codeFlow,
    login: loginFlow,
    features,
    store,
    indexKey,
    absoluteSeconds,
    isOwnIssuer,
    now,
    random,
  });
  const logoutFlow = createLogout({
    store,
    formSealer: sealer('form-token'),
    pendingSealer: sealer('logout-pending'),
    endSessionEndpoint: authority.endSessionEndpoint,
    postLogoutRedirectUri: `${origin}/`,
    absoluteSeconds,
    now,
  });

  const { bodyLimitBytes, timeoutMs } = config.graph;
  const countCall = createCountCall(createCallLimits());
  const tokensForCall = createTokensForCall({ acquireToken, refusals, interaction });
  const bodyRoom = createBodyRoom();
  const graphClient = createGraphClient({
    ...config.graph,
    bodyRoom,
    countCall,
    tokensForCall,
    sendHttp,
    monotonicMs,
  });
  const admission = createAdmission({
    renewIdentity: createRenewIdentity({
      refresh: refreshInTurn,
      signInScopes: features.signInScopes,
      monotonicMs,
    }),
    findMemberships: createFindMemberships({
      graph: graphClient,
      monotonicMs,
      keptSeconds: config.roleMaxAgeSeconds,
    }),
    interaction,
    now,
    roleMaxAgeSeconds: config.roleMaxAgeSeconds,
    revalidateSeconds: sessionConfig.revalidateSeconds,
  });
  const guards = { admin: { roles: [config.adminRole] } } satisfies Record<string, Guard>;
  const shared = {
    bodyRoom,
    sendHttp,
    tokensForCall,
    now,
    monotonicMs,
  };
  const forwardTo = (
    upstream: { origin: string; echoesRequestId: EchoesRequestId },
    { repeatsRefusedWrites }: Policy,
  ) =>
    createForward({
      origin: upstream.origin,
      echoesRequestId: upstream.echoesRequestId,
      repeatsRefusedWrites,
      timeoutMs,
      bodyLimitBytes,
      ...shared,
    });
  const linkNeeds = {
    policy: policies.graph,
    graphOrigin: config.graph.origin,
    ownPrefix: `${origin}/api/graph`,
  };
  const graphProxy = createGraphProxy({
    policy: policies.graph,
    admission,
    bodyLimitBytes,
    countCall,
    forward: forwardTo(config.graph, policies.graph),
    links: createLinks({
      toOwnAddress: createToOwnAddress(linkNeeds),
      isFileAddress: createIsFileAddress(entra.cloud, config.graph.origin),
      hasFileToken: createHasFileToken(entra.cloud, config.graph.origin),
    }),
    handedOutLinks: createHandedOutLinks({ ...linkNeeds, indexKey }),
    interaction,
    now,
  });
  const overview = createAdminOverview(graphClient);
  const targetOf = createTargetOf(indexKey);
  const recordOpening = createRecordOpening(targetOf);
  const administratorsGraph = withClearRefusals(graphClient, now);
  const directory = createDirectory(administratorsGraph);
  const userSessions = createUserSessions({ store, features, targetOf });
  const grants = createGrants({ graph: administratorsGraph, clientId, targetOf });
  const administration = {
    read: guards.admin,
    change: { ...guards.admin, maxAuthAgeSeconds: config.adminMaxAuthAgeSeconds },
  };

  const entraOrigin = new URL(authority.endSessionEndpoint).origin;
  const names = cookieNames(origin);
  const endpoint = createEndpoint({
    origin,
    cookieNames: names,
    store,
    admission,
    logout: logoutFlow,
    isAllowed: (claims) => isAllowed(claims, idTokenRules),
    monotonicMs,
  });
  const checks = [
    { name: 'storage', run: () => store.check() },
    { name: 'credential', run: () => credential.check() },
    { name: 'sign-in-keys-and-clock', run: () => signingKeys.check() },
  ];

  // The host tries functions in the order of their names and the first route that fits wins: the catch-all is last.
  // With the empty prefix of host.json every route is spelled in full; a prefix would refuse `admin`.
  const registered = new Set<string>();
  const paths = new Set<string>();
  const route = (name: string, path: string, handler: HttpHandler) => {
    registered.add(name);
    paths.add(path);
    app.http(name, { methods: allMethods, route: path, authLevel: 'anonymous', handler });
  };
  const ownPaths = ['admin', 'auth', 'graph', 'health', ...policies.apis.map(({ name }) => name)].map(
    (name) => `api/${name}/`,
  );

  route(
    'admin',
    'api/admin',
    admin(endpoint, {
      overview,
      readConsole: createConsole({ directory, userSessions, grants, recordOpening }),
      ownLinks: createOwnLinks({ sealer: sealer('console-link'), now }),
      mayAdminister: administration.read,
      now,
    }),
  );
  route(
    'admin-user-grants',
    'api/admin/users/{user}/grants',
    adminUserGrants(endpoint, grants, administration, recordOpening),
  );
  route(
    'admin-user-grants-id',
    'api/admin/users/{user}/grants/{id}',
    adminUserGrantById(endpoint, grants, administration),
  );
  route(
    'admin-user-sessions',
    'api/admin/users/{user}/sessions',
    adminUserSessions(endpoint, userSessions, administration, names, recordOpening),
  );
  route(
    'admin-user-sessions-id',
    'api/admin/users/{user}/sessions/{id}',
    adminUserSessionById(endpoint, userSessions, administration, names),
  );
  route(
    'admin-user-sign-out',
    'api/admin/users/{user}/sign-out',
    adminUserSignOut(
      endpoint,
      createSignOutUser({ graph: administratorsGraph, userSessions, targetOf }),
      administration,
      names,
    ),
  );
  route('admin-users', 'api/admin/users', adminUsers(endpoint, directory, administration.read));
  route(
    'auth-callback',
    'api/auth/callback',
    callback(endpoint, {
      flow: callbackFlow,
      names,
      adminConsentUrl: (wish) => adminConsentUrl(requestedScopes(features, wish)),
    }),
  );
  route('auth-client', 'api/auth/client.js', client(endpoint, __CLIENT_SOURCE__));
  route(
    'auth-front-channel-logout',
    'api/auth/front-channel-logout',
    frontChannelLogout(endpoint, {
      flow: createFrontChannelLogout({ store, isOwnIssuer, monotonicMs }),
      entraOrigin,
    }),
  );
  route('auth-login', 'api/auth/login', login(endpoint, loginFlow, names));
  route(
    'auth-logout',
    'api/auth/logout',
    logout(endpoint, {
      flow: logoutFlow,
      names,
      origin,
      entraOrigin,
      pendingSeconds: absoluteSeconds,
    }),
  );
  route(
    'auth-session',
    'api/auth/session',
    session(endpoint, createSessionAnswer({ features, guards, admission, now })),
  );
  const ownSessions = createOwnSessions({ store, features });
  route('auth-sessions', 'api/auth/sessions', sessions(endpoint, ownSessions));
  route('auth-sessions-id', 'api/auth/sessions/{id}', sessionById(endpoint, ownSessions, names));
  route(
    'graph',
    'api/graph/{*path}',
    upstream(endpoint, {
      prefix: '/api/graph',
      proxy: graphProxy,
      likeGraph: true,
    }),
  );
  route('health-live', 'api/health/live', live(endpoint));
  route('health-ready', 'api/health/ready', ready(endpoint, checks, now));
  for (const api of policies.apis) {
    const { name, policy } = api;
    const prefix = `/api/${name}`;
    const proxy = createProxy({
      policy,
      admission,
      bodyLimitBytes,
      countCall,
      interaction,
      forward: forwardTo(api, policy),
    });
    route(`own-api-${name}`, `api/${name}/{*path}`, upstream(endpoint, { prefix, proxy, likeGraph: false }));
  }
  route('zz-not-found', '{*rest}', notFound(endpoint));

  app.timer(SWEEP, {
    schedule: SWEEP_SCHEDULE,
    handler: sweep(createSweep({ table, now, monotonicMs }), () => signingKeys.checkClock()),
  });
  makeHeadersReadable();

  return {
    route(name, path, rules, handle) {
      // The catch-all takes whatever comes after it in the alphabet, and a second function of a name replaces the first.
      if (!/^[a-z][a-z0-9-]{0,60}$/.test(name) || name >= 'zz-' || registered.has(name) || name === SWEEP) {
        throw new TypeError(`"${name}" is no name for a function here: taken, or after "zz-not-found"`);
      }
      // The host compares without letter case: small letters alone leave one way to spell a path.
      if (!pathForm.test(path) || ownPaths.some((own) => `${path}/`.startsWith(own)) || paths.has(path)) {
        throw new TypeError(
          `"${path}" is no path for a function here: "api/", small letters, digits and hyphens, whole segments {id} or {*rest}, and none that is taken`,
        );
      }
      route(name, path, endpoint(rules, handle));
    },
    graph: graphClient,
  };
}
