import type { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { encodeFields, toKeyObject } from './seal.ts';

/** HMAC-SHA-256 of a list of fields. The first field is the purpose, so that hashes for different purposes never match. */
export function keyedHash(
  key: Buffer,
  fields: readonly [purpose: string, ...values: (string | number)[]],
): Buffer {
  return createHmac('sha256', toKeyObject(key)).update(encodeFields(fields)).digest();
}

/** Compares in constant time, so that the duration does not reveal where two values differ. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
