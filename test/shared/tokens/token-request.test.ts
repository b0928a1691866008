import { describe, expect, it } from 'vitest';
import { isSameRequest, type TokenRequest } from '../../../src/shared/tokens/token-request.ts';

const plain: TokenRequest = { scopes: ['User.Read', 'Mail.Read'] };
const challenged: TokenRequest = { ...plain, challenge: { claims: '{"a":1}', refusedToken: 'token' } };
const identity: TokenRequest = { ...plain, identityNotBefore: new Date('2026-08-01T12:00:00Z') };

describe('two wishes', () => {
  it.each<[string, TokenRequest, TokenRequest]>([
    ['the same scopes in another order', plain, { scopes: ['Mail.Read', 'User.Read'] }],
    [
      'the same claims, whatever token was refused',
      challenged,
      { ...plain, challenge: { claims: '{"a":1}', refusedToken: 'other' } },
    ],
    [
      'a renewal of the person’s facts, as of any instant',
      identity,
      { ...plain, identityNotBefore: new Date(0) },
    ],
  ])('are one for %s', (_what, left, right) => {
    expect([isSameRequest(left, right), isSameRequest(right, left)]).toEqual([true, true]);
  });

  it.each<[string, TokenRequest, TokenRequest]>([
    ['fewer scopes', plain, { scopes: ['User.Read'] }],
    ['other scopes', plain, { scopes: ['User.Read', 'Files.Read'] }],
    ['claims', plain, challenged],
    // A token that cannot be had says nothing about who the person is, and the other way round.
    ['a renewal of the person’s facts', plain, identity],
  ])('are two for %s', (_what, left, right) => {
    expect([isSameRequest(left, right), isSameRequest(right, left)]).toEqual([false, false]);
  });
});
