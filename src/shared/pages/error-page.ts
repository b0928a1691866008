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

/** Codes that signing in does not resolve. */
const unrelatedToSignIn: ReadonlySet<ProblemCode> = new Set([
  'not_found',
  'method_not_allowed',
  'session_changed',
  'configuration_invalid',
  'registration_invalid',
]);

/** An error as a page: what happened, what the user can do, and a reference for support. */
export function errorPage(
  error: BffError,
  invocationId: string,
  options: ErrorPageOptions = {},
): PageDocument {
  const title = options.title ?? problems[error.code].title;
  const signIn = unrelatedToSignIn.has(error.code) ? undefined : { href: loginPath, label: 'Sign in' };
  const tryAgain = options.tryAgain ?? signIn;
  return createDocument({
    title,
    status: error.status,
    content: html`<section class="card">
<h1>${title}</h1>
${error.detail && html`<p>${error.detail}</p>`}
${options.administratorHref && administratorLink(options.administratorHref)}
<div class="actions">
<a class="button main" href="${options.backHref ?? '/'}">Back to the app</a>
${tryAgain && html`<a class="button" href="${tryAgain.href}">${tryAgain.label}</a>`}
</div>
</section>
<p class="quiet">Code <code>${error.code}</code> · Reference <code>${invocationId}</code></p>`,
  });
}
