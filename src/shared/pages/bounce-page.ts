import { createDocument, type PageDocument } from './document.ts';
import { html } from './html.ts';
import type { Presentation } from './presentation.ts';

/**
 * Loads the same URL once more. The second request is a same-site navigation, so the browser sends its Strict cookies
 * (RFC 6265bis 5.2, confirmed in Chromium). The page needs no script. If the browser ignores
 * `Refresh`, the user clicks the link.
 * @param path of the route that the host matched. It must begin with one slash only, because `//` begins the URL of
 * another host.
 * @param rawQuery without the question mark
 */
export function bouncePage(presentation: Presentation, path: string, rawQuery: string): PageDocument {
  const { text } = presentation;
  const query = removeBouncedParameter(rawQuery);
  const target = toTarget(path, query === '' ? 'bounced=1' : `${query}&bounced=1`);
  return createDocument(presentation, {
    title: text('bounce.title'),
    keepsOpener: true,
    refreshTo: target,
    content: html`<section class="card">
<h1>${text('bounce.title')}</h1>
<p><a class="button main" href="${target}">${text('action.continue')}</a></p>
</section>`,
  });
}

/** Path and query without the parameter that marks the second request. @param path as for {@link bouncePage} */
export function withoutBounce(path: string, rawQuery: string): string {
  return toTarget(path, removeBouncedParameter(rawQuery));
}

const toTarget = (path: string, query: string) => (query === '' ? path : `${path}?${query}`);

/** Removes the parameter that marks the second request, in every spelling: a marker that stays would cause a loop. */
function removeBouncedParameter(rawQuery: string): string {
  return rawQuery
    .split('&')
    .filter((pair) => nameOf(pair) !== 'bounced')
    .join('&');
}

function nameOf(pair: string): string | undefined {
  const [name] = new URLSearchParams(pair).keys();
  return name?.toLowerCase();
}
