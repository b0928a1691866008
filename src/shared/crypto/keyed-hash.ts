import type { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { encodeFields } from './seal.ts';

/** HMAC-SHA-256 over a list of fields; the first names the purpose, so that hashes of different kinds never meet. */
export function keyedHash(
  key: Buffer,
  fields: readonly [purpose: string, ...values: (string | number)[]],
): Buffer {
  return createHmac('sha256', key).update(encodeFields(fields)).digest();
}

/** Constant-time comparison: the time taken tells nothing about where two values differ. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
