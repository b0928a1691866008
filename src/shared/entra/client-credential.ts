import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { SignJWT } from 'jose';

/** How the app proves to Entra that it is the registered one. */
export type ClientCredential =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'certificate'; readonly certificatePem: string; readonly privateKeyPem: string }
  | { readonly kind: 'managed-identity'; readonly managedIdentityClientId?: string };

/** What MSAL's configuration takes: a secret, or a callback that gives a signed assertion. */
export interface MsalCredential {
  readonly options: { readonly clientSecret: string } | { readonly clientAssertion: () => Promise<string> };
  /** Throws when no assertion can be made now: an unreadable key, a managed identity out of reach. */
  check(): Promise<void>;
}

export interface MsalCredentialNeeds {
  readonly credential: ClientCredential;
  readonly clientId: string;
  readonly tokenEndpoint: string;
  readonly now: () => Date;
}

const ASSERTION_LIFETIME_SECONDS = 10 * 60;
const RENEW_BEFORE_SECONDS = 2 * 60;

/**
 * The credential as MSAL takes it. MSAL asks for an assertion at every call, cache hits included (measured):
 * it is made once and kept until shortly before it ends.
 */
export function toMsalCredential({
  credential,
  clientId,
  tokenEndpoint,
  now,
}: MsalCredentialNeeds): MsalCredential {
  if (credential.kind === 'secret') {
    return { options: { clientSecret: credential.secret }, check: () => Promise.resolve() };
  }
  const clientAssertion = remember(
    now,
    credential.kind === 'certificate'
      ? certificateAssertion(credential, clientId, tokenEndpoint, now)
      : managedIdentityAssertion(credential.managedIdentityClientId),
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

function remember(now: () => Date, make: () => Promise<Assertion>): () => Promise<string> {
  let current: Promise<Assertion> | undefined;
  return async () => {
    const known = await current;
    if (known && known.expiresAtMs - RENEW_BEFORE_SECONDS * 1000 > now().getTime()) return known.text;
    current = make();
    current.catch(() => {
      current = undefined;
    });
    return (await current).text;
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
function managedIdentityAssertion(managedIdentityClientId: string | undefined): () => Promise<Assertion> {
  return async () => {
    const { ManagedIdentityCredential } = await import('@azure/identity');
    const identity = managedIdentityClientId
      ? new ManagedIdentityCredential({ clientId: managedIdentityClientId })
      : new ManagedIdentityCredential();
    const { token, expiresOnTimestamp } = await identity.getToken('api://AzureADTokenExchange/.default');
    return { text: token, expiresAtMs: expiresOnTimestamp };
  };
}
