import { createDocument, type PageDocument, referenceLine } from './document.ts';
import { html } from './html.ts';
import type { MessageKey } from './messages/english.ts';
import { backLabel, type Presentation } from './presentation.ts';

/** Shown to a user who follows a link to a file, if the API responds without the file. Nothing of its response is shown. */
export function downloadFailedPage(
  presentation: Presentation,
  status: number,
  invocationId: string,
): PageDocument {
  const { text } = presentation;
  return createDocument(presentation, {
    title: text('download.title'),
    status,
    content: html`<section class="card">
<h1>${text('download.title')}</h1>
<p>${text(messageOf(status))}</p>
<div class="actions">
<a class="button main" href="/">${backLabel(presentation)}</a>
</div>
</section>
${referenceLine(presentation, 'label.status', String(status), invocationId)}`,
  });
}

function messageOf(status: number): MessageKey {
  switch (status) {
    case 401:
    case 403:
      return 'download.forbidden';
    case 404:
    case 410:
      return 'download.missing';
    case 429:
    case 503:
      return 'download.busy';
    default:
      return 'download.failed';
  }
}
