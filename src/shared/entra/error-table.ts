import type { InteractionReason } from '../errors.ts';

/** What this app's registration or settings get wrong. Only an administrator of the app can correct it. */
export const registrationFaults = [
  /** The API is unknown or disabled in the tenant, or is not listed in the app's registration. */
  'api',
  'permission',
  'redirect-uri',
  /** The request has a form that Entra ID does not accept from this app. */
  'request',
  'tenant',
  /** The app is unknown in the tenant, or disabled. */
  'app',
  'credential',
  'credential-expired',
] as const;

export type RegistrationFault = (typeof registrationFaults)[number];

/** How the service treats an error of Entra ID. */
export type EntraErrorMeaning =
  | { readonly kind: 'interaction-required'; readonly reason: InteractionReason }
  /** The registration or the settings of this app are wrong. Trying again does not help. */
  | { readonly kind: 'registration-invalid'; readonly fault: RegistrationFault }
  /** Entra ID rejected the app, or its secret, certificate or assertion. Trying again does not help. */
  | { readonly kind: 'own-credential-refused'; readonly fault: RegistrationFault }
  /** Entra ID received too many requests: for one user, or from this app. */
  | { readonly kind: 'throttled'; readonly by: 'user' | 'app' }
  /** A temporary error of Entra ID. Try again later. */
  | { readonly kind: 'transient' };

/** How a sign-in ends if the authorization endpoint refuses it. */
export type AuthorizationErrorOutcome =
  | 'consent_declined'
  | 'admin_consent_required'
  /** The sign-in was silent (`prompt=none`), and Entra ID requires a prompt. */
  | 'login_required'
  | 'sign_in_refused';

/** An AADSTS number, what happened, and where the number is documented (default: Microsoft's list). */
export type EntraErrorRow = readonly [number: number, whatHappened: string, source?: string];

export interface EntraErrorGroup {
  readonly meaning: EntraErrorMeaning;
  /** If it is not set, OAuth's error code decides, else the meaning. */
  readonly outcome?: AuthorizationErrorOutcome;
  readonly errors: readonly EntraErrorRow[];
}

/** Microsoft's list of AADSTS numbers. */
export const MICROSOFTS_LIST = 'https://learn.microsoft.com/entra/identity-platform/reference-error-codes';
const msalIssues = 'https://github.com/AzureAD/microsoft-authentication-library-for-';

export const interaction = (reason: InteractionReason): EntraErrorMeaning => ({
  kind: 'interaction-required',
  reason,
});
export const registration = (fault: RegistrationFault): EntraErrorMeaning => ({
  kind: 'registration-invalid',
  fault,
});
export const credential = (fault: RegistrationFault): EntraErrorMeaning => ({
  kind: 'own-credential-refused',
  fault,
});

/**
 * Every AADSTS number that this service interprets. Add only documented numbers: an error with another number is
 * interpreted by its claims challenge, suberror or OAuth code. `npm run docs` writes `docs/reference/entra-errors.md`
 * from this table.
 */
