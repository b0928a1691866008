import { describe, expect, it } from 'vitest';
import { createKeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { secureRandomBytes } from '../../../src/shared/crypto/seal.ts';
import { createTextSealer } from '../../../src/shared/crypto/sealed-text.ts';
import { createSessionCookieCodec } from '../../../src/shared/session/cookie.ts';
import type { SessionLocator } from '../../../src/shared/session/locator.ts';

const start = new Date('2026-08-01T12:00:00Z');
const expiresAt = new Date('2026-08-02T00:00:00Z');
const indexKey = Buffer.alloc(32, 99);
const locator: SessionLocator = {
  userHash: secureRandomBytes(32),
  rowId: secureRandomBytes(32),
  secret: secureRandomBytes(32),
  expiresAt,
};
const codec = createSessionCookieCodec(indexKey);
const cookie = codec.write(locator);

describe('the session cookie', () => {
  it('contains the locator of its row and the secret that opens it', () => {
    expect(codec.read(cookie)).toEqual(locator);
  });

  it('is read into memory of its own, so that a cached session pins no block of the buffer pool', () => {
    const read = codec.read(cookie);
    for (const part of [read?.userHash, read?.rowId, read?.secret]) expect(part?.buffer.byteLength).toBe(32);
  });

  it('is short, and safe as a cookie value without encoding', { tags: ['SC-1'] }, () => {
    expect(cookie).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(`__Host-session=${cookie}`.length).toBeLessThan(512);
  });

  describe('refuses', { tags: ['SC-5'] }, () => {
    it('every changed bit', () => {
      const bytes = Buffer.from(cookie, 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (128 >> (bit & 7)), bit >> 3);
        expect(codec.read(changed.toString('base64url'))).toBeUndefined();
      }
    });

    it('every shorter value and a longer one', () => {
      for (let length = 0; length < cookie.length; length++) {
        expect(codec.read(cookie.slice(0, length))).toBeUndefined();
      }
      for (const more of ['A', 'AAAA', cookie]) expect(codec.read(cookie + more)).toBeUndefined();
    });

    it('every other spelling of the same bytes', () => {
      const base64 = Buffer.from(cookie, 'base64url').toString('base64');
      const spellings = [
        base64,
        `${base64}=`,
        Buffer.from(cookie, 'base64url').toString('hex'),
        encodeURIComponent(`${cookie} `),
        `"${cookie}"`,
        ` ${cookie}`,
        `${cookie} `,
        `${cookie}\t`,
        `${cookie}=`,
        `${cookie},${cookie}`,
        `${cookie.slice(0, 40)} ${cookie.slice(40)}`,
        `${cookie.slice(0, 40)}*${cookie.slice(40)}`,
        `%${cookie.charCodeAt(0).toString(16)}${cookie.slice(1)}`,
        cookie.toUpperCase(),
      ];
      for (const spelling of spellings) {
        if (spelling !== cookie) expect(codec.read(spelling), spelling).toBeUndefined();
      }
    });

    it('10,000 invented values of every length and alphabet', () => {
      // With the right version and deadline, as close as an attacker gets without the key.
      const head = Buffer.from(cookie, 'base64url').subarray(0, 7);
      const shapes = [
        () => secureRandomBytes(135).toString('base64url'),
        () => Buffer.concat([head, secureRandomBytes(128)]).toString('base64url'),
        () => secureRandomBytes(secureRandomBytes(1).readUInt8(0)).toString('base64url'),
        () => secureRandomBytes(secureRandomBytes(1).readUInt8(0)).toString('latin1'),
      ];
      for (const shape of shapes) {
        for (let count = 0; count < 2500; count++) expect(codec.read(shape())).toBeUndefined();
      }
      for (const value of ['', '%', '%E0%A4%A', '%00', 'null', 'undefined', '{}', '[]', '__proto__', '\0']) {
        expect(codec.read(value)).toBeUndefined();
      }
    });

    it('a value of another key', () => {
      const forged = createSessionCookieCodec(Buffer.alloc(32, 9)).write(locator);
      expect(codec.read(forged)).toBeUndefined();
    });

    it('a value that the same keys sealed for another purpose', { tags: ['SC-6'] }, () => {
      const keyRing = createKeyRing([{ id: 1, bytes: indexKey }]);
      for (const purpose of [
        'login-transaction',
        'interaction-ticket',
        'form-token',
        'logout-pending',
      ] as const) {
        const sealer = createTextSealer({ keyRing, purpose, now: () => start, random: secureRandomBytes });
        for (const size of [1, 60, 73, 200]) {
          expect(codec.read(sealer.seal('x'.repeat(size), [], expiresAt))).toBeUndefined();
        }
        expect(sealer.open(cookie, [])).toBeUndefined();
      }
    });
  });
});
