import type { Refusal, RefusalOutcome } from '../../auth/refusal.ts';
import type { ReturnPath } from '../../auth/return-path.ts';
import { BffError, type ProblemCode } from '../../errors.ts';
import { loginPath } from '../../interaction/interaction.ts';
import { problemResponse } from '../problem.ts';
import { type BffRequest, prefersHtml } from '../request.ts';
import type { BffResponse } from '../response.ts';
import { errorPage } from './error-page.ts';

interface Wording {
  readonly code: ProblemCode;
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
    code: 'authorization_denied',
    title: 'An administrator has to agree first',
    detail:
      'Your organization lets only administrators agree to what was asked for. Ask yours to approve this app.',
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
    title: 'Microsoft could not sign you in just now',
    detail: 'The sign-in service reported a fault of its own. Try again in a moment.',
    tryAgain: 'Try again',
  },
  signed_out_meanwhile: {
    code: 'authorization_denied',
    title: 'You have been signed out',
    detail: 'Your sessions were ended while you signed in. Nothing is lost. You can sign in again.',
    tryAgain: 'Sign in',
  },
  sign_in_refused: {
    code: 'authorization_denied',
    title: 'You are not signed in',
    detail:
      'The sign-in was not accepted. If trying again does not help, show the reference below to your support.',
    tryAgain: 'Try again',
  },
};

/** The end of a sign-in that made no session: a page with two ways on, or a problem for who asks for JSON. */
export function refusalResponse(
  request: BffRequest,
  { outcome }: Refusal,
  returnPath: ReturnPath,
  feature: string | undefined,
): BffResponse {
  const { code, title, detail, tryAgain } = wordings[outcome];
  const query = new URLSearchParams({ ...(feature === undefined ? {} : { feature }), return_to: returnPath });
  const href = `${loginPath}?${query}`;
  const error = new BffError(code, {
    detail,
    extensions: { outcome, login_url: href, ...(feature === undefined ? {} : { feature }) },
  });
  return prefersHtml(request.header('accept'))
    ? errorPage(error, request.invocationId, {
        title,
        backHref: returnPath,
        tryAgain: { href, label: tryAgain },
      })
    : problemResponse(error, request.invocationId, false);
}
