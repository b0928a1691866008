import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUpstreamPath } from '../../../src/shared/policy/path.ts';

/** The path as the host's router passes it: decoded once, without its first slash. */
const routeParameterOf = (raw: string) => {
  try {
    return decodeURIComponent(raw.slice(1));
  } catch {
    return raw.slice(1);
  }
};

const read = (raw: string, routeParameter = routeParameterOf(raw)) => readUpstreamPath(raw, routeParameter);

/** The segments put together again. */
function rawOf(raw: string): string | undefined {
  const reading = read(raw);
  return reading.kind === 'path'
    ? reading.path.segments.map((segment) => `/${segment.raw}`).join('')
    : undefined;
}

describe('readUpstreamPath', () => {
  it.each([
    '/v1.0/me',
    '/v1.0/me/photo/$value',
    '/v1.0/me/messages/AAMkAGI2-_Q=',
    "/v1.0/users('alice')",
    '/v1.0/users/alice@contoso.example',
    '/v1.0/me/drive/root:/Caf%C3%A9%20menu.txt:/content',
    '/v1.0/...',
    '/v1.0/.me',
    '/v1.0/100%25',
    '/v1.0/%25',
    '/v1.0/a%23b%3Fc',
  ])('accepts %s unchanged', (raw) => {
    expect(read(raw)).toMatchObject({ kind: 'path' });
    expect(rawOf(raw)).toBe(raw);
  });

  it('returns the segments decoded once', () => {
    expect(read('/v1.0/Caf%C3%A9%20menu')).toMatchObject({
      path: { segments: [{ text: 'v1.0' }, { raw: 'Caf%C3%A9%20menu', text: 'Café menu' }] },
    });
  });
});

describe('refuses', () => {
  const dots = ['.', '..', '%2e', '%2E', '%2e%2e', '%2E%2e', '.%2e', '%2e.'];
  const doublyEncoded = [
    '%252e',
    '%252e%252e',
    '%25252e%25252e',
    '%252f',
    '%255c',
    '%2500',
    '%2525',
    '%2%35',
    '%25u002e',
  ];
  const separators = ['a%2fb', 'a%2Fb', 'a%5cb', 'a%5Cb', 'a\\b', '..%2f..', '..%5c..', '%2e%2e%2f'];
  const controls = [
    '%00',
    'a%00',
    '%0d%0a',
    '%0A',
    '%09',
    '%7f',
    '%C2%80',
    '%C2%9F',
    '\u0000',
    'a\r\nb',
    'a\tb',
  ];
  const notUtf8 = [
    '%',
    '%4',
    '%zz',
    '%ff',
    '%fe',
    '%c0%ae',
    '%c0%ae%c0%ae',
    '%c1%9c',
    '%e0%80%af',
    '%ed%a0%80',
    '%f5%80%80%80',
  ];
  const notPath = [
    'a b',
    'a"b',
    '<x>',
    'a?b',
    'a#b',
    '[x]',
    'a^b',
    '`x`',
    '{id}',
    'a|b',
    'é',
    '．．',
    '\uff0e\uff0e',
    '%u002e',
  ];

  const cases = [dots, doublyEncoded, separators, controls, notUtf8, notPath].flat();
  it.each(cases)('the segment %j, first, in the middle and last', { tags: ['PX-3'] }, (segment) => {
    for (const raw of [
      `/${segment}/me`,
      `/v1.0/${segment}/me`,
      `/v1.0/me/${segment}`,
      `/v1.0/me/${segment}/`,
    ]) {
      expect(read(raw), raw).toMatchObject({ kind: 'refused' });
      expect(read(raw, 'v1.0/me'), raw).toMatchObject({ kind: 'refused' });
    }
  });

  it.each(['', '/', '//', '//v1.0/me', '/v1.0//me', '/v1.0/me/', '/v1.0/me//', 'v1.0/me', '?x', '*'])(
    'the path %j, which has an empty segment or no first slash',
    { tags: ['PX-3'] },
    (raw) => {
      expect(read(raw).kind).toBe('refused');
    },
  );

  it.each([
    ['//evil.test/v1.0/me'],
    ['http://evil.test/v1.0/me'],
    ['/http://evil.test/v1.0/me'],
    ['\\\\evil.test\\v1.0'],
    ['/\\evil.test/v1.0/me'],
    ['@evil.test/v1.0/me'],
    ['/v1.0/me?x=//evil.test'],
  ])('an address instead of a path: %s', { tags: ['PX-2', 'PX-3'] }, (raw) => {
    expect(read(raw).kind).toBe('refused');
  });

  it('a path that router and URL parser read differently', { tags: ['PX-3'] }, () => {
    expect(read('/v1.0/me', 'v1.0/users/../me').kind).toBe('refused');
    expect(read('/v1.0/me', 'v1.0/ME').kind).toBe('refused');
    expect(read('/v1.0/me', '').kind).toBe('refused');
    expect(read('/v1.0/me', 'v1.0/me/').kind).toBe('refused');
    expect(read('/v1.0/me', 'x/%2e%2e/v1.0/me').kind).toBe('refused');
  });

  it.each([
    ['[', '"[", which a URL encodes as %5B'],
    ['^', '"^", which a URL encodes as %5E'],
    [' ', 'U+0020, which a URL encodes as %20'],
    ['é', 'U+00E9, which a URL encodes as %C3%A9'],
    ['\u{1f34e}', 'U+1F34E, which a URL encodes as %F0%9F%8D%8E'],
    ['%', '"%", which a URL encodes as %25'],
    ['\ud800', 'U+D800, which is half of a character'],
    ['%2f', 'an encoded slash or backslash'],
    ['%2541', 'an encoded "%" before two hexadecimal digits'],
  ])('%j, and names the character and its encoding', { tags: ['PX-3'] }, (text, reason) => {
    expect(read(`/v1.0/x${text}`)).toEqual({ kind: 'refused', reason: `the path has ${reason}` });
  });

  it('a path over 2048 bytes, quickly', () => {
    expect(read(`/v1.0/${'a'.repeat(2048)}`).kind).toBe('refused');
    const durationsMs = [1, 2, 3].map(() => {
      const startedMs = performance.now();
      expect(read(`/v1.0/${'%2e'.repeat(50_000)}`).kind).toBe('refused');
      return performance.now() - startedMs;
    });
    // The fastest of three, because another process may have used the processor.
    expect(Math.min(...durationsMs)).toBeLessThan(50);
  });
});

