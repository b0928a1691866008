import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

/** Shown at `/` if nothing in front of this service serves a page there. */
export function startPage(): PageDocument {
  return createDocument({
    title: 'No page here',
    content: html`<section class="card">
<h1>The sign-in service is running</h1>
<p>There is no page at this address. Ask the app's administrator for the address to open.</p>
</section>`,
  });
}
