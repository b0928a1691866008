/** The URLs and names of one tenant's sign-in service. */
export interface Authority {
  /** The authority for MSAL. Always https, even for the emulator, because MSAL accepts no other scheme here. */
  readonly url: string;
  readonly authorizeEndpoint: string;
  readonly tokenEndpoint: string;
  readonly endSessionEndpoint: string;
  readonly keysUri: string;
  /** The audience of a managed identity's token. The app can authenticate with this token instead of a secret. */
  readonly tokenExchangeAudience: string;
  /** The host names of the cloud's sign-in service. MSAL stores a token under one of these names and finds it under any. */
  readonly environments: readonly string[];
  /** Returns the issuer of a tenant's ID tokens. */
  issuerOf(tenantId: string): string;
  /** Returns the URL at which an administrator consents for the whole organization. */
  adminConsentUrl(request: AdminConsentRequest): string;
}

export interface AdminConsentRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  /** Microsoft Graph's URL. It is put before scopes that do not name their API, like `User.Read`. */
  readonly resource: string;
  readonly scopes: readonly string[];
}

/** The fixed `state` of requests for administrator consent. No decision depends on their responses. */
export const ADMIN_CONSENT_STATE = 'admin-consent';

/**
 * Microsoft's clouds, each with the URLs of its sign-in service and its Graph, and the audience of federated credentials.
 * @see https://learn.microsoft.com/graph/deployments
 * @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
 */
export const clouds = {
  public: {
    signIn: 'https://login.microsoftonline.com',
    graph: 'https://graph.microsoft.com',
    tokenExchange: 'api://AzureADTokenExchange',
    environments: [
      'login.microsoftonline.com',
      'login.windows.net',
      'login.microsoft.com',
      'sts.windows.net',
    ],
  },
  usgov: {
    signIn: 'https://login.microsoftonline.us',
    graph: 'https://graph.microsoft.us',
    tokenExchange: 'api://AzureADTokenExchangeUSGov',
    environments: ['login.microsoftonline.us', 'login.usgovcloudapi.net'],
  },
  usgovdod: {
    signIn: 'https://login.microsoftonline.us',
    graph: 'https://dod-graph.microsoft.us',
    tokenExchange: 'api://AzureADTokenExchangeUSGov',
    environments: ['login.microsoftonline.us', 'login.usgovcloudapi.net'],
  },
  china: {
    signIn: 'https://login.partner.microsoftonline.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    tokenExchange: 'api://AzureADTokenExchangeChina',
    environments: ['login.partner.microsoftonline.cn', 'login.chinacloudapi.cn'],
  },
} as const;

export type Cloud = keyof typeof clouds;

/**
 * @param tenant a GUID, or `organizations` for several tenants
 * @param emulatorOrigin the emulator's origin, which replaces the cloud's in every URL except `url`
 * @see https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
 * @see https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
 */
export function createAuthority(cloud: Cloud, tenant: string, emulatorOrigin?: string): Authority {
  const { signIn, tokenExchange, environments } = clouds[cloud];
  const origin = emulatorOrigin ?? signIn;
  const at = (path: string) => `${origin}/${tenant}/${path}`;
  return {
    url: `${signIn}/${tenant}`,
    authorizeEndpoint: at('oauth2/v2.0/authorize'),
    tokenEndpoint: at('oauth2/v2.0/token'),
    endSessionEndpoint: at('oauth2/v2.0/logout'),
    keysUri: at('discovery/v2.0/keys'),
    tokenExchangeAudience: tokenExchange,
    environments,
    issuerOf: (tenantId) => `${origin}/${tenantId}/v2.0`,
    adminConsentUrl({ clientId, redirectUri, resource, scopes }) {
      const url = new URL(at('v2.0/adminconsent'));
      url.searchParams.set('client_id', clientId);
      url.searchParams.set('redirect_uri', redirectUri);
      url.searchParams.set('state', ADMIN_CONSENT_STATE);
      const fullScopes = scopes.map((scope) => (scope.includes('://') ? scope : `${resource}/${scope}`));
      url.searchParams.set('scope', fullScopes.join(' '));
      return url.href;
    },
  };
}
