import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseReturnPath } from '../../../src/shared/auth/return-path.ts';

const origin = 'https://app.example';
const parse = (text: string | undefined) =>
  parseReturnPath(text, { origin, proxiedPaths: ['/api/graph', '/api/orders'] });

describe('a return path', () => {
  it.each([
    '/',
    '/mail',
    '/mail/',
    '/mail?folder=inbox&page=2',
    '/mail#message-7',
    '/mail?next=https://other.example/#top',
    "/a/b.c/d-e_f~g/@h:i;j=k,l!$&'()*+",
    '/caf%C3%A9?q=%2F%2Fother.example%5C',
    '/?',
    '/#',
    '/api/admin',
    '/api/authors',
    '/app/api/auth/login',
    '/api/graphs',
    '/api/graph-report',
    '/api/order',
    '/app/api/graph/v1.0/me',
    '/a|b',
  ])('is kept unchanged: %s', { tags: ['RU-1'] }, (text) => {
    expect(parse(text)).toBe(text);
  });

  it('means the same to every parser, and is sent exactly as it was checked', {
    tags: ['RU-2'],
  }, () => {
    fc.assert(
      fc.property(pathLike(), (text) => {
        const path = parse(text);
        if (path === undefined) return;
        expect(path).toBe(text);
        // As a browser resolves `Location`, from any page of the app, and as a script does.
        for (const from of [origin, `${origin}/api/auth/callback?code=x`, `${origin}//deep/er/`]) {
          expect(new URL(path, from).href).toBe(origin + text);
        }
      }),
      { numRuns: 10_000 },
    );
  });

  it('stays on this origin behind a front end that decodes once or twice more', { tags: ['RU-2'] }, () => {
    fc.assert(
      fc.property(pathLike(), (text) => {
        let path: string = parse(text)?.split(/[?#]/)[0] ?? '/';
        for (let pass = 0; pass < 2; pass++) {
          path = decodeURIComponent(path);
          expect(new URL(path, origin).origin).toBe(origin);
          expect(path).toMatch(/^\/(?![/\\])/);
        }
      }),
      { numRuns: 10_000 },
    );
  });

  it('is checked quickly and without an exception for any text', { tags: ['RU-3'] }, () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 600 }), fc.string({ unit: 'grapheme' })),
        (text) => {
          for (const candidate of [text, `/${text}`]) {
            const path = parse(candidate);
            expect(path === undefined || path === candidate).toBe(true);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is checked quickly if it is huge', { tags: ['RU-3'] }, () => {
    const fillings = ['a', '/', '\\', '%2f', '%25', '/..', '?', '#', '\u{1f4a9}'];
    const texts = fillings.map((filling) => `/${filling.repeat(64 * 1024)}`);
    const durationsMs = [1, 2, 3].map(() => {
      const started = performance.now();
      for (const text of texts) expect(parse(text)).toBeUndefined();
      return performance.now() - started;
    });
    // The fastest of three, because another process may have used the processor.
    expect(Math.min(...durationsMs)).toBeLessThan(200);
  });

  describe('refuses', () => {
    it('an absent, empty or too long value', { tags: ['RU-3'] }, () => {
      for (const text of [undefined, '', `/${'a'.repeat(512)}`]) expect(parse(text)).toBeUndefined();
      expect(parse(`/${'a'.repeat(511)}`)).toBeDefined();
    });

    it('every spelling of an address of another origin', { tags: ['RU-1'] }, () => {
      const kept = foreignAddresses().filter((text) => parse(text) !== undefined);
      expect(kept).toEqual([]);
    });

    it('spellings that a browser or another decoding reads as another path', { tags: ['RU-2'] }, () => {
      const kept = ambiguousPaths.filter((text) => parse(text) !== undefined);
      expect(kept).toEqual([]);
    });

    it('the sign-in routes in every spelling, because returning to them would loop', {
      tags: ['RU-1'],
    }, () => {
      const routes = [
        '/api/auth',
        '/api/auth/',
        '/api/auth/login',
        '/API/Auth/login?return_to=/',
        '/api/auth/callback?state=0.x',
        '/api/auth#x',
        '/api/auth?x',
        '/api/%61uth/login',
        '/%41pi/auth/logout',
        '/api/auth%2flogin',
      ];
      expect(routes.filter((text) => parse(text) !== undefined)).toEqual([]);
    });

    it('the paths of the proxied APIs in every spelling, because another site could choose what is called', {
      tags: ['RU-1', 'PX-13'],
    }, () => {
      const paths = [
        '/api/graph',
        '/api/graph/',
        '/api/graph?x',
        '/api/graph#x',
        '/api/graph/v1.0/me/photo/$value',
        '/API/Graph/v1.0/me/photo/$value',
        '/api/%67raph/v1.0/me',
        '/%61%70%69/graph/v1.0/me',
        '/api/graph%2fv1.0/me',
        '/api/graph/v1.0/me?session_tag=x#y',
        '/api/orders/orders/A-1',
        '/api/Orders',
      ];
      expect(paths.filter((text) => parse(text) !== undefined)).toEqual([]);
    });

    it('bytes that are not UTF-8, and lone surrogates', { tags: ['RU-3'] }, () => {
      for (const text of [
        '/%ff',
        '/%c3%28',
        '/%e0%80%af',
        '/%f8%88%80%80%80',
        '/%ed%a0%80',
        '/\ud800',
        '/%',
        '/%zz',
        '/%u2215',
      ])
        expect(parse(text)).toBeUndefined();
    });
  });
});

