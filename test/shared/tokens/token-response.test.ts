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

describe('a token response', () => {
  it.each<[string, object]>([
    ['unchanged', {}],
    ['with times as strings', { expires_in: '3599', ext_expires_in: '0' }],
    ['with padded client_info', { client_info: Buffer.from('{"uid":"a","utid":"b"}').toString('base64') }],
    [
      'without optional members',
      {
        scope: undefined,
        refresh_token: undefined,
        client_info: undefined,
        expires_in: undefined,
        ext_expires_in: undefined,
      },
    ],
  ])('is valid: %s', (_circumstance, change) => {
    expect(isTokenResponse({ ...honest, ...change })).toBe(true);
  });

  it('is invalid if the access token has a character that RFC 6750 does not allow', () => {
    const allowed = /[A-Za-z0-9\-._~+/]/;
    for (let code = 0; code < 0x250; code++) {
      const character = String.fromCodePoint(code);
      const answer = { ...honest, access_token: `eyJ.${character}.x` };
      expect(isTokenResponse(answer), `U+${code.toString(16)}`).toBe(allowed.test(character));
    }
  });

  it('is invalid if the refresh token has a character that RFC 6749 does not allow', () => {
    for (const code of [0, 9, 10, 13, 0x1f, 0x7f, 0x80, 0x141, 0x2028]) {
      const answer = { ...honest, refresh_token: `1.A${String.fromCodePoint(code)}` };
      expect(isTokenResponse(answer), `U+${code.toString(16)}`).toBe(false);
    }
  });

  it.each<[string, object]>([
    ['no access token', { access_token: undefined }],
    ['an empty access token', { access_token: '' }],
    ['padding only', { access_token: '==' }],
    ['padding within', { access_token: 'a=b' }],
    ['another type', { token_type: 'mac' }],
    ['no type', { token_type: undefined }],
    ['an empty refresh token', { refresh_token: '' }],
    ['a scope that is a list', { scope: ['User.Read'] }],
    ['a time that is not a number', { expires_in: 'NaN' }],
    ['a negative time', { expires_in: -1 }],
    ['an endless time', { expires_in: Number.POSITIVE_INFINITY }],
    ['a fraction', { refresh_in: 1.5 }],
    ['a time that is null', { ext_expires_in: null }],
    ['client_info that is an object', { client_info: { uid: 'a', utid: 'b' } }],
    ['client_info that is not JSON', { client_info: 'eyJ' }],
    ['client_info that is a list', { client_info: clientInfo(['a', 'b']) }],
    ['client_info that is null', { client_info: clientInfo(null) }],
    ['an account without a tenant', { client_info: clientInfo({ uid: 'a' }) }],
    ['an account with a line break', { client_info: clientInfo({ uid: 'a\n', utid: 'b' }) }],
    ['an account with an at sign', { client_info: clientInfo({ uid: 'a@c', utid: 'b' }) }],
    ['an account of numbers', { client_info: clientInfo({ uid: 1, utid: 2 }) }],
  ])('is invalid with %s', (_circumstance, change) => {
    expect(isTokenResponse({ ...honest, ...change })).toBe(false);
  });
});
