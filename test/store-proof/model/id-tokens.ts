import { Buffer } from 'node:buffer';
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { SigningKeys } from '../../../src/shared/identity/verify-id-token.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const publishedKey = await crypto.subtle.importKey(
  'jwk',
  createPublicKey(publicKey.export({ format: 'pem', type: 'spki' })).export({ format: 'jwk' }),
  algorithm,
  true,
  ['verify'],
);

/** The issuer's keys as the workers have loaded them. */
export const signingKeys: SigningKeys = { resolve: async () => ({ key: publishedKey }) };

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = encode({ alg: 'RS256', typ: 'JWT', kid: 'model' });
const signed = new Map<string, string>();

/** Returns a signed ID token. Each is signed once, because signing is slow and thousands of runs need the same ones. */
export function signIdToken(payload: Readonly<Record<string, unknown>>): string {
  const text = `${header}.${encode(payload)}`;
  const known =
    signed.get(text) ?? `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
  signed.set(text, known);
  return known;
}
