import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { documentResponse } from '../../../src/shared/http/document.ts';
import type { PageDocument } from '../../../src/shared/pages/document.ts';

const style = 'p{margin:0}';
const document: PageDocument = { status: 200, html: '<!doctype html>', language: 'de', style };
const styleHash = createHash('sha256').update(style).digest('base64');

function policyOf(page: PageDocument): readonly string[] {
  return (documentResponse(page).headers?.['content-security-policy'] ?? '').split('; ');
}

describe('documentResponse', () => {
  it('allows only the style and the icon of a plain document', () => {
    expect(policyOf(document)).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${styleHash}'`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
  });

  it('allows the script, the calls and the form targets that the document names', () => {
    const policy = policyOf({
      ...document,
      scriptNonce: 'abc',
      callsOwnOrigin: true,
      formTargets: ["'self'", 'https://login.example'],
    });
    expect(policy).toContain("script-src 'nonce-abc'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("form-action 'self' https://login.example");
  });

  it('separates the page from its opener unless it is a page of a popup', () => {
    const header = (page: PageDocument) => documentResponse(page).headers?.['cross-origin-opener-policy'];
    expect(header(document)).toBe('same-origin');
    expect(header({ ...document, keepsOpener: true })).toBeUndefined();
  });

  it('names the language, and that it depends on the request', () => {
    const { headers } = documentResponse(document, { vary: 'Cookie' });
    expect(headers).toMatchObject({ 'content-language': 'de', vary: 'Cookie, Origin, Accept-Language' });
  });

  it('adds the headers of the caller to those of the document', () => {
    const { headers } = documentResponse({ ...document, refreshTo: '/a?bounced=1' }, { 'retry-after': '30' });
    expect(headers).toMatchObject({ refresh: '0; url=/a?bounced=1', 'retry-after': '30' });
  });
});