const decodeAgain = (text: string) => text.replaceAll(/(?:%[0-9a-f]{2})+/gi, decodeURIComponent);

const piece = fc.constantFrom(
  ...[
    'v1.0',
    'me',
    'messages',
    'photo',
    '$value',
    'a',
    'é',
    '%C3%A9',
    ' ',
    '%20',
    '/',
    '//',
    '\\',
    '.',
    '..',
    '%2e',
    '%2E',
  ],
  ...[
    '%252e',
    '%2f',
    '%252f',
    '%5c',
    '%25',
    '%',
    '%00',
    '%0a',
    '%ff',
    '%c0%ae',
    ';',
    ':',
    '@',
    '?',
    '#',
    '(',
    "'",
    '~',
    '\u202e',
  ],
);
const hostilePath = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`),
  fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('/')}`),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `/${text}`),
);

describe('every accepted path', () => {
  const eachTaken = (check: (raw: string, segments: readonly string[]) => void) =>
    fc.assert(
      fc.property(hostilePath, (raw) => {
        const reading = read(raw);
        if (reading.kind === 'path')
          check(
            raw,
            reading.path.segments.map(({ text }) => text),
          );
      }),
      { numRuns: 3000 },
    );

  it('is unchanged, byte for byte', { tags: ['PX-3'] }, () => {
    fc.assert(
      fc.property(hostilePath, (raw) => {
        const reading = read(raw);
        return reading.kind === 'refused' || rawOf(raw) === raw;
      }),
      { numRuns: 3000 },
    );
  });

  it('means the same after zero, one or two more decodes, and to a URL parser', { tags: ['PX-3'] }, () => {
    eachTaken((raw, segments) => {
      const once = decodeURIComponent(raw);
      expect(decodeAgain(once)).toBe(once);
      expect(once.slice(1).split('/')).toEqual(segments);
      for (const text of [once, decodeAgain(once)]) {
        const url = new URL(
          `https://graph.microsoft.com${encodeURI(text).replace(/[?#]/g, encodeURIComponent)}`,
        );
        expect(url.host).toBe('graph.microsoft.com');
        expect(url.pathname.split('/')).toHaveLength(segments.length + 1);
      }
      expect(new URL(`https://graph.microsoft.com${raw}`).pathname).toBe(raw);
    });
  });

  it('has no segment that is empty, a dot segment, or contains a slash or unprintable character', {
    tags: ['PX-3'],
  }, () => {
    eachTaken((_raw, segments) => {
      for (const segment of segments) expect(segment).toMatch(/^(?!\.{1,2}$)[^/\\\p{Cc}]+$/u);
    });
  });
});
