import { type Html, html } from './html.ts';

/**
 * An HTML page as a plain value, with what its response must allow. `http/document.ts` converts it to a response, which
 * forbids everything that is omitted here.
 */
export interface PageDocument {
  readonly status: number;
  readonly html: string;
  /** Text of the one inline style sheet. */
  readonly style: string;
  /** Nonce of the one inline script. Omitted: no script runs. */
  readonly scriptNonce?: string;
  /** True if the script sends requests, which go to this origin only. */
  readonly callsOwnOrigin?: boolean;
  /** CSP sources that forms may submit to, redirects included. Omitted: no form can be submitted. */
  readonly formTargets?: readonly string[];
  /** True if the server checks the `Origin` header of the page's form. */
  readonly sendsOrigin?: boolean;
  /** True for pages of a popup, which must stay connected to the app that opened it. */
  readonly keepsOpener?: boolean;
  /** Path and query that the browser loads immediately. */
  readonly refreshTo?: string;
}

export interface DocumentContent extends Omit<PageDocument, 'status' | 'html' | 'style'> {
  /** Default 200. */
  readonly status?: number;
  readonly title: string;
  readonly content: Html;
  /** Added to the style of every page. */
  readonly style?: string;
}

export function createDocument({
  status = 200,
  title,
  content,
  style: addedStyle = '',
  ...allowed
}: DocumentContent): PageDocument {
  const style = __PAGE_ASSETS__.commonStyle + addedStyle;
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${{ html: style }}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`;
  return { status, html: document.html, style, ...allowed };
}

/** A link for an administrator, shown so that it can be opened or copied. */
export function administratorLink(href: string): Html {
  return html`<p><a href="${href}">Link for your administrator</a></p>
<p class="quiet"><code>${href}</code></p>`;
}
