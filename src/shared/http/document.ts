import { createHash } from 'node:crypto';
import type { PageDocument } from '../pages/document.ts';
import type { BffResponse } from './response.ts';

/** @param headers added to the headers of every page */
export function documentResponse(
  document: PageDocument,
  headers: Readonly<Record<string, string>> = {},
): BffResponse {
  const { status, html, language, keepsOpener, refreshTo, sendsOrigin } = document;
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': toContentSecurityPolicy(document),
      // The window that opened this page can neither read nor navigate it.
      ...(keepsOpener ? {} : { 'cross-origin-opener-policy': 'same-origin' }),
      ...(refreshTo === undefined ? {} : { refresh: `0; url=${refreshTo}` }),
      // With `no-referrer`, the default of a page, Chromium would submit the form with `Origin: null`.
      ...(sendsOrigin ? { 'referrer-policy': 'same-origin' } : {}),
      ...headers,
      'content-language': language,
      // The texts depend on the languages that the browser prefers.
      vary: 'Cookie, Origin, Accept-Language',
    },
    body: html,
  };
}

/**
 * Only the page's own style (by its hash) and its own script (by its nonce) take effect, so injected styles and scripts do
 * not. `sandbox` is absent, because a page with an opaque origin sends no Strict cookies and would bounce endlessly.
 * @see https://www.w3.org/TR/CSP3/
 */
function toContentSecurityPolicy({ style, scriptNonce, callsOwnOrigin, formTargets }: PageDocument): string {
  const styleHash = createHash('sha256').update(style).digest('base64');
  return [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    // For the icon and the app's logo. A data URL causes no request.
    'img-src data:',
    ...(scriptNonce === undefined ? [] : [`script-src 'nonce-${scriptNonce}'`]),
    ...(callsOwnOrigin ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    `form-action ${formTargets === undefined ? "'none'" : formTargets.join(' ')}`,
    "frame-ancestors 'none'",
  ].join('; ');
}
