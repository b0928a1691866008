import { randomUUID } from 'node:crypto';
import {
  type AccountInfo,
  type AuthenticationResult,
  ConfidentialClientApplication,
  type INetworkModule,
} from '@azure/msal-node';
import { demoClient } from '@entra-bff/directory';

/** What the sample keeps in the session of a user. */
export interface SampleSession {
  readonly tokenCache: string;
  readonly accessToken: string;
  readonly idToken: string;
  readonly account: AccountInfo;
}

export interface SampleOptions {
  readonly entraOrigin: string;
  readonly upstreamOrigin: string;
  readonly redirectUri: string;
}

const scopes = ['User.Read'];

/**
 * The steps of Microsoft's sample of a backend for frontend in Node.js: each call creates an MSAL client, loads the session's
 * token cache into it, acquires a token silently, stores the cache again, calls Graph, and writes the parsed response as
 * JSON. It is faster than the sample, because the global `fetch` replaces the Graph client with `isomorphic-fetch`.
 * @see https://github.com/Azure-Samples/ms-identity-javascript-nodejs-tutorial, 5-AdvancedScenarios/1-call-graph-bff
 */
export function createSample({ entraOrigin, upstreamOrigin, redirectUri }: SampleOptions) {
  const issuer = `${entraOrigin}/${demoClient.tenantId}`;
  const createMsal = () =>
    new ConfidentialClientApplication({
      auth: {
        clientId: demoClient.clientId,
        clientSecret: demoClient.clientSecret,
        // Its metadata is given, so it is never contacted. MSAL refuses an authority with http.
        authority: `https://login.microsoftonline.com/${demoClient.tenantId}`,
        knownAuthorities: ['login.microsoftonline.com'],
        authorityMetadata: JSON.stringify({
          issuer: `${issuer}/v2.0`,
          authorization_endpoint: `${issuer}/oauth2/v2.0/authorize`,
          token_endpoint: `${issuer}/oauth2/v2.0/token`,
          jwks_uri: `${issuer}/discovery/v2.0/keys`,
        }),
      },
      system: { networkClient },
    });
  return {
    async loginUrl() {
      return createMsal().getAuthCodeUrl({ scopes, redirectUri, state: randomUUID() });
    },
    async redeem(code: string): Promise<SampleSession> {
      const msal = createMsal();
      return toSession(msal, await msal.acquireTokenByCode({ code, scopes, redirectUri }));
    },
    /** Returns Graph's JSON, and the session as the sample stores it again. */
    async callGraph(
      { tokenCache, account }: SampleSession,
      path: string,
    ): Promise<{ json: unknown; session: SampleSession }> {
      const msal = createMsal();
      msal.getTokenCache().deserialize(tokenCache);
      const session = toSession(msal, await msal.acquireTokenSilent({ account, scopes }));
      const response = await fetch(`${upstreamOrigin}${path}`, {
        headers: { authorization: `Bearer ${session.accessToken}`, accept: 'application/json' },
      });
      if (!response.ok) throw new Error(`Graph: ${response.status}`);
      return { json: await response.json(), session };
    },
  };
}

function toSession(
  msal: ConfidentialClientApplication,
  { accessToken, idToken, account }: AuthenticationResult,
): SampleSession {
  if (account === null) throw new Error('MSAL returned no account.');
  return { tokenCache: msal.getTokenCache().serialize(), accessToken, idToken, account };
}

/** The global `fetch` in place of MSAL's own client, which refuses the emulator's http. */
const networkClient: INetworkModule = {
  sendGetRequestAsync: (url, options) => send(url, 'GET', options),
  sendPostRequestAsync: (url, options) => send(url, 'POST', options),
};

async function send<Body>(
  url: string,
  method: string,
  options: { headers?: Record<string, string>; body?: string } = {},
) {
  const { headers = {}, body } = options;
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
  return {
    headers: Object.fromEntries(response.headers),
    body: (await response.json()) as Body,
    status: response.status,
  };
}
