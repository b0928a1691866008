import { describe, expect, it } from 'vitest';
import { isSameWish, type TokenWish } from '../../../src/shared/tokens/token-request.ts';

const plain: TokenWish = { scopes: ['User.Read', 'Mail.Read'] };
const challenged: TokenWish = { ...plain, challenge: { claims: '{"a":1}', refusedToken: 'token' } };
const identity: TokenWish = { ...plain, identityNotBefore: new Date('2026-08-01T12:00:00Z') };

describe('two wishes', () => {
  it.each<[string, TokenWish, TokenWish]>([
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
    expect([isSameWish(left, right), isSameWish(right, left)]).toEqual([true, true]);
  });

  it.each<[string, TokenWish, TokenWish]>([
    ['fewer scopes', plain, { scopes: ['User.Read'] }],
    ['other scopes', plain, { scopes: ['User.Read', 'Files.Read'] }],
    ['claims', plain, challenged],
    // A token that cannot be had says nothing about who the person is, and the other way round (RG-3).
    ['a renewal of the person’s facts', plain, identity],
  ])('are two for %s', (_what, left, right) => {
    expect([isSameWish(left, right), isSameWish(right, left)]).toEqual([false, false]);
  });
});
