import type { LoginRequest } from '../auth/login-transaction.ts';
import type { SignInFailure, SignInFailureOutcome } from '../auth/sign-in-result.ts';
import { RegistrationInvalid } from '../entra/registration-problem.ts';
import { BffError } from '../errors.ts';
import { loginPath } from '../interaction/interaction.ts';
import { reasonTexts } from '../interaction/reason-texts.ts';
import type { PageDocument } from './document.ts';
import type { ErrorPageOptions } from './error-page.ts';
import { popupPage } from './popup-page.ts';

interface Wording {
  readonly code:
    | 'consent_declined'
    | 'authorization_denied'
    | 'admin_consent_required'
    | 'sign_in_service_unavailable'
    | 'registration_invalid'
    | 'login_transaction_invalid';
  readonly title: string;
  readonly detail: string;
  /** Replaces `detail` if the browser has no session. */
  readonly detailWithoutSession?: string;
  readonly tryAgain: string;
}

const wordings: Record<SignInFailureOutcome, Wording> = {
  consent_declined: {
    code: 'consent_declined',
    title: 'Permission declined',
    detail:
      'You declined the permissions that the app asked for. Nothing was shared. You can continue without them or try again.',
    detailWithoutSession:
      'You declined the permissions that the app needs to sign you in. You are not signed in.',
    tryAgain: 'Try again',
  },
  login_canceled: {
    code: 'authorization_denied',
    title: 'Sign-in canceled',
    detail: 'You went back before the sign-in was complete. Nothing has changed.',
    tryAgain: 'Try again',
  },
  admin_consent_required: {
    code: 'admin_consent_required',
    title: 'Administrator approval required',
    detail:
      'In your organization, only administrators can grant these permissions. Send the link below to your administrator, unless you have already requested approval. You can continue without the permissions.',
    detailWithoutSession:
      'In your organization, only administrators can grant these permissions. Send the link below to your administrator, unless you have already requested approval. You are not signed in.',
    tryAgain: 'Try again',
  },
  login_required: {
    code: 'authorization_denied',
    title: 'Sign in to continue',
    detail: 'Microsoft could not sign you in without a prompt.',
    tryAgain: 'Sign in',
  },
  sign_in_service_unavailable: {
    code: 'sign_in_service_unavailable',
    title: 'Sign-in is temporarily unavailable',
    detail:
      'Microsoft or this service could not complete the sign-in. Nothing has changed. Try again in a moment.',
    tryAgain: 'Try again',
  },
  registration_invalid: {
    code: 'registration_invalid',
    title: 'This app is not set up correctly',
    // Not shown: `RegistrationInvalid` writes a detail that also names what has to be corrected.
    detail: 'An administrator of this app has to correct its setup.',
    tryAgain: 'Try again',
  },
  signed_out_meanwhile: {
    code: 'authorization_denied',
    title: 'You have been signed out',
    detail: 'Your sessions were ended just before or while you signed in. Sign in again.',
    tryAgain: 'Sign in',
  },
  other_account: {
    code: 'authorization_denied',
    title: 'Different account',
    detail:
      'You are still signed in to this app with your previous account. Try again with that account, or sign out of the app first to use the other one.',
    tryAgain: 'Try again',
  },
  fewer_permissions: {
    code: 'authorization_denied',
    title: 'Some permissions are missing',
    detail:
      'Microsoft granted fewer permissions than the app asked for. The sign-in was not completed. Try again, or continue without the permissions.',
    detailWithoutSession:
      'Microsoft granted fewer permissions than the app needs to sign you in. You are not signed in.',
    tryAgain: 'Try again',
  },
  took_too_long: {
    code: 'login_transaction_invalid',
    title: 'The sign-in took too long',
    detail: 'A sign-in has to be completed within 15 minutes. Nothing has changed.',
    tryAgain: 'Sign in again',
  },
  sign_in_refused: {
    code: 'authorization_denied',
    title: 'Sign-in was not accepted',
    detail: 'Nothing has changed. If trying again does not help, give the reference below to your support.',
    tryAgain: 'Try again',
  },
};

/**
 * For a sign-in that a link on another site may have started. To switch to the other account, the user has to click on
 * this page.
 */
const otherAccountStartedElsewhere: Wording = {
  code: 'authorization_denied',
  title: 'You are signed in with another account',
  detail:
    'A sign-in with a different account was started, perhaps by a link. Nothing has changed and you are still signed in. Continue with the other account only if you intended to.',
  tryAgain: 'Use another account',
};

/** A failed sign-in: the error, and the texts and links of the page that shows it. */
export interface SignInFailureView extends ErrorPageOptions {
  readonly error: BffError;
  readonly outcome: SignInFailureOutcome;
  readonly feature?: string;
  readonly title: string;
  readonly backHref: string;
}

