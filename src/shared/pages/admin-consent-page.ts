import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

/**
 * What an administrator sees who followed the link to agree for the organization. It believes nothing and changes
 * nothing: whether they did shows at the next call of those who wait.
 */
export function adminConsentPage(approved: boolean): PageDocument {
  return createDocument({
    title: approved ? 'Approved' : 'Not approved',
    content: html`<section class="card">
<h1>${approved ? 'Approved' : 'Not approved'}</h1>
<p>${
      approved
        ? 'People of your organization can use these permissions now. Whoever was waiting can try again in the app.'
        : 'The permissions were not given. People can go on using the app without them.'
    }</p>
<div class="actions"><a class="button main" href="/">To the app</a></div>
</section>`,
  });
}
