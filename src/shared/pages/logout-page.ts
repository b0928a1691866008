import { loginPath } from '../interaction/interaction.ts';
import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';
import { backLabel, type Presentation } from './presentation.ts';

export interface LogoutForm {
  /** The user's name. */
  readonly name: string | undefined;
  readonly formToken: string;
  /** The sign-out continues there. */
  readonly entraOrigin: string;
}

/** Asks before signing out, because a link or an image on another site must not sign the user out. */
export function logoutPage(
  presentation: Presentation,
  { name, formToken, entraOrigin }: LogoutForm,
): PageDocument {
  const { text, markup } = presentation;
  return createDocument(presentation, {
    title: text('sign_out.title'),
    // Chromium also applies `form-action` to the redirect that follows the form.
    formTargets: ["'self'", entraOrigin],
    sendsOrigin: true,
    content: html`<section class="card">
<h1>${text('sign_out.heading')}</h1>
${name !== undefined && html`<p>${markup('sign_out.text', { name: html`<bdi>${name}</bdi>` })}</p>`}
<form method="post" action="/api/auth/logout" class="actions">
<input type="hidden" name="form_token" value="${formToken}">
<button class="button main" type="submit">${text('action.sign_out')}</button>
<a class="button" href="/">${text('action.stay_signed_in')}</a>
</form>
</section>`,
  });
}

export function signedOutPage(presentation: Presentation): PageDocument {
  const { text } = presentation;
  return createDocument(presentation, {
    title: text('signed_out.title'),
    content: html`<section class="card">
<h1>${text('signed_out.heading')}</h1>
<p>${text('signed_out.text')}</p>
<div class="actions">
<a class="button main" href="/">${backLabel(presentation)}</a>
<a class="button" href="${loginPath}">${text('action.sign_in_again')}</a>
</div>
</section>`,
  });
}

/** Shown if the table is unavailable: the browser is signed out, but the session is not deleted yet. */
export function logoutPendingPage(presentation: Presentation, logoutUrl: string): PageDocument {
  const { text } = presentation;
  return createDocument(presentation, {
    title: text('sign_out_pending.title'),
    status: 503,
    content: html`<section class="card">
<h1>${text('sign_out_pending.heading')}</h1>
<p>${text('sign_out_pending.text')}</p>
<div class="actions">
<a class="button main" href="${logoutUrl}">${text('action.sign_out_of_microsoft')}</a>
<a class="button" href="/">${backLabel(presentation)}</a>
</div>
</section>`,
  });
}
