import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyRing, parseKeyBytes } from '../../../src/shared/crypto/key-ring.ts';

const key = (id: number) => ({ id, bytes: Buffer.alloc(32, id) });

describe('createKeyRing', () => {
  it('seals with the first key and opens with every key', () => {
    const ring = createKeyRing([key(2), key(1), key(3)]);
    expect(ring.sealingKey.id).toBe(2);
    for (const id of [1, 2, 3]) expect(ring.find(id)).toEqual({ kind: 'known', key: key(id) });
  });

  it('reports an id above all its own as newer, and every other unknown id as retired', () => {
    const ring = createKeyRing([key(4), key(2)]);
    expect(ring.find(5)).toEqual({ kind: 'newer' });
    expect(ring.find(0xff_ff_ff_ff)).toEqual({ kind: 'newer' });
    for (const id of [0, 1, 3, -1, 2.5, Number.NaN]) expect(ring.find(id)).toEqual({ kind: 'retired' });
  });

  it('refuses an empty list and a repeated id', () => {
    expect(() => createKeyRing([])).toThrow(TypeError);
    expect(() => createKeyRing([key(1), { ...key(2), id: 1 }])).toThrow(TypeError);
  });
});

describe('parseKeyBytes', () => {
  it('reads 32 bytes in canonical base64url only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        expect(parseKeyBytes(Buffer.from(bytes).toString('base64url'))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each([
    ['empty', ''],
    ['31 bytes', Buffer.alloc(31).toString('base64url')],
    ['33 bytes', Buffer.alloc(33).toString('base64url')],
    ['padded', `${Buffer.alloc(32).toString('base64url')}=`],
    ['base64 with + and /', Buffer.alloc(32, 0xfb).toString('base64').replace('=', '')],
    ['leftover bits that are not zero', `${'A'.repeat(42)}B`],
    ['a space', ` ${Buffer.alloc(32).toString('base64url')}`],
    ['hex', Buffer.alloc(32).toString('hex')],
  ])('refuses %s', (_what, text) => {
    expect(parseKeyBytes(text)).toBeUndefined();
  });
});
