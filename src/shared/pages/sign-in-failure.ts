import type { LoginWish } from '../auth/login-transaction.ts';
import type { RefusalOutcome } from '../auth/sign-in-result.ts';
import { BffError } from '../errors.ts';
import { loginPath } from '../interaction/interaction.ts';
import type { PageDocument } from './document.ts';
import type { ErrorPageOptions } from './error-page.ts';
import { popupPage } from './popup-page.ts';

interface Wording {
  readonly code:
    | 'consent_declined'
    | 'authorization_denied'
    | 'admin_consent_required'
    | 'sign_in_service_unavailable'
    | 'login_transaction_invalid';
  readonly title: string;
  readonly detail: string;
  readonly tryAgain: string;
}

const wordings: Record<RefusalOutcome, Wording> = {
  consent_declined: {
    code: 'consent_declined',
    title: 'You said no',
    detail:
      'You declined the permissions that were asked for. Nothing was shared. You can go on without them or decide again.',
    tryAgain: 'Ask me again',
  },
  login_cancelled: {
    code: 'authorization_denied',
    title: 'Sign-in cancelled',
    detail: 'You turned back before the sign-in was finished. Nothing has changed.',
    tryAgain: 'Try again',
  },
  admin_consent_required: {
    code: 'admin_consent_required',
    title: 'An administrator has to agree first',
    detail:
      'Your organization lets only administrators agree to what was asked for. Send yours the link below, unless you have asked for approval already. You can go on without it meanwhile.',
    tryAgain: 'Try again',
  },
  login_required: {
    code: 'authorization_denied',
    title: 'Sign in to go on',
    detail: 'Microsoft could not sign you in without asking you something.',
    tryAgain: 'Sign in',
  },
  sign_in_service_unavailable: {
    code: 'sign_in_service_unavailable',
    title: 'Signing in does not work just now',
    detail: 'Microsoft or this service could not finish it. Nothing has changed. Try again in a moment.',
    tryAgain: 'Try again',
  },
  signed_out_meanwhile: {
    code: 'authorization_denied',
    title: 'You have been signed out',
    detail: 'Your sessions were ended while you signed in. Nothing is lost. You can sign in again.',
    tryAgain: 'Sign in',
  },
  other_account: {
    code: 'authorization_denied',
    title: 'That was another account',
    detail:
      'You are still signed in here as before. Try again with the account you are signed in with. To use the other one, sign out of the app first.',
    tryAgain: 'Try again',
  },
  fewer_permissions: {
    code: 'authorization_denied',
    title: 'Some permissions are missing',
    detail:
      'Microsoft gave the app less than it asked for, so nothing was kept. Try again, or go on without.',
    tryAgain: 'Try again',
  },
  took_too_long: {
    code: 'login_transaction_invalid',
    title: 'That took too long',
    detail: 'A sign-in has to be finished within 15 minutes. Nothing has changed.',
    tryAgain: 'Sign in again',
  },
  sign_in_refused: {
    code: 'authorization_denied',
    title: 'The sign-in was not accepted',
    detail: 'Nothing has changed. If trying again does not help, show the reference below to your support.',
    tryAgain: 'Try again',
  },
};

/**
 * For a sign-in that a link on another site may have begun. Signing in as another user takes a click on a page
 * of this service.
 */
const linkedAccount: Wording = {
  code: 'authorization_denied',
  title: 'You are signed in with another account',
  detail:
    'A link started a sign-in with a different account. Nothing has changed and you are still signed in. Continue with the other account only if you meant to.',
  tryAgain: 'Use another account',
};

/** A sign-in that created no session, as a problem and as the texts and links of its page. */
export interface SignInFailure extends ErrorPageOptions {
  readonly error: BffError;
  readonly outcome: RefusalOutcome;
  readonly feature?: string;
  readonly title: string;
  readonly backHref: string;
}

/** @param adminConsentUrl where an administrator can grant what the sign-in asked for */
export function describeSignInFailure(
  outcome: RefusalOutcome,
  { returnPath, feature, begunElsewhere }: LoginWish,
  adminConsentUrl: string,
): SignInFailure {
  const isLinked = outcome === 'other_account' && begunElsewhere === true;
  const { code, title, detail, tryAgain } = isLinked ? linkedAccount : wordings[outcome];
  const forAdministrator = outcome === 'admin_consent_required' ? adminConsentUrl : undefined;
  const asks = isLinked ? { prompt: 'select_account' } : feature === undefined ? {} : { feature };
  const href = `${loginPath}?${new URLSearchParams({ ...asks, return_to: returnPath })}`;
  const common = { outcome, login_url: href, ...(feature === undefined ? {} : { feature }) };
  const error =
    code === 'admin_consent_required'
      ? new BffError(code, { detail, extensions: { ...common, admin_consent_url: adminConsentUrl } })
      : new BffError(code, {
          detail,
          ...(code === 'sign_in_service_unavailable' ? { retryAfterSeconds: 10 } : {}),
          extensions: common,
        });
  return {
    error,
    outcome,
    ...(feature === undefined ? {} : { feature }),
    title,
    backHref: returnPath,
    tryAgain: { href, label: tryAgain },
    ...(forAdministrator === undefined ? {} : { forAdministrator }),
  };
}

/** The last page of a popup in which a sign-in failed. */
export function signInFailurePopup(
  { error, outcome, feature, title, backHref, forAdministrator }: SignInFailure,
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
      ...(forAdministrator === undefined ? {} : { forAdministrator }),
    },
  );
}