export const entraErrorGroups: readonly EntraErrorGroup[] = [
  {
    meaning: interaction('consent_required'),
    outcome: 'login_required',
    errors: [[65001, 'The user has not consented to the permission.']],
  },
  {
    meaning: interaction('consent_required'),
    outcome: 'consent_declined',
    errors: [[65004, 'The user declined the permission.']],
  },
  {
    meaning: interaction('admin_consent_required'),
    outcome: 'admin_consent_required',
    errors: [
      [90008, 'The organization has not consented to the app.'],
      [90093, 'The user may not consent to the permission.'],
      [90094, 'Only an administrator may consent to the permission.'],
      [90095, 'Only an administrator may consent. The user can request approval.'],
    ],
  },
  {
    meaning: interaction('two_factor_required'),
    errors: [
      [50072, 'The user has to register a second factor.'],
      [50074, 'The user has not given the second factor.'],
      [50076, 'A policy or a new location requires a second factor.'],
      [50078, 'The second factor was given too long ago.'],
      [50079, 'A policy requires a second factor, and the user has to register it.'],
    ],
  },
  {
    meaning: interaction('claims_challenge'),
    errors: [[50158, 'The user has to complete a page of an external provider.']],
  },
  {
    meaning: interaction('password_expired'),
    errors: [
      [50055, 'The password has expired.'],
      [50135, 'The password must be changed, because the account is at risk.'],
      [50144, 'The password in the on-premises directory has expired.'],
    ],
  },
  {
    meaning: interaction('account_disabled'),
    outcome: 'sign_in_refused',
    errors: [
      [16003, 'The account was not added to the tenant.'],
      [50014, 'The account does not exist in the directory.'],
      [50020, 'The account does not exist in the tenant. It has to be invited as a guest.'],
      [50034, 'The account does not exist in the directory.'],
      [50057, 'The account is disabled.'],
      [51004, 'The account does not exist in the directory.'],
    ],
  },
  {
    meaning: interaction('device_not_compliant'),
    errors: [
      [50005, 'The platform of the device is not supported by a policy.'],
      [50097, 'The device has to prove its identity.'],
      [50129, 'The device has to be registered.'],
      [50155, 'The device could not prove its identity.'],
      [50187, 'The device could not prove its identity.'],
      [53000, 'The device is not compliant.'],
      [53001, 'The device is not joined to the domain.'],
      [530003, 'The device is not managed.', `${msalIssues}objc/issues/1900`],
      [135011, 'The device is disabled.'],
    ],
  },
  {
    meaning: interaction('blocked_by_policy'),
    outcome: 'sign_in_refused',
    errors: [
      [50053, 'The account is locked after wrong passwords, or the IP address is suspicious.'],
      [50131, 'Conditional Access blocks the request.'],
      [500212, "The user's organization does not allow access to this tenant."],
      [500213, "This tenant does not allow access from the user's organization."],
      [53002, 'Conditional Access does not approve the app.'],
      [53003, 'Conditional Access blocks the access.'],
      [530032, 'A security policy of the tenant blocks the access.'],
      [530035, 'The security defaults of the tenant block the access.'],
      [53004, 'The user is at risk and has to register a second factor first.'],
      [53010, 'A second factor can be registered only from certain places or devices.'],
      [53011, 'The user is at risk in their own tenant.'],
    ],
  },
  {
    meaning: interaction('not_assigned'),
    outcome: 'sign_in_refused',
    errors: [[50105, 'The user is not assigned to the app.']],
  },
  {
    meaning: interaction('refresh_token_expired'),
    errors: [
      [50089, 'The grant has expired.'],
      [70008, 'The refresh token was not used for too long.'],
      [70043, 'A sign-in frequency policy requires a new sign-in.'],
      [70044, 'A sign-in frequency policy requires a new sign-in.', `${msalIssues}js/issues/5456`],
      [700081, 'The refresh token has reached its maximum lifetime.', `${msalIssues}js/issues/3931`],
      [700082, 'The refresh token was not used for too long.'],
      [700084, 'The refresh token of a single-page app has reached its lifetime.'],
    ],
  },
  {
    meaning: interaction('refresh_token_revoked'),
    errors: [
      [50132, 'The password has changed or expired.'],
      [50133, 'The password has changed or expired.'],
      [50173, 'The password changed, or the sign-ins were revoked.'],
      [70000, 'The refresh token is not valid.'],
    ],
  },
  {
    meaning: interaction('sign_in_required'),
    outcome: 'login_required',
    errors: [[50058, 'The user is not signed in to Entra ID.']],
  },
  {
    meaning: interaction('sign_in_required'),
    outcome: 'sign_in_refused',
    errors: [[50126, 'The user name or the password is wrong.']],
  },
  {
    meaning: interaction('sign_in_required'),
    errors: [
      [50085, 'The user has to sign in to a social identity provider again.'],
      [54005, 'The authorization code was already redeemed.'],
      [700020, 'The grant requires the user.'],
    ],
  },
  {
    meaning: registration('api'),
    errors: [
      [50001, 'The API does not exist or is disabled.'],
      [500011, 'The API does not exist in the tenant.'],
      [500014, 'The API is disabled in the tenant.', `${msalIssues}dotnet/issues/3150`],
      [65005, 'The API or its permission is missing in the app registration.'],
      [650052, 'The organization has not subscribed to the API.'],
      [650054, 'The API was removed.'],
      [650056, 'The app registration lists no permission of the API, or consent is missing.'],
      [650057, 'The API is not listed in the app registration.'],
    ],
  },
  {
    meaning: registration('permission'),
    errors: [
      [28000, 'The scopes are of more than one API.', `${msalIssues}js/issues/1487`],
      [28002, 'A scope is not valid.'],
      [28003, 'No scope was requested.'],
      [
        650053,
        'The API does not have the permission.',
        'https://learn.microsoft.com/answers/questions/1353813/the-application-asked-for-scope-that-doesnt-exist',
      ],
      [70011, 'A scope is not valid.'],
      [700022, 'The scopes are of more than one API.'],
      [700023, 'A scope names no API.'],
    ],
  },
  {
    meaning: registration('redirect-uri'),
    errors: [
      [50011, 'The redirect URI is not registered.'],
      [70004, 'The redirect URI is not registered.'],
      [900971, 'The app registration has no redirect URI.'],
    ],
  },
  {
    meaning: registration('request'),
    errors: [
      [70003, 'The grant type is not supported.'],
      [90014, 'The request lacks a field.'],
      [900144, 'The request lacks a parameter.'],
      [90015, 'The query string is too long.'],
      [90023, 'The request is not valid.'],
      [9002313, 'The request is malformed.'],
      [90100, 'A parameter is empty or not valid.'],
    ],
  },
  {
    meaning: registration('tenant'),
    errors: [
      [50194, 'The app is not registered for accounts of several tenants.'],
      [90002, 'The tenant does not exist, or belongs to another cloud.'],
    ],
  },
  {
    meaning: credential('app'),
    errors: [
      [70001, 'The app is disabled.'],
      [700011, 'The app does not exist in the tenant.'],
      [700016, 'The app does not exist in the tenant.'],
      [7000112, 'The app is disabled.'],
    ],
  },
  {
    meaning: credential('credential'),
    errors: [
      [50012, 'The certificate or the assertion of the app is not valid.'],
      [70002, 'The client secret is wrong.'],
      [700025, 'The app is registered as a public client.'],
      [700027, 'No certificate of the app registration fits the assertion.'],
      [700030, 'The subject of the certificate is not authorized.'],
      [7000215, 'The client secret is wrong.'],
      [7000218, 'The request has neither a client secret nor an assertion.'],
    ],
  },
  {
    meaning: credential('credential-expired'),
    errors: [[7000222, 'The client secret has expired.']],
  },
  {
    meaning: { kind: 'throttled', by: 'user' },
    errors: [[50196, 'The app repeated the same request for a user too often.']],
  },
  {
    meaning: { kind: 'throttled', by: 'app' },
    errors: [[90055, 'The tenant sends too many requests.']],
  },
  {
    meaning: { kind: 'transient' },
    errors: [
      [50033, 'A temporary error.'],
      [50087, 'A temporary error of the second factor.'],
      [90006, 'The service is unavailable.'],
      [90012, 'The request took too long.'],
      [90024, 'A temporary error.'],
      [90033, 'The directory is unavailable.'],
      [90036, 'An error of the directory.'],
      [90090, 'The service is unavailable.'],
      [90091, 'The directory is unavailable.'],
    ],
  },
];
