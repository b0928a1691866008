import type { ProblemCode } from '../../errors.ts';

/** What a page says about a problem, unless the problem says it more precisely. */
export const problemTexts: Readonly<Record<ProblemCode, string>> = {
  request_invalid: 'The address or the form has a value that this service does not accept.',
  login_transaction_invalid:
    'This sign-in was started in another browser, took too long, was already completed, or got an invalid response. Start again.',
  session_required: 'Sign in to continue.',
  interaction_required: 'Sign in again to continue.',
  authorization_denied: 'You were not signed in. Try again.',
  consent_declined:
    'The permissions for this feature were declined. You can continue without the feature, or try again.',
  admin_consent_required:
    'An administrator of your organization has to grant the permissions for this feature.',
  claim_required: 'Your account may not open this.',
  directory_role_required: 'Your roles in your organization do not include what this requires.',
  cross_site_request: 'The request came from another site and was not carried out.',
  path_not_allowed: 'This app does not allow this request.',
  not_found: 'Check the URL.',
  method_not_allowed: 'This address does not support this kind of request.',
  session_changed: "This page belongs to another session than the browser's current one. Nothing was done.",
  length_required: 'The request does not say how long its content is.',
  body_too_large: 'The content of the request is too large.',
  content_type_not_allowed: 'This app does not allow content of this type here.',
  content_encoding_not_allowed: 'The content must be sent without compression.',
  rate_limited: 'Too many requests came from this browser or network in a short time. Wait a moment.',
  internal_error: 'The service could not complete the request. Try again later.',
  upstream_unreachable: 'The service behind this app could not be reached. Try again later.',
  upstream_answer_refused: 'The service behind this app sent a response that cannot be used.',
  configuration_invalid: 'A setting is missing or wrong. The log of the service names it.',
  registration_invalid: 'An administrator of this app has to correct its setup.',
  sign_in_service_unavailable:
    'Microsoft or this service could not complete the sign-in. Nothing has changed. Try again in a moment.',
  storage_unavailable:
    'The session store did not respond as expected. No data was lost and no user was signed out.',
  upstream_unavailable: 'The service behind this app is not available at the moment. Try again later.',
  upstream_timeout: 'The service behind this app did not respond in time. Try again later.',
};
