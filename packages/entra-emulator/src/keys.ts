import { randomBytes } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export interface KeyRing {
  /** The key that signs now. */
  signer(): SigningKey;
  /** Public keys as Entra publishes them: no `alg`, and the issuer they are for. */
  published(issuer: string): JWK[];
  /** Adds a new signing key and drops the oldest published one. */
  rotate(): Promise<void>;
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>;
}

async function createSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const { kty, n, e } = await exportJWK(publicKey);
  const kid = randomBytes(20).toString('base64url');
  return { kid, privateKey, publicJwk: { kty: kty ?? 'RSA', n: n ?? '', e: e ?? '' } };
}

/** Two published keys, as with Entra: the newest signs, the other still verifies. */
export async function createKeyRing(): Promise<KeyRing> {
  let [current, previous] = await Promise.all([createSigningKey(), createSigningKey()]);
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
