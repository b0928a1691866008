import { type BffError, type ProblemCode, problems } from '../errors.ts';
import { loginPath } from '../interaction/interaction.ts';
import { administratorLink, createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

export interface ErrorPageOptions {
  /** Default: the title of the error's code. */
  readonly title?: string;
  /** Default: signing in, if that can help. */
  readonly tryAgain?: { readonly href: string; readonly label: string };
  /** Default: the app's start page. */
  readonly backHref?: string;
  /** A link for the user's administrator, shown so that it can be copied. */
  readonly administratorHref?: string;
}

/** Codes for which the page offers no sign-in, because signing in never helps. */
const unrelatedToSignIn: ReadonlySet<ProblemCode> = new Set([
  'not_found',
  'method_not_allowed',
  'session_changed',
  'configuration_invalid',
  'registration_invalid',
]);

/** Codes after which a sign-in is the main action. */
const resolvedBySignIn: ReadonlySet<ProblemCode> = new Set(['session_required', 'login_transaction_invalid']);

/** An error as a page: what happened, what the user can do, and a reference for support. */
export function errorPage(
  error: BffError,
  invocationId: string,
  options: ErrorPageOptions = {},
): PageDocument {
  const title = options.title ?? problems[error.code].title;
  const signIn = unrelatedToSignIn.has(error.code) ? undefined : { href: loginPath, label: 'Sign in' };
  const tryAgain = options.tryAgain ?? signIn;
  const [kindOfBack, kindOfTryAgain] = resolvedBySignIn.has(error.code) ? ['', ' main'] : [' main', ''];
  const links = [
    html`<a class="button${kindOfBack}" href="${options.backHref ?? '/'}">Back to the app</a>`,
    ...(tryAgain === undefined
      ? []
      : [html`<a class="button${kindOfTryAgain}" href="${tryAgain.href}">${tryAgain.label}</a>`]),
  ];
  return createDocument({
    title,
    status: error.status,
    content: html`<section class="card">
<h1>${title}</h1>
${error.detail && html`<p>${error.detail}</p>`}
${options.administratorHref && administratorLink(options.administratorHref)}
<div class="actions">
${kindOfBack === '' ? links.toReversed() : links}
</div>
</section>
<p class="quiet">Code <code>${error.code}</code> · Reference <code>${invocationId}</code></p>`,
  });
}
