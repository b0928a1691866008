/** Why a sign-in failed. The outcome of the sign-in is part of each name. */
export const signInTexts = {
  'sign_in.consent_declined.title': 'Permission declined',
  'sign_in.consent_declined.text':
    'You declined the permissions that the app asked for. Nothing was shared. You can continue without them or try again.',
  'sign_in.consent_declined.signed_out':
    'You declined the permissions that the app needs to sign you in. You are not signed in.',
  'sign_in.login_canceled.title': 'Sign-in canceled',
  'sign_in.login_canceled.text': 'You went back before the sign-in was complete. Nothing has changed.',
  'sign_in.admin_consent_required.title': 'Administrator approval required',
  'sign_in.admin_consent_required.text':
    'In your organization, only administrators can grant these permissions. Send the link below to your administrator, unless you have already requested approval. You can continue without the permissions.',
  'sign_in.admin_consent_required.signed_out':
    'In your organization, only administrators can grant these permissions. Send the link below to your administrator, unless you have already requested approval. You are not signed in.',
  'sign_in.login_required.title': 'Sign in to continue',
  'sign_in.login_required.text': 'Microsoft could not sign you in without a prompt.',
  'sign_in.sign_in_service_unavailable.title': 'Sign-in is temporarily unavailable',
  'sign_in.sign_in_service_unavailable.text':
    'Microsoft or this service could not complete the sign-in. Nothing has changed. Try again in a moment.',
  'sign_in.registration_invalid.title': 'This app is not set up correctly',
  'sign_in.registration_invalid.text': 'An administrator of this app has to correct its setup.',
  'sign_in.signed_out_meanwhile.title': 'You have been signed out',
  'sign_in.signed_out_meanwhile.text':
    'Your sessions were ended just before or while you signed in. Sign in again.',
  'sign_in.other_account.title': 'Different account',
  'sign_in.other_account.text':
    'You are still signed in to this app with your previous account. Try again with that account, or sign out of the app first to use the other one.',
  'sign_in.other_account_by_link.title': 'You are signed in with another account',
  'sign_in.other_account_by_link.text':
    'A sign-in with a different account was started, perhaps by a link. Nothing has changed and you are still signed in. Continue with the other account only if you intended to.',
  'sign_in.fewer_permissions.title': 'Some permissions are missing',
  'sign_in.fewer_permissions.text':
    'Microsoft granted fewer permissions than the app asked for. The sign-in was not completed. Try again, or continue without the permissions.',
  'sign_in.fewer_permissions.signed_out':
    'Microsoft granted fewer permissions than the app needs to sign you in. You are not signed in.',
  'sign_in.took_too_long.title': 'The sign-in took too long',
  'sign_in.took_too_long.text': 'A sign-in has to be completed within 15 minutes. Nothing has changed.',
  'sign_in.sign_in_refused.title': 'Sign-in was not accepted',
  'sign_in.sign_in_refused.text':
    'Nothing has changed. If trying again does not help, give the reference below to your support.',
  'sign_in.ended.title': 'You are not signed in',
  'sign_in.ended.text':
    'This sign-in has already ended, and you are no longer signed in. Sign in again to continue.',
};
