import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

/** Shown to a user who follows a link to a file, if the API responds without the file. Nothing of its response is shown. */
export function downloadFailedPage(status: number, invocationId: string): PageDocument {
  return createDocument({
    title: 'The file could not be loaded',
    status,
    content: html`<section class="card">
<h1>The file could not be loaded</h1>
<p>${textOf(status)}</p>
<div class="actions">
<a class="button main" href="/">Back to the app</a>
</div>
</section>
<p class="quiet">Status <code>${String(status)}</code> · Reference <code>${invocationId}</code></p>`,
  });
}

function textOf(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return 'Your account may not open it.';
    case 404:
    case 410:
      return 'It does not exist any more, or it was moved.';
    case 429:
    case 503:
      return 'Too many files are being loaded at the moment. Try again in a minute.';
    default:
      return 'The server that has the file responded with an error. Try again later.';
  }
}
