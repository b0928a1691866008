import { createAdmission } from './shared/access/admission.ts';
import { createAdmin } from './shared/admin/admin.ts';
import { createAuth } from './shared/auth/auth.ts';
import type { Config } from './shared/config/config.ts';
import type { Policies } from './shared/config/policies.ts';
import { createTextSealer, type SealedTextPurpose } from './shared/crypto/sealed-text.ts';
import { createEntra } from './shared/entra/entra.ts';
import { createGraph } from './shared/graph/graph.ts';
import { createGraphClient } from './shared/graph/graph-client.ts';
import { createFindMemberships } from './shared/graph/memberships.ts';
import { withClearRefusals } from './shared/graph/refusals.ts';
import { cookieNames as cookieNamesFor } from './shared/http/cookies.ts';
import { createEndpoint } from './shared/http/endpoint.ts';
import { isAllowed } from './shared/identity/allowed-users.ts';
import { createTokensForCall } from './shared/interaction/call-token.ts';
import { createInteraction } from './shared/interaction/interaction.ts';
import { createCountCall } from './shared/proxy/counted-call.ts';
import { createCallLimits } from './shared/proxy/limiter.ts';
import { createBodyRoom } from './shared/proxy/memory-budget.ts';
import { createOwnApi } from './shared/proxy/own-api.ts';
import { createSessionStore } from './shared/session/store.ts';
import { createSweep } from './shared/session/sweep.ts';
import { createTokens } from './shared/tokens/tokens.ts';
import type { System } from './system.ts';

export type App = ReturnType<typeof createApp>;

/** Creates the capabilities of one worker. Each one depends only on those above it. */
export function createApp(config: Config, { graph: graphPolicy, apis, features }: Policies, system: System) {
  const { publicBaseUrl: origin, session: sessionConfig } = config;
  const { keyRing, indexKey } = sessionConfig;
  const sealerFor = (purpose: SealedTextPurpose) => createTextSealer({ keyRing, purpose, ...system });

  const redirectUri = `${origin}/api/auth/callback`;
  const entra = createEntra({ ...config.entra, redirectUri, ...system });
  const registration = [entra.clientId, config.entra.cloud];
  const store = createSessionStore({ ...sessionConfig, registration, ...system });
  const tokens = createTokens({ entra, store, signInScopes: features.signInScopes, ...system });
  const interaction = createInteraction({
    sealer: sealerFor('interaction-ticket'),
    adminConsentUrl: entra.adminConsentUrl,
    ...system,
  });

  // Shared by every upstream API of this worker.
  const { bodyLimitBytes, timeoutMs } = config.graph;
  const upstream = {
    bodyLimitBytes,
    timeoutMs,
    countCall: createCountCall(createCallLimits()),
    tokensForCall: createTokensForCall({ ...tokens, interaction }),
    bodyRoom: createBodyRoom(),
    ...system,
  };
  const graphClient = createGraphClient({ ...config.graph, ...upstream });
  const keptSeconds = config.roleMaxAgeSeconds;
  const admission = createAdmission({
    ...config,
    revalidateSeconds: sessionConfig.revalidateSeconds,
    renewIdentity: tokens.renewIdentity,
    findMemberships: createFindMemberships({ graph: graphClient, keptSeconds, ...system }),
    interaction,
    ...system,
  });
  const proxying = { ...upstream, admission, interaction };
  const graph = createGraph(
    { ...config.graph, ...config.entra, ownPrefix: `${origin}/api/graph`, policy: graphPolicy, indexKey },
    proxying,
  );
  const ownApis = apis.map((api) => ({ name: api.name, proxy: createOwnApi(api, proxying) }));

  const admin = createAdmin(config, {
    graph: graphClient,
    explainedGraph: withClearRefusals(graphClient, system.now),
    store,
    admission,
    features,
    clientId: entra.clientId,
    indexKey,
    linkSealer: sealerFor('console-link'),
    ...system,
  });
  const auth = createAuth(
    { ...sessionConfig, origin },
    {
      ...{ entra, store, admission, interaction, features, sealerFor },
      ...{ codeFlow: tokens.codeFlow, loginFeatures: admin.loginFeatures, mayRequest: admin.mayRequest },
      guards: { admin: admin.guards.read },
      ...system,
    },
  );
  const cookieNames = cookieNamesFor(origin);
  const endpoint = createEndpoint({
    ...{ origin, cookieNames, store, admission, logout: auth.logout },
    isAllowed: (claims) => isAllowed(claims, entra.idTokenRules),
    ...system,
  });
  return {
    ...{ config, features, now: system.now, entra, store, graph, graphClient, ownApis },
    ...{ admin, auth, cookieNames, endpoint, sweep: createSweep(system) },
  };
}
