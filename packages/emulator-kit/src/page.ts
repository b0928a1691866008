import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Html, html } from './html.ts';
import type { Reply } from './http.ts';

const style = readFileSync(new URL('page.css', import.meta.url), 'utf8');

export interface Page {
  readonly title: string;
  /** What the emulator stands in for. */
  readonly brand?: string;
  readonly content: Html;
  /** `card` for one question, `wide` for pages that are read. */
  readonly layout?: 'card' | 'wide';
  readonly status?: number;
  /** The page's only script, for what cannot be done without one. */
  readonly script?: string;
  /** Origins that hidden frames may load. */
  readonly frameOrigins?: readonly string[];
  readonly headers?: Record<string, string>;
}

/** A whole page in the emulator's frame, under a policy that lets nothing else in. */
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
${layout === 'card' && html`<footer><p>For development. No password is asked here and nothing leaves this computer.</p></footer>`}
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
      // Entra's. Stricter ones turn the Origin of our own forms into null.
      'referrer-policy': 'strict-origin-when-cross-origin',
      ...headers,
    },
    body: document.markup,
  };
}

const sha256Source = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

/** The letters that stand in for a portrait. */
export function initialsOf(name: string): string {
  return name
    .split(' ')
    .map((word) => word[0] ?? '')
    .join('')
    .slice(0, 2)
    .toUpperCase();
}
