import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { SignJWT } from 'jose';
import { signInServiceUnavailable } from '../errors.ts';
import { withDeadline } from '../network/deadline.ts';
import type { Authority } from './authority.ts';

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
 * The credential as MSAL takes it. MSAL asks for an assertion at every call, cache hits included (measured):
 * it is made once and kept until shortly before it ends.
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
  const clientAssertion = remember(
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

/** Keeps an assertion; one renewal at a time, and what is still valid serves while a renewal fails. */
function remember(now: () => Date, make: () => Promise<Assertion>): () => Promise<string> {
  let known: Assertion | undefined;
  let renewing: Promise<Assertion> | undefined;
  const remainingMs = () => (known === undefined ? 0 : known.expiresAtMs - now().getTime());
  const renew = () => {
    renewing ??= make().finally(() => {
      renewing = undefined;
    });
    return renewing;
  };
  return async () => {
    if (known !== undefined && remainingMs() > RENEW_BEFORE_SECONDS * 1000) return known.text;
    try {
      known = await renew();
    } catch (error) {
      if (known === undefined || remainingMs() <= 0) {
        throw signInServiceUnavailable("The app's own credential cannot be used just now.", error);
      }
    }
    return known.text;
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
    // The library heeds no abort signal on the way to the identity endpoint (measured).
    const { token, expiresOnTimestamp } = await withDeadline(
      identity.getToken(`${audience}/.default`),
      IDENTITY_DEADLINE_MS,
    );
    return { text: token, expiresAtMs: expiresOnTimestamp };
  };
}
