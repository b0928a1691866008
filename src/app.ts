import { createAuthorization } from './shared/access/authorize.ts';
import { createExtendSession } from './shared/access/extend-session.ts';
import { createAdmin } from './shared/admin/admin.ts';
import { createAuth } from './shared/auth/auth.ts';
import type { Config } from './shared/config/config.ts';
import type { Policies } from './shared/config/policies.ts';
import { createTextSealer, type SealedTextPurpose } from './shared/crypto/sealed-text.ts';
import { createEntra } from './shared/entra/entra.ts';
import { createGraphClient } from './shared/graph/client.ts';
import { createGraph } from './shared/graph/graph.ts';
import { createFindMemberships } from './shared/graph/memberships.ts';
import { withExplainedRefusals } from './shared/graph/refusals.ts';
import { createHealth } from './shared/health/health.ts';
import { cookieNames as cookieNamesFor } from './shared/http/cookies.ts';
import { createEndpoint } from './shared/http/endpoint.ts';
import { isAllowed } from './shared/identity/allowed-users.ts';
import { createInteraction } from './shared/interaction/interaction.ts';
import { createReadClientAddress } from './shared/limits/client-address.ts';
import { createRateLimits } from './shared/limits/rate-limits.ts';
import { createPresent, type PagesConfig } from './shared/pages/presentation.ts';
import { createCustomApi } from './shared/proxy/custom-api.ts';
import { createSendWithToken } from './shared/proxy/send-with-token.ts';
import { createUpstreamAccess } from './shared/proxy/upstream-access.ts';
import { createUpstreamBreaker } from './shared/proxy/upstream-breaker.ts';
import { createSessionStore } from './shared/session/store.ts';
import { createSweep } from './shared/session/sweep.ts';
import { createTokens } from './shared/tokens/tokens.ts';
import type { System } from './system.ts';

export type App = ReturnType<typeof createApp>;

/** Wires everything that a worker needs. Each part depends only on parts above it. */
export function createApp(config: Config, policies: Policies, system: System, pages: PagesConfig = {}) {
  const { publicBaseUrl: origin, session: sessionConfig, signedOutPath, roleMaxAgeSeconds } = config;
  const { keyRing, indexKey, revalidateSeconds } = sessionConfig;
  const { features } = policies;
  const sealerFor = (purpose: SealedTextPurpose) => createTextSealer({ keyRing, purpose, ...system });

  const redirectUri = `${origin}/api/auth/callback`;
  const entra = createEntra({ ...config.entra, redirectUri, ...system });
  const registration = [entra.clientId, config.entra.cloud];
  const store = createSessionStore({ ...sessionConfig, registration, ...system });
  const tokens = createTokens({ entra, store, signInScopes: features.signInScopes, ...system });
  const interaction = createInteraction({ ...entra, sealer: sealerFor('interaction-ticket'), ...system });

  const rateLimits = createRateLimits(config.rateLimits, system);
  const readClientAddress = createReadClientAddress(config.rateLimits.trustedProxyHops);
  const { bodyLimitBytes, timeoutMs } = config.graph;
  const upstreamAccess = createUpstreamAccess({ ...tokens, interaction });
  const callDependencies = { bodyLimitBytes, timeoutMs, ...upstreamAccess, ...system };
  const { repeatsRefusedWrites } = policies.graph;
  const graphApi = { ...config.graph, repeatsRefusedWrites };
  const toGraph = {
    sendWithToken: createSendWithToken(graphApi, callDependencies),
    upstreamBreaker: createUpstreamBreaker({ upstream: 'graph', ...system }),
  };
  const graphClient = createGraphClient(config.graph.origin, { ...callDependencies, ...toGraph });
  const cacheSeconds = roleMaxAgeSeconds;
  const findMemberships = createFindMemberships({ graph: graphClient, cacheSeconds, ...system });
  const maxAges = { roleMaxAgeSeconds, revalidateSeconds };
  const { renewIdentity, renewIdentityAhead } = tokens;
  const claimSources = { renewIdentity, renewIdentityAhead, findMemberships };
  const authorization = createAuthorization({ ...claimSources, interaction, ...maxAges, ...system });
  const extendSession = createExtendSession(store);
  const proxyDependencies = { ...callDependencies, authorization, interaction, extendSession };
  const ownPrefix = `${origin}/api/graph`;
  const graphOptions = { ...config.graph, ...config.entra, ownPrefix, policy: policies.graph, indexKey };
  const graph = createGraph(graphOptions, { ...proxyDependencies, ...toGraph, rateLimits });
  const customApis = policies.apis.map((api) => ({
    name: api.name,
    proxy: createCustomApi({ ...api, ownPrefix: `${origin}/api/${api.name}` }, proxyDependencies),
  }));

  const common = { entra, store, authorization, interaction, features, sealerFor, indexKey, ...system };
  const explainedGraph = withExplainedRefusals(graphClient);
  const admin = createAdmin(config, { ...common, graph: graphClient, explainedGraph });
  const proxiedPaths = ['graph', ...policies.apis.map(({ name }) => name)].map((name) => `/api/${name}`);
  const authOptions = { ...sessionConfig, origin, signedOutPath, proxiedPaths };
  const auth = createAuth(authOptions, { ...common, ...tokens, admin, rateLimits });
  const cookieNames = cookieNamesFor(origin);
  const present = createPresent(pages);
  const endpoint = createEndpoint({
    origin,
    cookieNames,
    store,
    authorization,
    extendSession,
    rateLimits,
    readClientAddress,
    present,
    logout: auth.logout,
    isAllowed: (claims) => isAllowed(claims, entra.idTokenRules),
    ...system,
  });
  const http = { cookieNames, endpoint, readClientAddress, present };
  const capabilities = { entra, store, graph, graphClient, customApis, admin, auth, ...http };
  const health = createHealth(config, { entra, store, ...system });
  return { config, features, now: system.now, sweep: createSweep(system), ...capabilities, ...health };
}
