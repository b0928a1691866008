import type { LoginRequest } from '../auth/login-transaction.ts';
import type { SignInFailure, SignInFailureOutcome } from '../auth/sign-in-result.ts';
import { RegistrationInvalid } from '../entra/registration-problem.ts';
import { BffError } from '../errors.ts';
import { loginPath } from '../interaction/interaction.ts';
import { reasonTexts } from '../interaction/reason-texts.ts';
import type { PageDocument } from './document.ts';
import { type ErrorPageOptions, problemText } from './error-page.ts';
import { english, type MessageKey } from './messages/english.ts';
import { popupPage } from './popup-page.ts';
import type { Presentation } from './presentation.ts';

interface Wording {
  readonly code:
    | 'consent_declined'
    | 'authorization_denied'
    | 'admin_consent_required'
    | 'sign_in_service_unavailable'
    | 'registration_invalid'
    | 'login_transaction_invalid';
  readonly title: MessageKey;
  readonly text: MessageKey;
  /** Replaces `text` if the browser has no session. */
  readonly textWithoutSession?: MessageKey;
  readonly tryAgain: MessageKey;
}

function wording(
  code: Wording['code'],
  name: SignInFailureOutcome | 'other_account_by_link',
  tryAgain: MessageKey = 'action.try_again',
): Wording {
  return { code, title: `sign_in.${name}.title`, text: `sign_in.${name}.text`, tryAgain };
}

const wordings: Record<SignInFailureOutcome, Wording> = {
  consent_declined: {
    ...wording('consent_declined', 'consent_declined'),
    textWithoutSession: 'sign_in.consent_declined.signed_out',
  },
  login_canceled: wording('authorization_denied', 'login_canceled'),
  admin_consent_required: {
    ...wording('admin_consent_required', 'admin_consent_required'),
    textWithoutSession: 'sign_in.admin_consent_required.signed_out',
  },
  login_required: wording('authorization_denied', 'login_required', 'action.sign_in'),
  sign_in_service_unavailable: wording('sign_in_service_unavailable', 'sign_in_service_unavailable'),
  // `RegistrationInvalid` writes a detail that also names what has to be corrected.
  registration_invalid: wording('registration_invalid', 'registration_invalid'),
  signed_out_meanwhile: wording('authorization_denied', 'signed_out_meanwhile', 'action.sign_in'),
  other_account: wording('authorization_denied', 'other_account'),
  fewer_permissions: {
    ...wording('authorization_denied', 'fewer_permissions'),
    textWithoutSession: 'sign_in.fewer_permissions.signed_out',
  },
  took_too_long: wording('login_transaction_invalid', 'took_too_long', 'action.sign_in_again'),
  sign_in_refused: wording('authorization_denied', 'sign_in_refused'),
};

/**
 * For a sign-in that a link on another site may have started. To switch to the other account, the user has to click on
 * this page.
 */
const otherAccountStartedElsewhere = wording(
  'authorization_denied',
  'other_account_by_link',
  'action.other_account',
);

/** A failed sign-in: the error, and the texts and links of the page that shows it. */
export interface SignInFailureView extends ErrorPageOptions {
  readonly error: BffError;
  readonly outcome: SignInFailureOutcome;
  readonly feature?: string;
  readonly title: MessageKey;
  readonly text: MessageKey;
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
  const { code, title, text, tryAgain } = mayBeStartedByLink
    ? otherAccountStartedElsewhere
    : wordingOf(failure, hasSession);
  const administratorHref = outcome === 'admin_consent_required' ? adminConsentUrl : undefined;
  const featureMember = feature === undefined ? {} : { feature };
  const loginParameters = mayBeStartedByLink ? { prompt: 'select_account' } : featureMember;
  const href = `${loginPath}?${new URLSearchParams({ ...loginParameters, return_to: returnPath })}`;
  const common = { outcome, login_url: href, ...featureMember };
  const error = toError(failure, code, english[text], { common, scopes, adminConsentUrl });
  return {
    error,
    outcome,
    ...featureMember,
    title,
    text,
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
      detail: english['sign_in.ended.text'],
      extensions: { outcome, login_url: href, ...(feature === undefined ? {} : { feature }) },
    }),
    outcome,
    title: 'sign_in.ended.title',
    text: 'sign_in.ended.text',
    backHref: returnPath,
    tryAgain: { href, label: 'action.sign_in' },
  };
}

/** The wording of the outcome. If a sign-in was refused and the reason is known, the texts are those of the reason. */
function wordingOf({ outcome, interactionReason }: SignInFailure, hasSession: boolean): Wording {
  const common = wordings[outcome];
  if (outcome === 'sign_in_refused' && interactionReason !== undefined) {
    return {
      ...common,
      title: `reason.${interactionReason}.title`,
      text: `reason.${interactionReason}.text`,
    };
  }
  const { textWithoutSession = common.text } = common;
  return hasSession ? common : { ...common, text: textWithoutSession };
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
  presentation: Presentation,
  { error, outcome, feature, title, text, backHref, administratorHref }: SignInFailureView,
  popupId: string,
  invocationId: string,
): PageDocument {
  return popupPage(
    presentation,
    { id: popupId, outcome, ...(feature === undefined ? {} : { feature }) },
    {
      title: presentation.text(title),
      detail: problemText(presentation, error, text),
      backHref,
      reference: invocationId,
      ...(administratorHref === undefined ? {} : { administratorHref }),
    },
  );
}
