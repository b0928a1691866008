import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';

/**
 * Loads the same address again, now as a navigation of our own site, so that the browser sends its Strict cookies
 * (RFC 6265bis 5.2; seen in Chromium). Without script; whoever has no Refresh follows the link.
 * @param path of the route that the host matched: it goes into an address, so it must begin with one slash
 * @param rawQuery without the question mark
 */
export function bouncePage(path: string, rawQuery: string): PageDocument {
  const query = withoutBounced(rawQuery);
  const target = `${path}?${query === '' ? '' : `${query}&`}bounced=1`;
  return createDocument({
    title: 'One moment',
    keepsOpener: true,
    refreshTo: target,
    content: html`<section class="card">
<h1>One moment</h1>
<p><a class="button main" href="${target}">Continue</a></p>
</section>`,
  });
}

/** A query without our marker, whoever put it there. */
export function withoutBounced(rawQuery: string): string {
  return rawQuery
    .split('&')
    .filter((pair) => !/^bounced(?:=|$)/i.test(pair))
    .join('&');
}
