import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

/**
 * Shown to an administrator who followed the link to grant permissions for the organization. The result comes from the
 * URL, which anyone can write, so nothing else depends on it. The page changes nothing.
 */
export function adminConsentPage(isApproved: boolean): PageDocument {
  const title = isApproved ? 'Approved' : 'Not approved';
  const text = isApproved
    ? 'Users in your organization can now use these permissions. Users who are waiting can try again in the app.'
    : 'The permissions were not granted. Users can continue to use the app without them.';
  return createDocument({
    title,
    content: html`<section class="card">
<h1>${title}</h1>
<p>${text}</p>
<div class="actions"><a class="button main" href="/">Open the app</a></div>
</section>`,
  });
}
