import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveKey, encodeFields, open, seal, secureRandomBytes } from '../../../src/shared/crypto/seal.ts';

const key = secureRandomBytes(32);
const boundTo = encodeFields(['a', 'b']);
const IV_BYTES = 12;

describe('seal', () => {
  it('opens sealed data of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (plaintext) => {
        const sealed = seal(key, plaintext, boundTo, secureRandomBytes);
        expect(open(key, sealed, boundTo)).toEqual(Buffer.from(plaintext));
      }),
    );
  });

  it('uses a new IV each time, in 10,000 writes', { tags: ['TC-2'] }, () => {
    const plaintext = Buffer.from('the same refresh token');
    const sealed = Array.from({ length: 10_000 }, () => seal(key, plaintext, boundTo, secureRandomBytes));
    expect(new Set(sealed.map((bytes) => bytes.toString('hex', 0, IV_BYTES))).size).toBe(10_000);
    expect(new Set(sealed.map((bytes) => bytes.toString('hex', IV_BYTES))).size).toBe(10_000);
  });

  it('requests exactly 96 random bits for the IV', { tags: ['TC-2'] }, () => {
    const asked: number[] = [];
    seal(key, Buffer.from('x'), boundTo, (size) => {
      asked.push(size);
      return secureRandomBytes(size);
    });
    expect(asked).toEqual([IV_BYTES]);
  });

  describe('refuses', () => {
    const sealed = seal(key, Buffer.from('the plaintext'), boundTo, secureRandomBytes);

    it('every changed bit', () => {
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        const changed = Buffer.from(sealed);
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(open(key, changed, boundTo)).toBeUndefined();
      }
    });

    it('every shorter value, including the empty one, and a longer one', () => {
      for (let length = 0; length < sealed.length; length++) {
        expect(open(key, sealed.subarray(0, length), boundTo)).toBeUndefined();
      }
      expect(open(key, Buffer.concat([sealed, Buffer.alloc(1)]), boundTo)).toBeUndefined();
    });

    it('another key and other additional data', () => {
      expect(open(secureRandomBytes(32), sealed, boundTo)).toBeUndefined();
      expect(open(key, sealed, encodeFields(['a', 'c']))).toBeUndefined();
      expect(open(key, sealed, Buffer.alloc(0))).toBeUndefined();
    });
  });
});

describe('deriveKey', () => {
  it('derives unrelated keys for another purpose, salt or key', () => {
    const derived = [
      deriveKey(key, 'one'),
      deriveKey(key, 'two'),
      deriveKey(key, 'one', Buffer.from('salt')),
      deriveKey(key, 'one', Buffer.from('other')),
      deriveKey(createHash('sha256').update(key).digest(), 'one'),
      key,
    ];
    expect(new Set(derived.map((bytes) => bytes.toString('hex'))).size).toBe(derived.length);
    expect(deriveKey(key, 'one')).toEqual(deriveKey(key, 'one'));
    expect(deriveKey(key, 'one')).toHaveLength(32);
  });
});

describe('encodeFields', () => {
  it('never encodes two lists as the same bytes', () => {
    const lists = fc.array(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '\0', 'a', 'ab', 'b')),
    );
    fc.assert(
      fc.property(lists, lists, (left, right) => {
        const same = JSON.stringify(left) === JSON.stringify(right);
        expect(encodeFields(left).equals(encodeFields(right))).toBe(same);
      }),
    );
  });

  it('distinguishes a|bc, ab|c and abc', () => {
    const encoded = [['a', 'bc'], ['ab', 'c'], ['abc'], ['abc', ''], ['', 'abc']].map((fields) =>
      encodeFields(fields).toString('hex'),
    );
    expect(new Set(encoded).size).toBe(encoded.length);
  });
});
