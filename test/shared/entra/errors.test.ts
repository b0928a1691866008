import { describe, expect, it } from 'vitest';
import { interpretTokenError } from '../../../src/shared/entra/errors.ts';

const ask = (reason: string) => ({ kind: 'interaction-required', reason });
const ownCredential = { kind: 'own-credential-refused' };
const transient = { kind: 'transient' };

describe('the interpretation of a token error', () => {
  it.each([
    [50076, ask('two_factor_required')],
    [50079, ask('two_factor_required')],
    [50158, ask('claims_challenge')],
    [53000, ask('claims_challenge')],
    [53001, ask('claims_challenge')],
    [53003, ask('claims_challenge')],
    [65001, ask('consent_required')],
    [65004, ask('consent_required')],
    [90008, ask('admin_consent_required')],
    [90093, ask('admin_consent_required')],
    [90094, ask('admin_consent_required')],
    [90095, ask('admin_consent_required')],
    [70008, ask('refresh_token_expired')],
    [700082, ask('refresh_token_expired')],
    [700084, ask('refresh_token_expired')],
    [70043, ask('refresh_token_expired')],
    [70044, ask('refresh_token_expired')],
    [50173, ask('refresh_token_revoked')],
    [50133, ask('refresh_token_revoked')],
    [70000, ask('refresh_token_revoked')],
    [50055, ask('sign_in_required')],
    [50057, ask('sign_in_required')],
    [50058, ask('sign_in_required')],
    [7000215, ownCredential],
    [7000222, ownCredential],
    [700016, ownCredential],
    [700027, ownCredential],
    [90033, transient],
    [90036, transient],
  ])('depends on a known number only: AADSTS%i', (number, meaning) => {
    // The OAuth error code does not matter.
    for (const error of ['invalid_grant', 'invalid_client', 'server_error', 'never_seen']) {
      expect(interpretTokenError({ error, numbers: [number] })).toEqual(meaning);
    }
  });

  it.each([
    ['consent_required', ask('consent_required')],
    ['basic_action', ask('claims_challenge')],
    ['additional_action', ask('claims_challenge')],
    ['bad_token', ask('refresh_token_revoked')],
    ['user_password_expired', ask('sign_in_required')],
  ])('uses the suberror if the number is unknown: %s', (suberror, meaning) => {
    expect(interpretTokenError({ error: 'invalid_grant', numbers: [99999], suberror })).toEqual(meaning);
  });

  it.each([
    ['consent_required', ask('consent_required')],
    ['interaction_required', ask('sign_in_required')],
    ['login_required', ask('sign_in_required')],
    ['invalid_grant', ask('sign_in_required')],
    ['invalid_client', ownCredential],
    ['unauthorized_client', ownCredential],
    ['temporarily_unavailable', transient],
    ['server_error', transient],
  ])('uses the error if number and suberror are unknown: %s', (error, meaning) => {
    expect(interpretTokenError({ error, numbers: [] })).toEqual(meaning);
    expect(interpretTokenError({ error, numbers: [1], suberror: 'never_seen' })).toEqual(meaning);
  });

  it('prefers a known number to a claims challenge, and that to suberror and error', () => {
    const claims = '{"access_token":{}}';
    expect(
      interpretTokenError({ error: 'invalid_grant', numbers: [], suberror: 'bad_token', claims }),
    ).toEqual(ask('claims_challenge'));
    expect(interpretTokenError({ error: 'interaction_required', numbers: [50076], claims })).toEqual(
      ask('two_factor_required'),
    );
  });

  it('uses the first known number of several', () => {
    expect(interpretTokenError({ error: 'invalid_grant', numbers: [99999, 700082, 50076] })).toEqual(
      ask('refresh_token_expired'),
    );
  });

  it('treats an unknown error as temporary', () => {
    for (const error of ['never_seen', '', '__proto__', 'constructor', 'INVALID_GRANT']) {
      expect(interpretTokenError({ error, numbers: [99999] })).toEqual(transient);
    }
  });

  it('never asks the user because of an outage or a fault of this service', { tags: ['E3'] }, () => {
    const ours = [7000215, 7000222, 700016, 700027, 90033, 90036];
    for (const number of ours) {
      expect(interpretTokenError({ error: 'invalid_grant', numbers: [number] }).kind).not.toBe(
        'interaction-required',
      );
    }
  });
});
