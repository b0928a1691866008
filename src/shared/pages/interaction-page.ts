import type { BffErrorOf } from '../errors.ts';
import { reasonTexts } from '../interaction/reason-texts.ts';
import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

/**
 * Shown instead of a page for which Entra ID needs the user. It never redirects by itself, because that could cause a
 * loop. If an administrator has to act first, the sign-in is the second choice.
 */
export function interactionPage(
  error: BffErrorOf<'interaction_required'>,
  returnTo: string,
  invocationId: string,
): PageDocument {
  const { login_url: loginUrl, reason } = error.extensions;
  const href = `${loginUrl}&${new URLSearchParams({ return_to: returnTo })}`;
  const { title, text, resolvedBy } = reasonTexts[reason];
  const signIn = (className: string, label: string) =>
    html`<a class="${className}" href="${href}">${label}</a>`;
  const back = (className: string) => html`<a class="${className}" href="/">Back to the app</a>`;
  return createDocument({
    title,
    status: error.status,
    content: html`<section class="card">
<h1>${title}</h1>
<p>${text}</p>
<div class="actions">
${
  resolvedBy === 'user'
    ? html`${signIn('button main', 'Sign in again')}${back('button')}`
    : html`${back('button main')}${signIn('button', 'Try again')}`
}
</div>
</section>
<p class="quiet">Code <code>${error.code}</code> · Reference <code>${invocationId}</code></p>`,
  });
}
