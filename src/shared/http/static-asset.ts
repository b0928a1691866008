import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { BffRequest } from './request.ts';
import type { BffResponse } from './response.ts';

/** A file that is the same for every user and contains no secret. */
export interface StaticAsset {
  readonly contentType: string;
  readonly text: string;
}

/** A content coding. `identity` is the text as it is. */
type Coding = 'br' | 'gzip' | 'identity';

/** The one with the smallest result first. */
const codings: readonly Coding[] = ['br', 'gzip', 'identity'];

/**
 * Responds with an asset, compressed if the browser accepts it. Browsers may cache it, and revalidate it on every use. Each
 * representation is compressed once, at its first request, and has its own ETag (RFC 9110, 8.8.3.3).
 *
 * Only static assets are compressed. If a response contains both a secret and text that an attacker chose, its
 * compressed length can reveal the secret (BREACH, https://www.breachattack.com). So an asset must contain nothing
 * about a user or a request.
 */
export function serveStaticAsset({
  contentType,
  text,
}: StaticAsset): (request: Pick<BffRequest, 'method' | 'header'>) => Promise<BffResponse> {
  const identity = Buffer.from(text);
  const hash = createHash('sha256').update(identity).digest('base64url').slice(0, 22);
  const compressed = new Map<Coding, Promise<Uint8Array>>();
  const bodyIn = (coding: Coding) => {
    const known = compressed.get(coding);
    if (known !== undefined) return known;
    const body = compress(coding, identity);
    compressed.set(coding, body);
    // After a failure, for example for lack of memory, the next request tries again.
    body.catch(() => compressed.delete(coding));
    return body;
  };

  return async ({ method, header }) => {
    const coding = chooseCoding(header('accept-encoding'));
    const etag = `"${hash}${coding === 'identity' ? '' : `-${coding}`}"`;
    const headers = {
      etag,
      'cache-control': 'no-cache',
      vary: 'Accept-Encoding, Origin',
      'content-type': contentType,
    };
    if (matchesEtag(header('if-none-match'), etag)) return { status: 304, headers };
    const encoded = coding === 'identity' ? headers : { ...headers, 'content-encoding': coding };
    return method === 'HEAD'
      ? { status: 200, headers: encoded }
      : { status: 200, headers: encoded, body: await bodyIn(coding) };
  };
}

async function compress(coding: Coding, bytes: Buffer): Promise<Uint8Array> {
  switch (coding) {
    case 'br':
      return promisify(brotliCompress)(bytes);
    case 'gzip':
      return promisify(gzip)(bytes, { level: 9 });
    case 'identity':
      return bytes;
  }
}

/**
 * Returns the coding with the highest weight. Of several with this weight, returns the first one of {@link codings}.
 * Returns `identity` if the header is missing: any coding is then allowed, but clients that omit the header often
 * cannot decode the others. @see RFC 9110, 12.5.3
 */
function chooseCoding(header: string | undefined): Coding {
  const weights = new Map((header ?? '').split(',').map(readWeight));
  const weightOf = (coding: Coding) => {
    const alias = coding === 'gzip' ? weights.get('x-gzip') : undefined;
    // If the header names neither the coding nor `*`, only `identity` is accepted, with a weight below all others.
    return weights.get(coding) ?? alias ?? weights.get('*') ?? (coding === 'identity' ? 0.0001 : 0);
  };
  const accepted = codings.filter((coding) => weightOf(coding) > 0);
  const [best = 'identity'] = accepted.toSorted((left, right) => weightOf(right) - weightOf(left));
  return best;
}

/** `gzip;q=0.5` → `['gzip', 0.5]`. A weight that cannot be read counts as 0. */
function readWeight(text: string): readonly [string, number] {
  const [name = '', ...parameters] = text.toLowerCase().split(';');
  const weight = parameters
    .map((parameter) => parameter.trim())
    .find((parameter) => parameter.startsWith('q='));
  const valid = weight === undefined ? '1' : /^q=([01](?:\.\d{0,3})?)$/.exec(weight)?.[1];
  return [name.trim(), Number(valid ?? 0)];
}

/** Compares weakly, because a server in front may have weakened the tag. @see RFC 9110, 13.1.2 */
function matchesEtag(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
