import { describe, expect, it } from 'vitest';
import { isTokenResponse } from '../../../src/shared/tokens/token-response.ts';

const clientInfo = (account: unknown) => Buffer.from(JSON.stringify(account)).toString('base64url');
const honest = {
  token_type: 'Bearer',
  scope: 'openid User.Read',
  expires_in: 3599,
  ext_expires_in: 3599,
  access_token: 'eyJ0eXAi.eyJhdWQi.c2ln-_~+/==',
  refresh_token: '1.AXoA-_!$&',
  id_token: 'eyJ0eXAi.eyJhdWQi.c2ln',
  client_info: clientInfo({ uid: 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01', utid: 'contoso' }),
};

describe('a token answer', () => {
  it.each<[string, object]>([
    ['as Entra gives it', {}],
    ['whose times are text', { expires_in: '3599', ext_expires_in: '0' }],
    [
      'whose client_info is padded',
      { client_info: Buffer.from('{"uid":"a","utid":"b"}').toString('base64') },
    ],
    [
      'with nothing that may be left out',
      {
        scope: undefined,
        refresh_token: undefined,
        client_info: undefined,
        expires_in: undefined,
        ext_expires_in: undefined,
      },
    ],
  ])('%s is one', (_circumstance, change) => {
    expect(isTokenResponse({ ...honest, ...change })).toBe(true);
  });

  it('whose access token has a character that RFC 6750 does not have is none', () => {
    const allowed = /[A-Za-z0-9\-._~+/]/;
    for (let code = 0; code < 0x250; code++) {
      const character = String.fromCodePoint(code);
      const answer = { ...honest, access_token: `eyJ.${character}.x` };
      expect(isTokenResponse(answer), `U+${code.toString(16)}`).toBe(allowed.test(character));
    }
  });

  it('whose refresh token has a character that RFC 6749 does not have is none', () => {
    for (const code of [0, 9, 10, 13, 0x1f, 0x7f, 0x80, 0x141, 0x2028]) {
      const answer = { ...honest, refresh_token: `1.A${String.fromCodePoint(code)}` };
      expect(isTokenResponse(answer), `U+${code.toString(16)}`).toBe(false);
    }
  });

  it.each<[string, object]>([
    ['no access token', { access_token: undefined }],
    ['an empty access token', { access_token: '' }],
    ['padding alone', { access_token: '==' }],
    ['padding within', { access_token: 'a=b' }],
    ['another type', { token_type: 'mac' }],
    ['no type', { token_type: undefined }],
    ['an empty refresh token', { refresh_token: '' }],
    ['a scope that is a list', { scope: ['User.Read'] }],
    ['a time that is no number', { expires_in: 'NaN' }],
    ['a time before now', { expires_in: -1 }],
    ['an endless time', { expires_in: Number.POSITIVE_INFINITY }],
    ['a fraction', { refresh_in: 1.5 }],
    ['a time that is null', { ext_expires_in: null }],
    ['client_info that is an object', { client_info: { uid: 'a', utid: 'b' } }],
    ['client_info that is no JSON', { client_info: 'eyJ' }],
    ['client_info that is a list', { client_info: clientInfo(['a', 'b']) }],
    ['client_info that is null', { client_info: clientInfo(null) }],
    ['an account without a tenant', { client_info: clientInfo({ uid: 'a' }) }],
    ['an account with a line end', { client_info: clientInfo({ uid: 'a\n', utid: 'b' }) }],
    ['an account with an at sign', { client_info: clientInfo({ uid: 'a@c', utid: 'b' }) }],
    ['a number for an account', { client_info: clientInfo({ uid: 1, utid: 2 }) }],
  ])('with %s is none', (_circumstance, change) => {
    expect(isTokenResponse({ ...honest, ...change })).toBe(false);
  });
});
