import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges, readClaimsChallenge } from '../../../src/shared/proxy/claims-challenge.ts';

const claims = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}';
const base64 = Buffer.from(claims).toString('base64');
const plain = (header: string) =>
  parseChallenges(header)?.map(({ scheme, parameters }) => ({ scheme, ...Object.fromEntries(parameters) }));

describe('the challenges of a WWW-Authenticate header (RFC 9110, 11.3)', () => {
  it.each<[string, unknown]>([
    ['Bearer', [{ scheme: 'bearer' }]],
    ['Bearer realm=""', [{ scheme: 'bearer', realm: '' }]],
    ['BEARER Realm="a, b", Error=x', [{ scheme: 'bearer', realm: 'a, b', error: 'x' }]],
    ['Bearer a="x\\"y\\\\z"', [{ scheme: 'bearer', a: 'x"y\\z' }]],
    ['Bearer a = "1" , b= 2', [{ scheme: 'bearer', a: '1', b: '2' }]],
    ['Basic dGVzdA==, Bearer a=1', [{ scheme: 'basic' }, { scheme: 'bearer', a: '1' }]],
    [
      'Bearer a=1, Negotiate, PoP b="2"',
      [{ scheme: 'bearer', a: '1' }, { scheme: 'negotiate' }, { scheme: 'pop', b: '2' }],
    ],
    [', ,Bearer a=1,,b=2,', [{ scheme: 'bearer', a: '1', b: '2' }]],
    ['', []],
  ])('%s', (header, expected) => {
    expect(plain(header)).toEqual(expected);
  });

  it.each([
    'Bearer a="unclosed',
    'Bearer a=1, b=',
    'Bearer a="1"b',
    '=x',
    'Bearer a=1, a=2',
    'Bearer "x"',
    'x'.repeat(20_000),
  ])('refuses %s', (header) => {
    expect(parseChallenges(header)).toBeUndefined();
  });

  it('reads back random values unchanged', () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,8}$/).map((text) => text.toLowerCase());
    const value = fc.string({ unit: fc.constantFrom(...'ab ,="\\{}/+'.split('')), maxLength: 20 });
    const challenge = fc.record({
      scheme: name,
      parameters: fc.uniqueArray(fc.tuple(name, value), {
        selector: ([key]) => key,
        minLength: 1,
        maxLength: 4,
      }),
    });
    fc.assert(
      fc.property(fc.array(challenge, { minLength: 1, maxLength: 3 }), (challenges) => {
        const header = challenges
          .map(({ scheme, parameters }) => {
            const written = parameters.map(([key, text]) => `${key}="${text.replaceAll(/["\\]/g, '\\$&')}"`);
            return `${scheme} ${written.join(', ')}`;
          })
          .join(', ');
        expect(parseChallenges(header)).toEqual(
          challenges.map(({ scheme, parameters }) => ({ scheme, parameters: new Map(parameters) })),
        );
      }),
    );
  });

  it('never throws and never takes long', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (header) => {
        parseChallenges(header);
      }),
    );
  });
});

describe('a claims challenge', () => {
  const challenge = (text: string, more = '') =>
    `Bearer realm="", authorization_uri="https://login.example/a,b", client_id="x"${more}, error="insufficient_claims", claims="${text}"`;

  it.each([
    ['as Graph sends it', challenge(base64)],
    ['without padding', challenge(base64.replace(/=+$/, ''))],
    ['in base64url', challenge(Buffer.from(claims).toString('base64url'))],
    ['after another scheme', `Negotiate, ${challenge(base64)}`],
    ['after a challenge without claims', `Bearer error="invalid_token", ${challenge(base64)}`],
    [
      'with a description that has commas and quotes',
      challenge(base64, ', error_description="a, \\"b\\"=c"'),
    ],
  ])('is decoded %s', { tags: ['PX-15'] }, (_how, header) => {
    expect(readClaimsChallenge(header)).toEqual({ kind: 'claims', claims });
  });

  it('contains only claims of the access token, even if an API adds others', { tags: ['PX-15'] }, () => {
    const { access_token: asked } = JSON.parse(claims);
    const greedy = {
      id_token: { roles: { essential: true }, acrs: { value: 'c1' } },
      access_token: asked,
      userinfo: { email: null },
    };
    const header = challenge(Buffer.from(JSON.stringify(greedy)).toString('base64'));
    expect(readClaimsChallenge(header)).toEqual({ kind: 'claims', claims });
  });

  it.each([
    ['no header', undefined],
    ['another error', challenge(base64).replace('insufficient_claims', 'invalid_token')],
    ['another scheme', challenge(base64).replace('Bearer', 'PoP')],
    ['an object without access_token', challenge(Buffer.from('{}').toString('base64'))],
    [
      'an access_token that is an array',
      challenge(Buffer.from('{"access_token":["nbf"]}').toString('base64')),
    ],
    ['an access_token that is null', challenge(Buffer.from('{"access_token":null}').toString('base64'))],
  ])('is not recognized: %s', (_what, header) => {
    expect(readClaimsChallenge(header)).toBeUndefined();
  });
});

describe('the claims of a challenge', { tags: ['PX-15'] }, () => {
  const challenge = (text: string) => `Bearer error="insufficient_claims", claims="${text}"`;
  const encoded = (text: string) => challenge(Buffer.from(text).toString('base64'));

  it.each([
    ['invalid base64', challenge('%%%')],
    ['no base64 at all', challenge('')],
    ['invalid JSON', encoded('x')],
    ['a list', encoded('["access_token"]')],
    ['a header that is cut', encoded(claims).slice(0, -1)],
    ['12 KB', encoded(JSON.stringify({ access_token: { nbf: { value: '1' } }, more: 'x'.repeat(9_000) }))],
  ])('are reported as unreadable, and not ignored: %s', (_what, header) => {
    expect(readClaimsChallenge(header)).toEqual({ kind: 'unreadable' });
  });

  it('count if another challenge of the header can be read', () => {
    expect(readClaimsChallenge(`${challenge('%%%')}, ${encoded(claims)}`)).toEqual({
      kind: 'claims',
      claims,
    });
  });
});

describe('a claims challenge for other tokens', { tags: ['PX-15'] }, () => {
  const read = (asked: object) =>
    readClaimsChallenge(
      `Bearer error="insufficient_claims", claims="${Buffer.from(JSON.stringify(asked)).toString('base64')}"`,
    );

  it('is removed, for example roles of the ID token', () => {
    const accessToken = { acrs: { essential: true, value: 'c1' } };
    const asked = {
      id_token: { roles: { essential: true, values: ['Admin'] } },
      userinfo: { email: null },
      access_token: accessToken,
      extra: 1,
    };
    expect(read(asked)).toEqual({
      kind: 'claims',
      claims: JSON.stringify({ access_token: accessToken }),
    });
  });

  it.each([
    [{ id_token: { roles: null } }],
    [{ access_token: null }],
    [{ access_token: 'x' }],
    [{ access_token: [] }],
  ])('is not recognized without claims of the access token: %j', (asked) => {
    expect(read(asked)).toBeUndefined();
  });
});
