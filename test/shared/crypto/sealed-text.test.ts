import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyRing, type KeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { createTextSealer, type SealedTextPurpose } from '../../../src/shared/crypto/sealed-text.ts';

const start = new Date('2026-08-01T12:00:00Z');
const inTenMinutes = new Date(start.getTime() + 600_000);
const key = (id: number) => ({ id, bytes: Buffer.alloc(32, id) });
const purposes = ['login-transaction', 'interaction-ticket', 'form-token', 'logout-pending'] as const;

function sealerOf(options: { purpose?: SealedTextPurpose; keyRing?: KeyRing; now?: Date } = {}) {
  const { purpose = 'form-token', keyRing = createKeyRing([key(1)]), now = start } = options;
  return createTextSealer({ keyRing, purpose, now: () => now, random: secureRandomBytes });
}

describe('a text sealer', () => {
  it('opens a sealed text until it expires', () => {
    const text = sealerOf().seal({ answer: [42] }, ['place'], inTenMinutes);
    expect(sealerOf().open(text, ['place'])).toEqual({ answer: [42] });
    const justBefore = new Date(inTenMinutes.getTime() - 1);
    expect(sealerOf({ now: justBefore }).open(text, ['place'])).toEqual({ answer: [42] });
    expect(sealerOf({ now: inTenMinutes }).open(text, ['place'])).toBeUndefined();
  });

  it('returns text that is safe in a cookie or an address and reveals nothing', () => {
    const text = sealerOf().seal({ secret: 'verifier-canary' }, [], inTenMinutes);
    expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(Buffer.from(text, 'base64url').toString('latin1')).not.toContain('canary');
    expect(sealerOf().seal('same', [], inTenMinutes)).not.toBe(sealerOf().seal('same', [], inTenMinutes));
  });

  it('opens texts of every key in the ring, and of no other key', () => {
    const text = sealerOf({ keyRing: createKeyRing([key(1)]) }).seal('value', [], inTenMinutes);
    expect(sealerOf({ keyRing: createKeyRing([key(2), key(1)]) }).open(text, [])).toBe('value');
    expect(sealerOf({ keyRing: createKeyRing([key(2)]) }).open(text, [])).toBeUndefined();
    const sameId = createKeyRing([{ id: 1, bytes: Buffer.alloc(32, 9) }]);
    expect(sealerOf({ keyRing: sameId }).open(text, [])).toBeUndefined();
  });

  describe('refuses', () => {
    const text = sealerOf().seal('value', ['one', 'two'], inTenMinutes);

    it.each(purposes)('%s for every other purpose', { tags: ['SC-6'] }, (purpose) => {
      const sealed = sealerOf({ purpose }).seal('value', ['place'], inTenMinutes);
      for (const other of purposes) {
        expect(sealerOf({ purpose: other }).open(sealed, ['place'])).toBe(
          other === purpose ? 'value' : undefined,
        );
      }
    });

    it('another context, and the same text with other field boundaries', () => {
      expect(sealerOf().open(text, ['one', 'two'])).toBe('value');
      for (const place of [[], ['one'], ['two', 'one'], ['onet', 'wo'], ['onetwo'], ['one', 'two', '']]) {
        expect(sealerOf().open(text, place)).toBeUndefined();
      }
    });

    it('every changed bit, including the key id', () => {
      const bytes = Buffer.from(text, 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(sealerOf().open(changed.toString('base64url'), ['one', 'two'])).toBeUndefined();
      }
    });

    it('every other spelling of the same bytes', () => {
      for (const spelling of [
        `${text}=`,
        `${text}\n`,
        ` ${text}`,
        `${text}*`,
        `"${text}"`,
        `${text},${text}`,
      ]) {
        expect(sealerOf().open(spelling, ['one', 'two'])).toBeUndefined();
      }
    });

    it('any invented text', () => {
      fc.assert(
        fc.property(fc.oneof(fc.string(), fc.base64String()), (made) => {
          expect(sealerOf().open(made, [])).toBeUndefined();
        }),
        { numRuns: 1000 },
      );
    });
  });
});
