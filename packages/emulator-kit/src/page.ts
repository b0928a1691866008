import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Html, html } from './html.ts';
import type { Reply } from './http.ts';

const style = readFileSync(new URL('page.css', import.meta.url), 'utf8');

export interface Page {
  readonly title: string;
  /** The name of the emulated service. */
  readonly brand?: string;
  readonly content: Html;
  /** `card` for one question, `wide` for pages with much text. */
  readonly layout?: 'card' | 'wide';
  readonly status?: number;
  /** The page's only script. */
  readonly script?: string;
  /** The origins of hidden frames. */
  readonly frameOrigins?: readonly string[];
  readonly headers?: Record<string, string>;
}

/** Returns a page with the emulators' layout and a content security policy that allows nothing else. */
export function pageReply({
  title,
  brand = 'Sign-in',
  content,
  layout = 'card',
  status = 200,
  script,
  frameOrigins = [],
  headers = {},
}: Page): Reply {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} - ${brand} emulator</title>
<link rel="icon" href="data:,">
<style>${{ markup: style }}</style>
</head>
<body class="${layout}">
<header class="brand">
<span class="brand-name">${brand}</span>
<span class="brand-badge">Emulator - not Microsoft</span>
</header>
<main>
${content}
</main>
${layout === 'card' && html`<footer><p>For development. This page asks for no password and sends nothing outside this computer.</p></footer>`}
${script !== undefined && html`<script>${{ markup: script }}</script>`}
</body>
</html>
`;
  const policy = [
    "default-src 'none'",
    `style-src '${sha256Source(style)}'`,
    'img-src data:',
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ...(script === undefined ? [] : [`script-src '${sha256Source(script)}'`]),
    ...(frameOrigins.length === 0 ? [] : [`frame-src ${frameOrigins.join(' ')}`]),
  ];
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      // The policy of Entra ID. With a stricter one, browsers send `Origin: null` with the forms.
      'referrer-policy': 'strict-origin-when-cross-origin',
      ...headers,
    },
    body: document.markup,
  };
}

const sha256Source = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

/** The initials that are shown instead of a photo. */
export function initialsOf(name: string): string {
  return name
    .split(' ')
    .map((word) => word[0] ?? '')
    .join('')
    .slice(0, 2)
    .toUpperCase();
}
