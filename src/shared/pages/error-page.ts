import { type BffError, type ProblemCode, problems } from '../errors.ts';
import { loginPath } from '../interaction/interaction.ts';
import { administratorLink, createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

export interface ErrorPageOptions {
  readonly title?: string;
  readonly tryAgain?: { readonly href: string; readonly label: string };
  readonly backHref?: string;
  /** A link for somebody else: shown to be copied. */
  readonly forAdministrator?: string;
}

/** Nobody gets further here by signing in. */
const wrongAddress: ReadonlySet<ProblemCode> = new Set([
  'not_found',
  'method_not_allowed',
  'session_changed',
]);

/** A problem as a person reads it: what happened, what to do, and an id for whoever is asked for help. */
export function errorPage(
  error: BffError,
  invocationId: string,
  options: ErrorPageOptions = {},
): PageDocument {
  const title = options.title ?? problems[error.code].title;
  const signIn = wrongAddress.has(error.code) ? undefined : { href: loginPath, label: 'Sign in' };
  const tryAgain = options.tryAgain ?? signIn;
  return createDocument({
    title,
    status: error.status,
    content: html`<section class="card">
<h1>${title}</h1>
${error.detail === undefined ? undefined : html`<p>${error.detail}</p>`}
${options.forAdministrator && administratorLink(options.forAdministrator)}
<div class="actions">
<a class="button main" href="${options.backHref ?? '/'}">Back to the app</a>
${tryAgain && html`<a class="button" href="${tryAgain.href}">${tryAgain.label}</a>`}
</div>
</section>
<p class="quiet">Code <code>${error.code}</code> · Reference <code>${invocationId}</code></p>`,
  });
}
