import type { IdTokenRules } from '../identity/verify-id-token.ts';
import type { SendHttp } from '../network/http-request.ts';
import { type Authority, type Cloud, clouds, createAuthority } from './authority.ts';
import { type ClientCredential, type MsalCredential, toMsalCredential } from './client-credential.ts';
import { type CredentialVerdict, createCredentialVerdict } from './credential-verdict.ts';
import { type AuthorityKeys, createSigningKeys } from './signing-keys.ts';

/** The app registration at Microsoft Entra ID, with the credential, signing keys and URLs that this worker uses. */
export interface Entra {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly authority: Authority;
  /** The origin of the sign-in pages. */
  readonly origin: string;
  readonly credential: MsalCredential;
  readonly credentialVerdict: CredentialVerdict;
  readonly signingKeys: AuthorityKeys;
  readonly idTokenRules: IdTokenRules;
  /** True for the issuers of the tenants whose users may sign in. */
  isAllowedIssuer(issuer: string): boolean;
  /** Returns the URL at which an administrator consents to these scopes for the whole organization. */
  adminConsentUrl(scopes: readonly string[]): string;
}

export interface EntraOptions {
  readonly cloud: Cloud;
  readonly tenantId: string;
  readonly clientId: string;
  readonly allowedTenants: ReadonlySet<string>;
  readonly allowsGuests: boolean;
  readonly credential: ClientCredential;
  readonly emulatorOrigin?: string;
  readonly redirectUri: string;
  readonly now: () => Date;
  readonly sendHttp: SendHttp;
}

export function createEntra(options: EntraOptions): Entra {
  const { cloud, tenantId, clientId, allowedTenants, allowsGuests, redirectUri, now, sendHttp } = options;
  const authority = createAuthority(cloud, tenantId, options.emulatorOrigin);
  const signingKeys = createSigningKeys(authority.keysUri, sendHttp, now);
  const { issuerOf } = authority;
  return {
    clientId,
    redirectUri,
    authority,
    origin: new URL(authority.endSessionEndpoint).origin,
    credential: toMsalCredential({ credential: options.credential, clientId, authority, now }),
    credentialVerdict: createCredentialVerdict(),
    signingKeys,
    idTokenRules: { clientId, allowedTenants, allowsGuests, issuerOf, signingKeys, now },
    isAllowedIssuer: (issuer) => [...allowedTenants].some((tenant) => issuerOf(tenant) === issuer),
    adminConsentUrl: (scopes) =>
      authority.adminConsentUrl({ clientId, redirectUri, resource: clouds[cloud].graph, scopes }),
  };
}
