import { createHash } from 'node:crypto';
import type { Handler } from '../shared/http/endpoint.ts';

/**
 * The browser client, one ES module. It is the only response that a browser may cache, and it is revalidated on every
 * use.
 */
export const client = (source: string): Handler<undefined> => {
  const etag = `"${createHash('sha256').update(source).digest('base64url').slice(0, 22)}"`;
  const headers = {
    etag,
    'cache-control': 'no-cache',
    'content-type': 'text/javascript; charset=utf-8',
    vary: 'Origin',
  };
  return ({ header }) =>
    header('if-none-match')?.replace(/^W\//, '') === etag
      ? { status: 304, headers }
      : { status: 200, headers, body: source };
};
