import type { BffErrorOf, InteractionReason } from '../errors.ts';
import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

const texts: Readonly<Partial<Record<InteractionReason, string>>> = {
  recent_sign_in_required: 'This page is only for people who have signed in a short while ago.',
  stronger_sign_in_required: 'Your organization asks for a stronger sign-in for this page.',
};
const otherwise = 'Microsoft has to see you again before it says who you are.';

/** A page that opens once the person has signed in again: never by itself, so that nothing goes round in a loop. */
export function interactionPage(
  error: BffErrorOf<'interaction_required'>,
  returnTo: string,
  invocationId: string,
): PageDocument {
  const { login_url: loginUrl, reason } = error.extensions;
  const href = `${loginUrl}&${new URLSearchParams({ return_to: returnTo })}`;
  return createDocument({
    title: 'Sign in again to go on',
    status: error.status,
    content: html`<section class="card">
<h1>Sign in again to go on</h1>
<p>${texts[reason] ?? otherwise}</p>
<div class="actions">
<a class="button main" href="${href}">Sign in again</a>
<a class="button" href="/">Back to the app</a>
</div>
</section>
<p class="quiet">Code <code>${error.code}</code> · Reference <code>${invocationId}</code></p>`,
  });
}
