import { describe, expect, it } from 'vitest';
import {
  packScopes,
  scopesByResource,
  unpackScopes,
  withScopesOfOtherApis,
} from '../../../src/shared/entra/scopes.ts';

const orders = 'api://5e0b7c1d-2f4a-4d8e-9b63-8c1a5f7e2d10';
const graph = 'https://graph.microsoft.com';

describe('scopes', () => {
  it('are grouped by API, those of Graph first in any spelling', () => {
    const scopes = ['openid', `${orders}/Orders.Read`, `${graph}/Mail.Read`, 'User.Read', 'api://stock/Read'];
    expect(scopesByResource(scopes)).toEqual([
      ['openid', `${graph}/Mail.Read`, 'User.Read'],
      [`${orders}/Orders.Read`],
      ['api://stock/Read'],
    ]);
  });

  it.each([
    [[]],
    [['User.Read', 'Mail.Read']],
    [[`${orders}/Orders.Read`, `${orders}/Orders.Write`]],
    [['User.Read', `${orders}/Orders.Read`, 'api://a/b/Read', 'api://stock/Stock.Read']],
  ])(
    '%j are packed with each address once, and unpacked unchanged',
    { tags: ['LR-6'] },
    (scopes: string[]) => {
      const packed = packScopes(scopes);
      expect(unpackScopes(packed)).toEqual(scopes);
      expect(packed.split(orders).length).toBeLessThanOrEqual(2);
    },
  );

  it('of APIs that a sign-in did not name stay granted, and for the others its answer counts', () => {
    const before = ['User.Read', 'Mail.Read', `${orders}/Orders.Read`];
    expect(withScopesOfOtherApis(['User.Read'], before)).toEqual(['User.Read', `${orders}/Orders.Read`]);
    expect(withScopesOfOtherApis(['User.Read', `${orders}/Orders.Write`], before)).toEqual([
      'User.Read',
      `${orders}/Orders.Write`,
    ]);
  });
});
