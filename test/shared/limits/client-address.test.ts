import { describe, expect, it } from 'vitest';
import { createReadClientAddress } from '../../../src/shared/limits/client-address.ts';
import { cpuMs } from '../../support/cpu-time.ts';

const read = (forwardedFor: string | undefined, hops = 1) =>
  createReadClientAddress(hops)((name) => (name === 'x-forwarded-for' ? forwardedFor : undefined));

describe('the address of a client', () => {
  it('is not read without trusted proxies', { tags: ['DO-6'] }, () => {
    const header = (): string => {
      throw new Error('not to be read');
    };
    expect(createReadClientAddress(0)(header)).toBeUndefined();
  });

  it.each([
    [1, '203.0.113.3'],
    [2, '203.0.113.2'],
    [3, '203.0.113.1'],
    [4, undefined],
  ])('behind %i trusted proxies is that entry from the right: %s', { tags: ['DO-6'] }, (hops, expected) => {
    expect(read('203.0.113.1, 203.0.113.2,203.0.113.3', hops)).toBe(expected);
  });

  it('does not depend on what the client has written before it', { tags: ['DO-6'] }, () => {
    for (const written of ['198.51.100.1', 'unknown', '', '198.51.100.1, 198.51.100.2', '[', ',,,'])
      expect(read(`${written}, 203.0.113.9`)).toBe('203.0.113.9');
  });

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:5123', '203.0.113.7'],
    [' \t203.0.113.7 ', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['[2001:db8:1:2:3:4:5:6]', '2001:db8:1:2::'],
    ['[2001:db8:1:2:3:4:5:6]:443', '2001:db8:1:2::'],
    ['2001:DB8:0001:0002::', '2001:db8:1:2::'],
    ['2001:db8::6', '2001:db8:0:0::'],
    ['::1', '0:0:0:0::'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:5123', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['2001:db8:1:2::203.0.113.7', '2001:db8:1:2::'],
  ])('in %j is %s', { tags: ['DO-6'] }, (entry, expected) => {
    expect(read(`198.51.100.1, ${entry}`)).toBe(expected);
  });

  it.each([
    undefined,
    '',
    ' ',
    '198.51.100.1,',
    'unknown',
    '_hidden',
    'localhost',
    '203.0.113',
    '203.0.113.7.8',
    '203.0.113.256',
    '203.0.113.07',
    '0xcb.0.113.7',
    '3405803783',
    '203.0.113.7:',
    '203.0.113.7:http',
    '203.0.113.7:123456',
    '203.0.113.7/24',
    '203.0.113.7 203.0.113.8',
    '[203.0.113.7]',
    '[2001:db8::1',
    '2001:db8::1]',
    '[2001:db8::1]443',
    '[[2001:db8::1]]',
    'fe80::1%eth0',
    '[fe80::1%25eth0]',
    '2001:db8::1::2',
    '2001:db8:1:2:3:4:5:6:7',
    'for=203.0.113.7',
    '"203.0.113.7"',
    '203.0.113.7\u00a0',
    '２０３.0.113.7',
  ])('is not known from %j', { tags: ['DO-6'] }, (header) => {
    expect(read(header)).toBeUndefined();
  });

  it('is read in linear time', { tags: ['DO-5'] }, () => {
    for (const header of [
      `x${' '.repeat(30_000)}x`,
      `${' '.repeat(30_000)}203.0.113.7${' '.repeat(30_000)}x`,
    ])
      expect(cpuMs(() => expect(read(header)).toBeUndefined())).toBeLessThan(15);
  });
});
