import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes, keyedHash } from '../../../src/shared/crypto/keyed-hash.ts';

const key = Buffer.alloc(32, 1);

describe('keyedHash', () => {
  it('is 32 bytes, and the same for the same fields', () => {
    expect(keyedHash(key, ['user', 'tenant', 'object'])).toHaveLength(32);
    expect(keyedHash(key, ['user', 'tenant', 'object'])).toEqual(
      keyedHash(key, ['user', 'tenant', 'object']),
    );
  });

  it('differs by key, by purpose and by field boundaries', () => {
    const hashes = [
      keyedHash(key, ['user', 'ab', 'c']),
      keyedHash(key, ['user', 'a', 'bc']),
      keyedHash(key, ['user', 'abc']),
      keyedHash(key, ['session', 'ab', 'c']),
      keyedHash(Buffer.alloc(32, 2), ['user', 'ab', 'c']),
    ];
    expect(new Set(hashes.map((hash) => hash.toString('hex'))).size).toBe(hashes.length);
  });
});

describe('equalBytes', () => {
  it('is true only for equal bytes, and never throws for different lengths', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (left, right) => {
        expect(equalBytes(left, right)).toBe(Buffer.compare(left, right) === 0);
        expect(equalBytes(left, Uint8Array.from(left))).toBe(true);
      }),
    );
  });
});
