import { describe, expect, it } from 'vitest';
import { entraErrorGroups } from '../../../src/shared/entra/error-table.ts';
import { interpretTokenError } from '../../../src/shared/entra/errors.ts';
import { interactionReasons } from '../../../src/shared/errors.ts';

const ask = (reason: string) => ({ kind: 'interaction-required', reason });
const registration = (fault: string) => ({ kind: 'registration-invalid', fault });
const credential = (fault: string) => ({ kind: 'own-credential-refused', fault });
const transient = { kind: 'transient' };

describe('the table of AADSTS numbers', () => {
  const rows = entraErrorGroups.flatMap(({ errors }) => errors);

  it('has each number once, with what happened', () => {
    const numbers = rows.map(([number]) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const [, whatHappened] of rows) expect(whatHappened).toMatch(/^[A-Z].*\.$/);
  });

  it('names a page of Microsoft or a thread of maintainers where the number is not in the list', () => {
    for (const [number, , source] of rows) {
      if (source === undefined) continue;
      expect(source, String(number)).toMatch(/^https:\/\/(?:learn\.microsoft\.com|github\.com\/AzureAD)\//);
    }
  });
});

describe('the interpretation of a token error', () => {
  it.each([
    [50072, ask('two_factor_required')],
    [50074, ask('two_factor_required')],
    [50076, ask('two_factor_required')],
    [50078, ask('two_factor_required')],
    [50079, ask('two_factor_required')],
    [50055, ask('password_expired')],
    [50135, ask('password_expired')],
    [50144, ask('password_expired')],
    [50034, ask('account_disabled')],
    [50057, ask('account_disabled')],
    [50097, ask('device_not_compliant')],
    [53000, ask('device_not_compliant')],
    [53001, ask('device_not_compliant')],
    [530003, ask('device_not_compliant')],
    [53002, ask('blocked_by_policy')],
    [53003, ask('blocked_by_policy')],
    [50131, ask('blocked_by_policy')],
    [530032, ask('blocked_by_policy')],
    [50105, ask('not_assigned')],
    [50158, ask('claims_challenge')],
    [65001, ask('consent_required')],
    [65004, ask('consent_required')],
    [90008, ask('admin_consent_required')],
    [90093, ask('admin_consent_required')],
    [90094, ask('admin_consent_required')],
    [90095, ask('admin_consent_required')],
    [70008, ask('refresh_token_expired')],
    [700081, ask('refresh_token_expired')],
    [700082, ask('refresh_token_expired')],
    [700084, ask('refresh_token_expired')],
    [70043, ask('refresh_token_expired')],
    [70044, ask('refresh_token_expired')],
    [50132, ask('refresh_token_revoked')],
    [50133, ask('refresh_token_revoked')],
    [50173, ask('refresh_token_revoked')],
    [70000, ask('refresh_token_revoked')],
    [50058, ask('sign_in_required')],
    [54005, ask('sign_in_required')],
    [500011, registration('api')],
    [500014, registration('api')],
    [65005, registration('api')],
    [650057, registration('api')],
    [650053, registration('permission')],
    [70011, registration('permission')],
    [50011, registration('redirect-uri')],
    [90015, registration('request')],
    [900144, registration('request')],
    [9002313, registration('request')],
    [90002, registration('tenant')],
    [700016, credential('app')],
    [7000215, credential('credential')],
    [700027, credential('credential')],
    [7000222, credential('credential-expired')],
    [50196, { kind: 'throttled', by: 'user' }],
    [90055, { kind: 'throttled', by: 'app' }],
    [90033, transient],
    [90036, transient],
  ])('depends on a known number only: AADSTS%i', (number, meaning) => {
    // The OAuth error code does not matter.
    for (const error of ['invalid_grant', 'invalid_client', 'server_error', 'never_seen']) {
      expect(interpretTokenError({ error, numbers: [number] })).toEqual({
        ...meaning,
        entraErrorCode: number,
      });
    }
  });

  it.each([
    ['consent_required', ask('consent_required')],
    ['basic_action', ask('claims_challenge')],
    ['additional_action', ask('claims_challenge')],
    ['bad_token', ask('refresh_token_revoked')],
    ['user_password_expired', ask('password_expired')],
  ])('uses the suberror if the number is unknown: %s', (suberror, meaning) => {
    expect(interpretTokenError({ error: 'invalid_grant', numbers: [99999], suberror })).toEqual({
      ...meaning,
      entraErrorCode: 99999,
    });
  });

  it.each([
    ['consent_required', ask('consent_required')],
    ['interaction_required', ask('sign_in_required')],
    ['login_required', ask('sign_in_required')],
    ['invalid_grant', ask('sign_in_required')],
    ['invalid_resource', registration('api')],
    ['invalid_scope', registration('permission')],
    ['invalid_request', registration('request')],
    ['unsupported_grant_type', registration('request')],
    ['invalid_client', credential('credential')],
    ['unauthorized_client', credential('app')],
    ['temporarily_unavailable', transient],
    ['server_error', transient],
  ])('uses the error if number and suberror are unknown: %s', (error, meaning) => {
    expect(interpretTokenError({ error, numbers: [] })).toEqual(meaning);
    expect(interpretTokenError({ error, numbers: [1], suberror: 'never_seen' })).toMatchObject(meaning);
  });

  it('prefers a known number to a claims challenge, and that to suberror and error', () => {
    const claims = '{"access_token":{}}';
    expect(
      interpretTokenError({ error: 'invalid_grant', numbers: [], suberror: 'bad_token', claims }),
    ).toEqual(ask('claims_challenge'));
    expect(interpretTokenError({ error: 'interaction_required', numbers: [50076], claims })).toMatchObject(
      ask('two_factor_required'),
    );
  });

  it('uses the first known number of several', () => {
    expect(interpretTokenError({ error: 'invalid_grant', numbers: [99999, 700082, 50076] })).toEqual({
      ...ask('refresh_token_expired'),
      entraErrorCode: 700082,
    });
  });

  it('treats an unknown error as temporary', () => {
    for (const error of ['never_seen', '', '__proto__', 'constructor', 'INVALID_GRANT']) {
      expect(interpretTokenError({ error, numbers: [99999] })).toMatchObject(transient);
    }
  });

  it('never asks the user because of an outage or a fault of this service', { tags: ['E3'] }, () => {
    const ours = [7000215, 7000222, 700016, 700027, 500011, 500014, 650053, 70011, 90015, 50196, 90033];
    for (const number of ours) {
      expect(interpretTokenError({ error: 'invalid_grant', numbers: [number] }).kind).not.toBe(
        'interaction-required',
      );
    }
  });

  it('reaches every reason that Entra ID can have', () => {
    const notOfEntra = [
      'continuous_access_evaluation',
      'recent_sign_in_required',
      'stronger_sign_in_required',
    ];
    const reached = entraErrorGroups.flatMap(({ meaning }) =>
      meaning.kind === 'interaction-required' ? [meaning.reason] : [],
    );
    expect([...new Set(reached)].toSorted()).toEqual(
      interactionReasons.filter((reason) => !notOfEntra.includes(reason)).toSorted(),
    );
  });
});
