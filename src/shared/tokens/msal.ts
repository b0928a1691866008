import type { ConfidentialClientApplication, ICachePlugin } from '@azure/msal-node';
import type { Authority } from '../entra/authority.ts';
import type { MsalCredential } from '../entra/client-credential.ts';
import type { CredentialVerdict } from '../entra/credential-verdict.ts';
import type { SendHttp } from '../network/http-request.ts';
import type { CircuitBreakers } from './circuit-breaker.ts';
import { TokenEndpoint } from './token-endpoint.ts';

/** An MSAL client and its network module, for one sign-in or one renewal. */
export interface MsalClient {
  readonly application: ConfidentialClientApplication;
  readonly tokenEndpoint: TokenEndpoint;
}

/**
 * Creates an MSAL client for one sign-in or one renewal. A client shared by several users writes each user's tokens into
 * the other users' stored caches (measured). Creating one costs microseconds.
 */
export type CreateMsalClient = (options?: {
  readonly plugin?: ICachePlugin;
  /** The key of the user whose tokens are renewed (`userKey`). Omit it for a sign-in. */
  readonly user?: string;
}) => Promise<MsalClient>;

export interface MsalDependencies {
  readonly authority: Authority;
  readonly clientId: string;
  readonly credential: MsalCredential;
  readonly credentialVerdict: CredentialVerdict;
  readonly sendHttp: SendHttp;
  readonly breakers: CircuitBreakers;
}

export function createMsal({
  authority,
  clientId,
  credential,
  credentialVerdict,
  sendHttp,
  breakers,
}: MsalDependencies): CreateMsalClient {
  // Configured and never fetched, so that no discovery document can name other endpoints. Configured metadata also allows
  // plain http for the emulator.
  const authorityMetadata = JSON.stringify({
    issuer: authority.issuerOf('{tenantid}'),
    authorization_endpoint: authority.authorizeEndpoint,
    token_endpoint: authority.tokenEndpoint,
    end_session_endpoint: authority.endSessionEndpoint,
    jwks_uri: authority.keysUri,
  });
  return async ({ plugin, user } = {}) => {
    // Loaded when first needed: most requests never use MSAL.
    const { ConfidentialClientApplication: Application } = await import('@azure/msal-node');
    // Without `user`, all requests are a sign-in's: the one for its code, and those for further APIs. Their failures pause
    // no renewal.
    const breaker = user === undefined ? breakers.forSignIns : breakers.forUser(user);
    const tokenEndpoint = new TokenEndpoint(sendHttp, breaker, credentialVerdict);
    const cachePlugin = plugin && clearBeforeLoading(plugin, () => application.clearCache());
    const application: ConfidentialClientApplication = new Application({
      auth: {
        clientId,
        authority: authority.url,
        knownAuthorities: [new URL(authority.url).host],
        authorityMetadata,
        ...credential.options,
        // States that this client handles claims challenges. Graph can then reject its tokens before they expire.
        clientCapabilities: ['CP1'],
      },
      cache: cachePlugin === undefined ? {} : { cachePlugin },
      system: {
        networkClient: tokenEndpoint,
        disableInternalRetries: true,
        loggerOptions: { piiLoggingEnabled: false, loggerCallback: () => {} },
      },
    });
    return { application, tokenEndpoint };
  };
}

/**
 * MSAL's `deserialize` only adds to the entries in its memory (measured). If they were not cleared first, an entry that
 * is no longer in the stored cache would be written back.
 */
function clearBeforeLoading(plugin: ICachePlugin, clearCache: () => void): ICachePlugin {
  return {
    async beforeCacheAccess(context) {
      clearCache();
      await plugin.beforeCacheAccess(context);
    },
    afterCacheAccess: (context) => plugin.afterCacheAccess(context),
  };
}
