import { createHash } from 'node:crypto';
import type { BffResponse } from '../http/response.ts';
import { type Html, html } from './html.ts';

const commonStyle = `
:root{color-scheme:light dark;--paper:#f6f7f9;--card:#fff;--ink:#16202c;--quiet:#55606e;--line:#dfe3e8;--accent:#0b5cad;--on-accent:#fff;--warn:#9a3412}
@media (prefers-color-scheme:dark){:root{--paper:#0f141a;--card:#171e26;--ink:#e8edf2;--quiet:#a3afbd;--line:#2b3541;--accent:#7cb8f5;--on-accent:#0b1520;--warn:#fdba74}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:52rem;margin:0 auto;padding:clamp(1rem,5vw,4rem) 1rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:clamp(1.1rem,4vw,2rem);margin:0 0 1.25rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .5rem;letter-spacing:-.01em}
h2{font-size:1.1rem;margin:0 0 .75rem}
p{margin:.5rem 0;overflow-wrap:anywhere}
.quiet{color:var(--quiet);font-size:.92rem}
.actions{display:flex;flex-wrap:wrap;gap:.6rem;margin-top:1.25rem}
.actions form{margin:0}
a{color:var(--accent)}
.button{display:inline-block;font:inherit;font-weight:600;padding:.6rem 1.1rem;border-radius:9px;border:1px solid var(--accent);background:var(--card);color:var(--accent);text-decoration:none;cursor:pointer}
.button.main{background:var(--accent);color:var(--on-accent)}
.button:hover{text-decoration:underline}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:4px}
dl{margin:0}
dl>div{padding:.65rem 0;border-top:1px solid var(--line)}
dl>div:first-child{border-top:0;padding-top:0}
@media (min-width:44rem){dl.columns{display:grid;grid-template-columns:1fr 1fr;column-gap:2.5rem}dl.columns>div:nth-child(2){border-top:0;padding-top:0}dl.columns>.whole{grid-column:1/-1}}
dt{font-weight:600}
dd{margin:.1rem 0 0;overflow-wrap:anywhere}
ul{margin:0;padding-left:1.2rem}
li{overflow-wrap:anywhere}
code{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:.88em}
.warn{color:var(--warn)}
`;

/** The one style is allowed by its hash, so that nothing injected can style or run (CSP level 3). */
function styleSource(style: string): string {
  return `'sha256-${createHash('sha256').update(style).digest('base64')}'`;
}

export interface Page {
  readonly title: string;
  readonly content: Html;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where the page's forms may lead, redirects included. None when left out. */
  readonly formTargets?: readonly string[];
  /** Of the page's one script; none when left out. */
  readonly scriptNonce?: string;
  /** The script makes requests, to this origin alone. */
  readonly callsOwnOrigin?: boolean;
  /** Beside the style of every page. */
  readonly style?: string;
  /** For pages of a popup, because popup and app must find each other. */
  readonly keepsOpener?: boolean;
}

/** A link for somebody else: shown to be followed and to be copied. */
export function administratorLink(href: string): Html {
  return html`<p><a href="${href}">Link for your administrator</a></p>
<p class="quiet"><code>${href}</code></p>`;
}

/** A page for a person. Its CSP has no `sandbox`, which would make the origin opaque and bounces loop. */
export function page({
  title,
  content,
  status = 200,
  headers = {},
  formTargets = [],
  scriptNonce,
  callsOwnOrigin = false,
  style: ownStyle = '',
  keepsOpener = false,
}: Page): BffResponse {
  const formAction = formTargets.length === 0 ? "'none'" : formTargets.join(' ');
  const style = commonStyle + ownStyle;
  const connectSource = callsOwnOrigin ? " connect-src 'self';" : '';
  const scriptSource = scriptNonce === undefined ? '' : ` script-src 'nonce-${scriptNonce}';`;
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
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src ${styleSource(style)};${scriptSource}${connectSource} base-uri 'none'; form-action ${formAction}; frame-ancestors 'none'`,
      // The window that opened this page can neither read nor navigate it.
      ...(keepsOpener ? {} : { 'cross-origin-opener-policy': 'same-origin' }),
      ...headers,
    },
    body: document.html,
  };
}
