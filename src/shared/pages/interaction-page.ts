import type { BffErrorOf } from '../errors.ts';
import { reasonTexts } from '../interaction/reason-texts.ts';
import { createDocument, type PageDocument, referenceLine } from './document.ts';
import { html } from './html.ts';
import { backLabel, type Presentation } from './presentation.ts';

/**
 * Shown instead of a page for which Entra ID needs the user. It never redirects by itself, because that could cause a
 * loop. If an administrator has to act first, the sign-in is the second choice.
 */
export function interactionPage(
  presentation: Presentation,
  error: BffErrorOf<'interaction_required'>,
  returnTo: string,
  invocationId: string,
): PageDocument {
  const { text } = presentation;
  const { login_url: loginUrl, reason } = error.extensions;
  const href = `${loginUrl}&${new URLSearchParams({ return_to: returnTo })}`;
  const title = text(`reason.${reason}.title`);
  const signIn = (className: string, label: string) =>
    html`<a class="${className}" href="${href}">${label}</a>`;
  const back = (className: string) => html`<a class="${className}" href="/">${backLabel(presentation)}</a>`;
  return createDocument(presentation, {
    title,
    status: error.status,
    content: html`<section class="card">
<h1>${title}</h1>
<p>${text(`reason.${reason}.text`)}</p>
<div class="actions">
${
  reasonTexts[reason].resolvedBy === 'user'
    ? html`${signIn('button main', text('action.sign_in_again'))}${back('button')}`
    : html`${back('button main')}${signIn('button', text('action.try_again'))}`
}
</div>
</section>
${referenceLine(presentation, 'label.code', error.code, invocationId)}`,
  });
}
