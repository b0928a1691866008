import { type Html, html } from './html.ts';
import type { Identity } from './identity.ts';
import type { Presentation } from './presentation.ts';

/**
 * An HTML page as a plain value, with what its response must allow. `http/document.ts` converts it to a response, which
 * forbids everything that is omitted here.
 */
export interface PageDocument {
  readonly status: number;
  readonly html: string;
  /** The language in which the page is written. */
  readonly language: string;
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
  /** True for pages through which a popup returns. They must stay connected to the app that opened the popup. */
  readonly keepsOpener?: boolean;
  /** Path and query that the browser loads immediately. */
  readonly refreshTo?: string;
}

export interface DocumentContent extends Omit<PageDocument, 'status' | 'html' | 'style' | 'language'> {
  /** Default 200. */
  readonly status?: number;
  readonly title: string;
  readonly content: Html;
  /** Default `centered`: one card in the middle of the window. */
  readonly layout?: 'centered' | 'wide';
  /** Added to the style of every page. */
  readonly style?: string;
}

/**
 * The icon of every page, in the accent of the app. It is in the page, because a URL would need another `img-src`, and a
 * browser without an icon requests `/favicon.ico`, which the CSP forbids.
 */
function iconOf({ accent }: Identity): string {
  return `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="${accent?.light ?? '#0b5cad'}"/><circle cx="16" cy="12" r="5" fill="#fff"/><path d="M6 27a10 9 0 0 1 20 0z" fill="#fff"/></svg>`,
  )}`;
}

/** Replaces the accent of common.css. {@link parseColor} has checked both colors. */
function styleOf({ accent }: Identity): string {
  if (accent === undefined) return '';
  const { light, dark } = accent;
  return `:root{--accent:${light}}@media (prefers-color-scheme:dark){:root{--accent:${dark}}}`;
}

/** The name stands beside the logo, so the logo needs no text of its own. */
function header({ name, logo }: Identity): Html | undefined {
  if (name === undefined) return undefined;
  return html`<p class="app">${logo && html`<img src="${logo}" alt="">`}<bdi>${name}</bdi></p>
`;
}

export function createDocument(
  { identity, language, direction }: Presentation,
  { status = 200, title, content, layout = 'centered', style: addedStyle = '', ...allowed }: DocumentContent,
): PageDocument {
  const style = __PAGE_ASSETS__.commonStyle + addedStyle + styleOf(identity);
  const document = html`<!doctype html>
<html lang="${language}" dir="${direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}${identity.name && ` · ${identity.name}`}</title>
<link rel="icon" href="${iconOf(identity)}">
<style>${{ html: style }}</style>
</head>
<body>
<main class="${layout}">
${header(identity)}${content}
</main>
</body>
</html>
`;
  return { status, html: document.html, language, style, ...allowed };
}

/** A link for an administrator, shown so that it can be opened or copied. */
export function administratorLink(href: string, label: string): Html {
  return html`<p><a href="${href}">${label}</a></p>
<p class="quiet"><code>${href}</code></p>`;
}

/** What support needs to find the request in the log. */
export function referenceLine(
  { text }: Presentation,
  label: 'label.code' | 'label.status',
  value: string,
  invocationId: string,
): Html {
  return html`<p class="quiet">${text(label)} <code>${value}</code> · ${text('label.reference')} <code>${invocationId}</code></p>`;
}
