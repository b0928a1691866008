import { describe, expect, it } from 'vitest';
import { isSameRequest, type TokenRequest } from '../../../src/shared/tokens/token-request.ts';

const plain: TokenRequest = { scopes: ['User.Read', 'Mail.Read'] };
const challenged: TokenRequest = { ...plain, challenge: { claims: '{"a":1}', refusedToken: 'token' } };
const identity: TokenRequest = { ...plain, identityNotBefore: new Date('2026-08-01T12:00:00Z') };

describe('two token requests', () => {
  it.each<[string, TokenRequest, TokenRequest]>([
    ['the same scopes in another order', plain, { scopes: ['Mail.Read', 'User.Read'] }],
    [
      'the same claims for another refused token',
      challenged,
      { ...plain, challenge: { claims: '{"a":1}', refusedToken: 'other' } },
    ],
    ['a renewal of the claims, as of any instant', identity, { ...plain, identityNotBefore: new Date(0) }],
  ])('are the same with %s', (_what, left, right) => {
    expect([isSameRequest(left, right), isSameRequest(right, left)]).toEqual([true, true]);
  });

  it.each<[string, TokenRequest, TokenRequest]>([
    ['fewer scopes', plain, { scopes: ['User.Read'] }],
    ['other scopes', plain, { scopes: ['User.Read', 'Files.Read'] }],
    ['claims', plain, challenged],
    // A failure to get an access token does not affect the claims, and the reverse.
    ['a renewal of the claims', plain, identity],
  ])('differ with %s', (_what, left, right) => {
    expect([isSameRequest(left, right), isSameRequest(right, left)]).toEqual([false, false]);
  });
});
