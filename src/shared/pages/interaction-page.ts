import type { BffErrorOf, InteractionReason } from '../errors.ts';
import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

const textByReason: Readonly<Partial<Record<InteractionReason, string>>> = {
  recent_sign_in_required: 'This page requires a recent sign-in.',
  stronger_sign_in_required: 'Your organization requires a stronger sign-in for this page.',
};
const defaultText = 'Microsoft has to verify your identity again.';

/** Shown instead of a page that requires a new sign-in. It never redirects by itself, because that could cause a loop. */
export function interactionPage(
  error: BffErrorOf<'interaction_required'>,
  returnTo: string,
  invocationId: string,
): PageDocument {
  const { login_url: loginUrl, reason } = error.extensions;
  const href = `${loginUrl}&${new URLSearchParams({ return_to: returnTo })}`;
  return createDocument({
    title: 'Sign in again to continue',
    status: error.status,
    content: html`<section class="card">
<h1>Sign in again to continue</h1>
<p>${textByReason[reason] ?? defaultText}</p>
<div class="actions">
<a class="button main" href="${href}">Sign in again</a>
<a class="button" href="/">Back to the app</a>
</div>
</section>
<p class="quiet">Code <code>${error.code}</code> · Reference <code>${invocationId}</code></p>`,
  });
}
