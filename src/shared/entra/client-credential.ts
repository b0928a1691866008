import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { SignJWT } from 'jose';
import { signInServiceUnavailable } from '../errors.ts';
import { withDeadline } from '../network/deadline.ts';
import type { Authority } from './authority.ts';

/** The credential with which the app authenticates to Entra ID. */
export type ClientCredential =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'certificate'; readonly certificatePem: string; readonly privateKeyPem: string }
  | { readonly kind: 'managed-identity'; readonly managedIdentityClientId?: string };

/** The credential for MSAL's configuration: a secret, or a callback that returns a signed assertion. */
export interface MsalCredential {
  readonly options: { readonly clientSecret: string } | { readonly clientAssertion: () => Promise<string> };
  /** Throws if no assertion is valid and none can be created, for example if the managed identity cannot be reached. */
  check(): Promise<void>;
}

export interface MsalCredentialDependencies {
  readonly credential: ClientCredential;
  readonly clientId: string;
  readonly authority: Pick<Authority, 'tokenEndpoint' | 'tokenExchangeAudience'>;
  readonly now: () => Date;
}

const ASSERTION_LIFETIME_SECONDS = 10 * 60;
const RENEW_BEFORE_SECONDS = 2 * 60;
const IDENTITY_DEADLINE_MS = 5_000;

/**
 * Creates the credential for MSAL. MSAL requests an assertion for every call, even if it finds the token in its cache
 * (measured). An assertion is therefore cached until {@link RENEW_BEFORE_SECONDS} before it expires.
 */
export function toMsalCredential({
  credential,
  clientId,
  authority,
  now,
}: MsalCredentialDependencies): MsalCredential {
  if (credential.kind === 'secret') {
    return { options: { clientSecret: credential.secret }, check: () => Promise.resolve() };
  }
  const clientAssertion = cacheAssertion(
    now,
    credential.kind === 'certificate'
      ? certificateAssertion(credential, clientId, authority.tokenEndpoint, now)
      : managedIdentityAssertion(credential.managedIdentityClientId, authority.tokenExchangeAudience),
  );
  return {
    options: { clientAssertion },
    check: async () => {
      await clientAssertion();
    },
  };
}

interface Assertion {
  readonly text: string;
  readonly expiresAtMs: number;
}

/** Caches an assertion and renews it, one renewal at a time. If a renewal fails, the cached one is used while valid. */
function cacheAssertion(now: () => Date, make: () => Promise<Assertion>): () => Promise<string> {
  let cached: Assertion | undefined;
  let renewing: Promise<Assertion> | undefined;
  const remainingMs = () => (cached === undefined ? 0 : cached.expiresAtMs - now().getTime());
  const renew = () => {
    renewing ??= make().finally(() => {
      renewing = undefined;
    });
    return renewing;
  };
  return async () => {
    if (cached !== undefined && remainingMs() > RENEW_BEFORE_SECONDS * 1000) return cached.text;
    try {
      cached = await renew();
    } catch (error) {
      if (cached === undefined || remainingMs() <= 0) {
        throw signInServiceUnavailable("The app's own credential cannot be used at the moment.", error);
      }
    }
    return cached.text;
  };
}

/** @see https://learn.microsoft.com/entra/identity-platform/certificate-credentials */
function certificateAssertion(
  { certificatePem, privateKeyPem }: { certificatePem: string; privateKeyPem: string },
  clientId: string,
  tokenEndpoint: string,
  now: () => Date,
): () => Promise<Assertion> {
  const privateKey = createPrivateKey(privateKeyPem);
  const thumbprint = Buffer.from(
    new X509Certificate(certificatePem).fingerprint256.replaceAll(':', ''),
    'hex',
  );
  return async () => {
    const issuedAt = Math.floor(now().getTime() / 1000);
    const text = await new SignJWT()
      .setProtectedHeader({ alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint.toString('base64url') })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(tokenEndpoint)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(issuedAt + ASSERTION_LIFETIME_SECONDS)
      .sign(privateKey);
    return { text, expiresAtMs: (issuedAt + ASSERTION_LIFETIME_SECONDS) * 1000 };
  };
}

/** @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity */
function managedIdentityAssertion(
  managedIdentityClientId: string | undefined,
  audience: string,
): () => Promise<Assertion> {
  return async () => {
    const { ManagedIdentityCredential } = await import('@azure/identity');
    const identity = managedIdentityClientId
      ? new ManagedIdentityCredential({ clientId: managedIdentityClientId })
      : new ManagedIdentityCredential();
    // The library ignores an abort signal while it calls the identity endpoint (measured).
    const { token, expiresOnTimestamp } = await withDeadline(
      identity.getToken(`${audience}/.default`),
      IDENTITY_DEADLINE_MS,
    );
    return { text: token, expiresAtMs: expiresOnTimestamp };
  };
}
