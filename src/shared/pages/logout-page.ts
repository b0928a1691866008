import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

/** Asks before signing out: a link or an image on a foreign page must not do it. */
export function logoutPage(name: string | undefined, formToken: string, entraOrigin: string): PageDocument {
  return createDocument({
    title: 'Sign out',
    // Chromium applies form-action to the redirect after the form as well.
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
<p>Nobody is signed in in this browser.</p>
<div class="actions"><a class="button main" href="/">Back to the app</a></div>
</section>`,
  });
}

/** The truth when the store is down: gone here, not yet gone there. */
export function logoutPendingPage(logoutUrl: string): PageDocument {
  return createDocument({
    title: 'Not signed out everywhere yet',
    status: 503,
    content: html`<section class="card">
<h1>Signed out in this browser, not on the server yet</h1>
<p>The session store does not answer. Your session is deleted as soon as you open this site again, and ends by itself when it is not used.</p>
<div class="actions">
<a class="button main" href="${logoutUrl}">Sign out of Microsoft too</a>
<a class="button" href="/">Back to the app</a>
</div>
</section>`,
  });
}
