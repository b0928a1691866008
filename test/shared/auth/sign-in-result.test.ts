import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAuthorizationError } from '../../../src/shared/auth/sign-in-result.ts';

const outcomes = [
  'consent_declined',
  'login_canceled',
  'admin_consent_required',
  'login_required',
  'sign_in_service_unavailable',
  'sign_in_refused',
  'registration_invalid',
];

describe('readAuthorizationError', () => {
  it.each([
    // RFC 6749, 4.1.2.1
    ['access_denied', 'consent_declined'],
    ['invalid_request', 'registration_invalid'],
    ['unauthorized_client', 'registration_invalid'],
    ['unsupported_response_type', 'registration_invalid'],
    ['invalid_scope', 'registration_invalid'],
    ['server_error', 'sign_in_service_unavailable'],
    ['temporarily_unavailable', 'sign_in_service_unavailable'],
    // OpenID Connect Core 1.0, 3.1.2.6
    ['login_required', 'login_required'],
    ['interaction_required', 'login_required'],
    ['consent_required', 'login_required'],
    ['account_selection_required', 'login_required'],
    ['invalid_request_uri', 'sign_in_refused'],
    ['request_not_supported', 'sign_in_refused'],
    // Entra ID
    ['invalid_client', 'registration_invalid'],
    ['invalid_resource', 'registration_invalid'],
    ['', 'sign_in_refused'],
    ['__proto__', 'sign_in_refused'],
  ])('reads %s as %s', { tags: ['CB-5'] }, (error, outcome) => {
    expect(readAuthorizationError(error, undefined, undefined)).toMatchObject({ outcome, reason: outcome });
  });

  it.each([
    ['access_denied', 'AADSTS65004: User declined to consent.', undefined, 'consent_declined'],
    ['access_denied', 'AADSTS65004: User declined to consent.', 'cancel', 'consent_declined'],
    ['consent_required', 'AADSTS90008: The app has no consent.', undefined, 'admin_consent_required'],
    ['access_denied', 'AADSTS90093: You may not grant this.', undefined, 'admin_consent_required'],
    ['access_denied', 'AADSTS90094: An administrator must consent.', undefined, 'admin_consent_required'],
    ['access_denied', 'AADSTS90095: Ask for approval.', undefined, 'admin_consent_required'],
    ['access_denied', 'AADSTS90095: Ask for approval.', 'cancel', 'admin_consent_required'],
    ['access_denied', 'AADSTS50020: Not in this tenant.', undefined, 'sign_in_refused'],
    ['access_denied', 'AADSTS50105: Not assigned to a role.', undefined, 'sign_in_refused'],
    ['access_denied', 'AADSTS53003: Blocked by Conditional Access.', undefined, 'sign_in_refused'],
    ['invalid_client', 'AADSTS650053: No such scope.', undefined, 'registration_invalid'],
    ['invalid_resource', 'AADSTS500011: No such API.', undefined, 'registration_invalid'],
    ['invalid_request', 'AADSTS90015: The query is too long.', undefined, 'registration_invalid'],
    ['unauthorized_client', 'AADSTS700016: No such app.', undefined, 'registration_invalid'],
    ['invalid_request', 'AADSTS50034: No such account.', undefined, 'sign_in_refused'],
    ['server_error', 'AADSTS90033: Try again.', undefined, 'sign_in_service_unavailable'],
    ['access_denied', undefined, 'cancel', 'login_canceled'],
    ['access_denied', 'The user went back.', 'cancel', 'login_canceled'],
    ['login_required', 'AADSTS50058: No user is signed in.', undefined, 'login_required'],
    ['interaction_required', 'AADSTS65001: No consent.', undefined, 'login_required'],
    ['interaction_required', 'AADSTS16000: Several accounts.', undefined, 'login_required'],
    ['interaction_required', 'AADSTS50076: Multifactor authentication.', undefined, 'login_required'],
  ])(
    'reads %s with "%s" and subcode %s as %s',
    { tags: ['CB-5'] },
    (error, description, subcode, outcome) => {
      expect(readAuthorizationError(error, description, subcode).outcome).toBe(outcome);
    },
  );

  it.each([
    ['access_denied', 'AADSTS53003: Blocked.', 'blocked_by_policy', 53003],
    ['access_denied', 'AADSTS50105: Not assigned.', 'not_assigned', 50105],
    ['invalid_grant', 'AADSTS50057: Disabled.', 'account_disabled', 50057],
    ['access_denied', 'AADSTS53000: Not compliant.', 'device_not_compliant', 53000],
  ])('reads the reason and the number from %s with "%s"', (error, description, reason, number) => {
    expect(readAuthorizationError(error, description, undefined)).toMatchObject({
      outcome: 'sign_in_refused',
      interactionReason: reason,
      entraErrorCode: number,
    });
  });

  it('returns a listed outcome and a reason without text of the request, for any input', {
    tags: ['CB-5'],
  }, () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'AADSTS50058 <script>',
        'AADSTS65004\r\nset-cookie: a=b',
        '\u001b[31mAADSTS1',
        'cancel',
      ),
    );
    fc.assert(
      fc.property(
        text,
        fc.option(text, { nil: undefined }),
        fc.option(text, { nil: undefined }),
        (...response) => {
          const { outcome, reason } = readAuthorizationError(...response);
          expect(outcomes).toContain(outcome);
          expect(reason).toMatch(/^(?:AADSTS\d{4,8}|[a-z_]+)$/);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
