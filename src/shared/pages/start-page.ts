import { loginPath } from '../interaction/interaction.ts';
import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';
import type { Presentation } from './presentation.ts';

/** Shown at `/` if nothing in front of this service serves a page there. */
export function startPage(presentation: Presentation): PageDocument {
  const { text } = presentation;
  return createDocument(presentation, {
    title: text('start.title'),
    content: html`<section class="card">
<h1>${text('start.heading')}</h1>
<p>${text('start.text')}</p>
<div class="actions"><a class="button" href="${loginPath}">${text('action.sign_in')}</a></div>
</section>`,
  });
}
