import type { ConfidentialClientApplication, ICachePlugin } from '@azure/msal-node';
import type { Authority } from '../entra/authority.ts';
import type { MsalCredential } from '../entra/client-credential.ts';
import type { SendHttp } from '../network/http-request.ts';
import type { TokenBreakers } from './circuit-breaker.ts';
import { TokenEndpoint } from './token-endpoint.ts';

/** One MSAL client and its way to the token endpoint, for one request of one user. */
export interface MsalClient {
  readonly application: ConfidentialClientApplication;
  readonly tokenEndpoint: TokenEndpoint;
}

/**
 * Makes an MSAL client per request. One shared by several users writes each user's tokens into the others' stored
 * caches (measured); making one costs microseconds.
 */
export type CreateMsalClient = (
  makePlugin?: (clearCache: () => void) => ICachePlugin,
  /** Omit the user for a sign-in. */
  options?: { readonly mayRedeem: boolean; readonly user?: string },
) => Promise<MsalClient>;

export interface MsalNeeds {
  readonly authority: Authority;
  readonly clientId: string;
  readonly credential: MsalCredential;
  readonly sendHttp: SendHttp;
  /** Of the whole worker: they know how the last token requests went. */
  readonly breakers: TokenBreakers;
}

export function createMsal({
  authority,
  clientId,
  credential,
  sendHttp,
  breakers,
}: MsalNeeds): CreateMsalClient {
  // Given, never fetched: no discovery document can name other endpoints, and plain http works for the emulator.
  const authorityMetadata = JSON.stringify({
    issuer: authority.issuerOf('{tenantid}'),
    authorization_endpoint: authority.authorizeEndpoint,
    token_endpoint: authority.tokenEndpoint,
    end_session_endpoint: authority.endSessionEndpoint,
    jwks_uri: authority.keysUri,
  });
  return async (makePlugin, { mayRedeem, user } = { mayRedeem: true }) => {
    // Loaded when first needed: most requests of a warm worker never touch MSAL.
    const { ConfidentialClientApplication: Application } = await import('@azure/msal-node');
    // Token requests that follow a sign-in's code belong to the sign-in. They do not hold back a renewal.
    const breaker = user === undefined ? breakers.code : breakers.ofUser(user);
    const tokenEndpoint = new TokenEndpoint(sendHttp, breaker, mayRedeem);
    const cachePlugin = makePlugin?.(() => application.clearCache());
    const application: ConfidentialClientApplication = new Application({
      auth: {
        clientId,
        authority: authority.url,
        knownAuthorities: [new URL(authority.url).host],
        authorityMetadata,
        ...credential.options,
        // We understand claims challenges: Entra then issues tokens that Graph can refuse before their time.
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