export interface SignInFailureContext {
  /** Where an administrator can grant the requested permissions. */
  readonly adminConsentUrl: string;
  readonly hasSession: boolean;
}

export function describeSignInFailure(
  failure: SignInFailure,
  { returnPath, feature, scopes, startedElsewhere }: LoginRequest,
  { adminConsentUrl, hasSession }: SignInFailureContext,
): SignInFailureView {
  const { outcome } = failure;
  const mayBeStartedByLink = outcome === 'other_account' && startedElsewhere === true;
  const { code, title, detail, tryAgain } = mayBeStartedByLink
    ? otherAccountStartedElsewhere
    : wordingOf(failure, hasSession);
  const administratorHref = outcome === 'admin_consent_required' ? adminConsentUrl : undefined;
  const featureMember = feature === undefined ? {} : { feature };
  const loginParameters = mayBeStartedByLink ? { prompt: 'select_account' } : featureMember;
  const href = `${loginPath}?${new URLSearchParams({ ...loginParameters, return_to: returnPath })}`;
  const common = { outcome, login_url: href, ...featureMember };
  const error = toError(failure, code, detail, { common, scopes, adminConsentUrl });
  return {
    error,
    outcome,
    ...featureMember,
    title,
    backHref: returnPath,
    tryAgain: { href, label: tryAgain },
    ...(administratorHref === undefined ? {} : { administratorHref }),
  };
}

/** For the callback of a sign-in that was completed before, in a browser that has no session any more. */
export function describeCompletedSignIn({ returnPath, feature }: LoginRequest): SignInFailureView {
  const outcome = 'login_required';
  const href = `${loginPath}?${new URLSearchParams({ return_to: returnPath })}`;
  return {
    error: new BffError('login_transaction_invalid', {
      detail: 'This sign-in has already ended, and you are no longer signed in. Sign in again to continue.',
      extensions: { outcome, login_url: href, ...(feature === undefined ? {} : { feature }) },
    }),
    outcome,
    title: 'You are not signed in',
    backHref: returnPath,
    tryAgain: { href, label: 'Sign in' },
  };
}

/** The wording of the outcome. If a sign-in was refused and the reason is known, the texts are those of the reason. */
function wordingOf({ outcome, interactionReason }: SignInFailure, hasSession: boolean): Wording {
  const common = wordings[outcome];
  const { detailWithoutSession = common.detail } = common;
  const wording = hasSession ? common : { ...common, detail: detailWithoutSession };
  if (outcome !== 'sign_in_refused' || interactionReason === undefined) return wording;
  const { title, text } = reasonTexts[interactionReason];
  return { ...wording, title, detail: text };
}

interface ErrorContext {
  /** The extension members that the problem has with every code. */
  readonly common: { readonly outcome: string; readonly login_url: string; readonly feature?: string };
  /** The permissions that the sign-in requested. */
  readonly scopes: readonly string[];
  readonly adminConsentUrl: string;
}

function toError(
  { fault, interactionReason: reason, entraErrorCode, scopes }: SignInFailure,
  code: Wording['code'],
  detail: string,
  { common, scopes: requested, adminConsentUrl }: ErrorContext,
): BffError {
  const numbered = entraErrorCode === undefined ? {} : { entra_error_code: entraErrorCode };
  switch (code) {
    case 'admin_consent_required':
      return new BffError(code, {
        detail,
        extensions: { ...common, ...numbered, admin_consent_url: adminConsentUrl },
      });
    case 'consent_declined':
      return new BffError(code, { detail, extensions: { ...common, ...numbered } });
    case 'authorization_denied':
      return new BffError(code, {
        detail,
        extensions: {
          ...common,
          ...numbered,
          ...(reason === undefined ? {} : { reason, resolved_by: reasonTexts[reason].resolvedBy }),
        },
      });
    case 'registration_invalid':
      return new RegistrationInvalid({
        fault: fault ?? 'request',
        scopes: scopes ?? requested,
        entraErrorCode,
        extensions: common,
      });
    case 'sign_in_service_unavailable':
      return new BffError(code, { detail, retryAfterSeconds: 10, extensions: common });
    case 'login_transaction_invalid':
      return new BffError(code, { detail, extensions: common });
  }
}

/** The last page of a popup in which a sign-in failed. */
export function signInFailurePopup(
  { error, outcome, feature, title, backHref, administratorHref }: SignInFailureView,
  popupId: string,
  invocationId: string,
): PageDocument {
  return popupPage(
    { id: popupId, outcome, ...(feature === undefined ? {} : { feature }) },
    {
      title,
      detail: error.detail ?? '',
      backHref,
      reference: invocationId,
      ...(administratorHref === undefined ? {} : { administratorHref }),
    },
  );
}
