import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { MAX_LOGO_BYTES, toLogo } from '../../../src/shared/pages/logo.ts';

const namespace = 'xmlns="http://www.w3.org/2000/svg"';
const svg = `<svg ${namespace} viewBox="0 0 1 1"/>`;
const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

const logoOf = (content: string | Buffer) => toLogo(Buffer.from(content));

/** The bytes in a `data:` URL. */
function contentOf(content: string | Buffer): string | undefined {
  const result = logoOf(content);
  if (result.kind !== 'logo') return undefined;
  return Buffer.from(result.url.split(',')[1] ?? '', 'base64').toString();
}

describe('a logo', () => {
  it.each([
    ['an SVG', svg],
    [
      'an SVG with a declaration, a document type and comments',
      `\ufeff<?xml version="1.0"?>\n<!-- by x -->\n<!DOCTYPE svg PUBLIC "a" "b">\n<!-- <x> -->${svg}`,
    ],
    [
      'an SVG with its namespace on another line',
      `<svg\n  viewBox='0 0 1 1'\n  xmlns='http://www.w3.org/2000/svg'>\n</svg>`,
    ],
  ])('can be %s, which stays as it is', (_what, content) => {
    expect(logoOf(content)).toMatchObject({
      url: expect.stringMatching(/^data:image\/svg\+xml;base64,[\w+/=]+$/),
    });
    expect(contentOf(content)).toBe(content);
  });

  it('can be a PNG', () => {
    expect(logoOf(png)).toMatchObject({ url: `data:image/png;base64,${png.toString('base64')}` });
  });

  it('has no character that could end the attribute, whatever the file contains', () => {
    const hostile = `<svg ${namespace} onload="alert(1)"><script>alert(1)</script>"><img src=x onerror=alert(1)></svg>`;
    expect(logoOf(hostile)).toMatchObject({
      url: expect.stringMatching(/^data:image\/svg\+xml;base64,[\w+/=]+$/),
    });
  });

  it('has at most 32 KiB', () => {
    const padded = (length: number) => svg.padEnd(length);
    expect(logoOf(padded(MAX_LOGO_BYTES)).kind).toBe('logo');
    expect(logoOf(padded(MAX_LOGO_BYTES + 1))).toEqual({
      kind: 'invalid',
      issue: 'has 32769 bytes; make it smaller, at most 32768',
    });
  });
});

describe('refuses', () => {
  it.each([
    ['an empty file', ''],
    ['text', 'logo'],
    ['HTML', `<html><body>${svg}</body></html>`],
    ['an SVG without its namespace, which would not be shown', '<svg viewBox="0 0 1 1"/>'],
    ['an SVG with its namespace elsewhere', `<svg viewBox="0 0 1 1"><g ${namespace}/></svg>`],
    ['another XML document', `<?xml version="1.0"?><rss ${namespace}/>`],
    ['a JPEG', Buffer.from('ffd8ffe000104a464946', 'hex')],
    ['a GIF', Buffer.from('GIF89a')],
    ['half a signature', png.subarray(0, 7)],
  ])('%s', (_what, content) => {
    expect(logoOf(content)).toMatchObject({
      kind: 'invalid',
      issue: expect.stringMatching(/^is neither a PNG nor an SVG/),
    });
  });
});
