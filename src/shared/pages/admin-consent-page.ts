import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';
import { openLabel, type Presentation } from './presentation.ts';

/**
 * Shown to an administrator who followed the link to grant permissions for the organization. The result comes from the
 * URL, which anyone can write, so nothing else depends on it. The page changes nothing.
 */
export function adminConsentPage(presentation: Presentation, isApproved: boolean): PageDocument {
  const { text } = presentation;
  const title = text(isApproved ? 'approval.granted.title' : 'approval.refused.title');
  return createDocument(presentation, {
    title,
    content: html`<section class="card">
<h1>${title}</h1>
<p>${text(isApproved ? 'approval.granted.text' : 'approval.refused.text')}</p>
<div class="actions"><a class="button main" href="/">${openLabel(presentation)}</a></div>
</section>`,
  });
}
