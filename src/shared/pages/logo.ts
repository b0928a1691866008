import { Buffer } from 'node:buffer';

export const MAX_LOGO_BYTES = 32 * 1024;

export type LogoResult =
  | { readonly kind: 'logo'; readonly url: string }
  /** `issue` completes "the file …" with the problem and its fix. */
  | { readonly kind: 'invalid'; readonly issue: string };

/**
 * Turns an image into a `data:` URL for `<img>`. There, an SVG runs no script and loads nothing, so it is not searched
 * for either. The content decides about the type, not the name of the file.
 */
export function toLogo(bytes: Uint8Array): LogoResult {
  if (bytes.byteLength > MAX_LOGO_BYTES) {
    return invalid(`has ${bytes.byteLength} bytes; make it smaller, at most ${MAX_LOGO_BYTES}`);
  }
  const type = isPng(bytes) ? 'image/png' : isSvg(bytes) ? 'image/svg+xml' : undefined;
  if (type === undefined) {
    return invalid(
      'is neither a PNG nor an SVG file that begins with <svg xmlns="http://www.w3.org/2000/svg">; use such a file',
    );
  }
  return { kind: 'logo', url: `data:${type};base64,${Buffer.from(bytes).toString('base64')}` };
}

const invalid = (issue: string): LogoResult => ({ kind: 'invalid', issue });

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function isPng(bytes: Uint8Array): boolean {
  return pngSignature.equals(bytes.subarray(0, pngSignature.byteLength));
}

/** In `<img>`, an SVG without its namespace is a broken image. In the markup of a page it would not need one. */
function isSvg(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString('utf8');
  const start = text.replaceAll(/<!--.*?-->/gs, '').replace(/^\ufeff/, '');
  const [, attributes = ''] =
    /^\s*(?:<\?xml[^>]*>\s*)?(?:<!doctype[^>]*>\s*)?<svg(\s[^>]*)>/i.exec(start) ?? [];
  return /\sxmlns\s*=\s*["']http:\/\/www\.w3\.org\/2000\/svg["']/.test(attributes);
}
