import { randomBytes } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export interface KeyRing {
  /** The current signing key. */
  signer(): SigningKey;
  /** The public keys as Entra ID publishes them: without `alg`, with their issuer. */
  published(issuer: string): JWK[];
  /** Adds a new signing key and removes the oldest published one. */
  rotate(): Promise<void>;
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>;
}

/** Two keys are published, as at Entra ID. The newest signs; the other still verifies. */
export type SigningKeys = readonly [current: SigningKey, previous: SigningKey];

export async function createSigningKeys(): Promise<SigningKeys> {
  return Promise.all([createSigningKey(), createSigningKey()]);
}

async function createSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const { kty, n, e } = await exportJWK(publicKey);
  const kid = randomBytes(20).toString('base64url');
  return { kid, privateKey, publicJwk: { kty: kty ?? 'RSA', n: n ?? '', e: e ?? '' } };
}

export function createKeyRing(first: SigningKeys): KeyRing {
  let [current, previous] = first;
  return {
    signer: () => current,
    published: (issuer) =>
      [current, previous].map(({ kid, publicJwk }) => ({ ...publicJwk, use: 'sig', kid, x5t: kid, issuer })),
    async rotate() {
      const next = await createSigningKey();
      [current, previous] = [next, current];
    },
    sign: (claims, header = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid: current.kid, ...header })
        .sign(current.privateKey),
  };
}