/** Strings composed of pieces that matter to a parser of paths. */
function pathLike(): fc.Arbitrary<string> {
  const pieces = [
    '/',
    '\\',
    '.',
    '..',
    ':',
    '@',
    '%',
    '%2f',
    '%5C',
    '%2e',
    '%25',
    '%09',
    '%0a',
    '%00',
    '\t',
    '\n',
    '\r',
  ];
  const words = [
    'a',
    '?',
    '#',
    ';',
    '&',
    '=',
    ' ',
    'http:',
    'javascript:',
    'other.example',
    '\u00e9',
    '\u2028',
    '\u3002',
  ];
  const piece = fc.constantFrom(...pieces, ...words);
  return fc
    .array(piece, { maxLength: 8 })
    .chain((parts) => fc.constantFrom(parts.join(''), `/${parts.join('')}`));
}

/** Attempts to leave the origin: prefixes × hosts × suffixes, and schemes. All are refused, whether or not browsers follow them. */
function foreignAddresses(): string[] {
  const slashes = [
    '/',
    '\\',
    '%2f',
    '%2F',
    '%5c',
    '%5C',
    '%252f',
    '%255c',
    '\u2215',
    '\u2044',
    '\uff0f',
    '\uff3c',
  ];
  const blanks = [
    '',
    ' ',
    '\t',
    '\n',
    '\r\n',
    '\v',
    '\f',
    '\0',
    '\u00a0',
    '\u2000',
    '\u200b',
    '\u2028',
    '\ufeff',
    '%09',
    '%0a',
    '%0d%0a',
    '%00',
    '%20/',
  ];
  const hosts = [
    'other.example',
    'other.example:443',
    'app.example@other.example',
    'app.example:x@other.example',
    '[::1]',
    '2130706433',
    '0x7f.1',
    'other\u3002example',
  ];
  const openings = slashes.flatMap((one) =>
    slashes.flatMap((other) =>
      blanks
        .filter((blank) => `${blank}${one}${other}`.length > 0)
        .flatMap((blank) => [`${blank}${one}${other}`, `${one}${blank}${other}`, `${one}${other}${blank}`]),
    ),
  );
  const throughDots = ['.', '..', '%2e', '%2e%2e', '.%2e', '%2E.', './.', 'a/..', 'a/../.'].flatMap((dots) =>
    ['//', '/\\', '\\/', '/%2f', '/%5c', '/\t/'].map((end) => `/${dots}${end}`),
  );
  const schemes = [
    'http:',
    'https:',
    'HTTPS:',
    'ftp:',
    'ws:',
    'javascript:',
    'data:text/html,',
    'vbscript:',
    'file:',
    'blob:',
    'about:',
    'mailto:',
    'view-source:',
    'java\tscript:',
    '\u0001javascript:',
    ' javascript:',
  ];
  const followUps = ['', '/', '/path', '?a', '#b', '//', '/%2e%2e'];
  return [
    ...openings.flatMap((opening) => hosts.slice(0, 3).map((host) => `${opening}${host}`)),
    ...[...slashes, '//', '///', '////', '\\\\', '/\\/'].flatMap((slash) =>
      hosts.map((host) => `/${slash}${host}`),
    ),
    ...throughDots.flatMap((opening) => hosts.slice(0, 2).map((host) => `${opening}${host}`)),
    ...schemes.flatMap((scheme) =>
      ['', '/', '//', '///', '\\\\'].flatMap((slash) =>
        followUps.map((end) => `${scheme}${slash}other.example${end}`),
      ),
    ),
    ...hosts.flatMap((host) => [
      host,
      `.${host}`,
      `@${host}`,
      `:80@${host}`,
      `;@${host}`,
      `?${host}`,
      `#//${host}`,
    ]),
    // The full address of this origin is refused too, because others can own a domain that begins with it.
    origin,
    `${origin}/mail`,
    `${origin}.other.example/`,
    `${origin}@other.example/`,
    '//app.example/mail',
  ];
}

/** This parser reads them as paths of this origin. Another parser may not. */
const ambiguousPaths = [
  '/.',
  '/..',
  '/./mail',
  '/../mail',
  '/mail/..',
  '/mail/../..//other.example',
  '/%2e',
  '/%2E%2e/mail',
  '/mail/%2e%2e/%2e%2e',
  '/mail//inbox',
  '/mail/%2finbox',
  '/mail\\inbox',
  '/mail?x=\\',
  '/mail#\\',
  '/mail%5cinbox',
  '/mail%252finbox',
  '/mail%00',
  '/mail%0d%0aset-cookie:a=b',
  '/mail%1b[31m',
  '/mail%7f',
  '/mail inbox',
  '/mail\tinbox',
  '/mail\r\nset-cookie: a=b',
  '/mail\u0000',
  '/mail\u007f',
  '/caf\u00e9',
  '/\u202egnp.exe',
  '/mail?q="x"',
  '/mail?<script>',
  '/mail#`x`',
  '/{x}',
  '/mail^',
];
