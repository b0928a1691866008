import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

/** Shown at `/` if nothing in front of this service serves a page there. */
export function startPage(): PageDocument {
  return createDocument({
    title: 'No page here',
    content: html`<section class="card">
<h1>The sign-in service is running</h1>
<p>The app has no page at this address. Ask the administrator of the app for its address.</p>
</section>`,
  });
}
