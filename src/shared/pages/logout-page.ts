import { loginPath } from '../interaction/interaction.ts';
import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

/** Asks before signing out, because a link or an image on another site must not sign the user out. */
export function logoutPage(name: string | undefined, formToken: string, entraOrigin: string): PageDocument {
  return createDocument({
    title: 'Sign out',
    // Chromium also applies `form-action` to the redirect that follows the form.
    formTargets: ["'self'", entraOrigin],
    sendsOrigin: true,
    content: html`<section class="card">
<h1>Sign out?</h1>
${name !== undefined && html`<p>You are signed in as ${name}.</p>`}
<form method="post" action="/api/auth/logout" class="actions">
<input type="hidden" name="form_token" value="${formToken}">
<button class="button main" type="submit">Sign out</button>
<a class="button" href="/">Stay signed in</a>
</form>
</section>`,
  });
}

export function signedOutPage(): PageDocument {
  return createDocument({
    title: 'Signed out',
    content: html`<section class="card">
<h1>You are signed out</h1>
<p>You are no longer signed in to this app in this browser.</p>
<div class="actions">
<a class="button main" href="/">Back to the app</a>
<a class="button" href="${loginPath}">Sign in again</a>
</div>
</section>`,
  });
}

/** Shown if the table is unavailable: the browser is signed out, but the session is not deleted yet. */
export function logoutPendingPage(logoutUrl: string): PageDocument {
  return createDocument({
    title: 'Sign-out not complete',
    status: 503,
    content: html`<section class="card">
<h1>Signed out in this browser, not on the server yet</h1>
<p>The session store is not available. Your session is deleted when you next open this site, or when it expires.</p>
<div class="actions">
<a class="button main" href="${logoutUrl}">Sign out of Microsoft too</a>
<a class="button" href="/">Back to the app</a>
</div>
</section>`,
  });
}
