import { readFileSync, realpathSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

const contentSecurityPolicy = (fileHosts: readonly string[]) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    ["connect-src 'self'", ...fileHosts].join(' '),
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');

/**
 * Serves the files of one folder to GET and HEAD, like a static site next to the functions. Returns `false` and sends
 * nothing if no file has the address.
 * @param fileHosts origins from which scripts of these pages may read files. `no-policy` sends no content security policy,
 * for pages that have their own.
 */
export function serveFolder(folder: string, fileHosts: readonly string[] | 'no-policy' = []) {
  const policy =
    fileHosts === 'no-policy' ? {} : { 'content-security-policy': contentSecurityPolicy(fileHosts) };
  const root = realpathSync(folder) + sep;

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const file = findFile(root, request.url ?? '');
    const contentType = contentTypes[extname(file ?? '')];
    if (file === undefined || contentType === undefined) return false;
    const body = readFileSync(file);
    response.writeHead(200, {
      'content-type': contentType,
      'content-length': body.length,
      ...policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
    return true;
  };
}

/** Accepts plain names only, so nothing is decoded and `..` never occurs. The real path reveals links that lead outside. */
function findFile(root: string, target: string): string | undefined {
  const path = target.split('?')[0] === '/' ? '/index.html' : (target.split('?')[0] ?? '');
  if (!/^(\/[\w-][\w.-]*)+$/.test(path)) return undefined;
  try {
    const file = realpathSync(join(root, path));
    return file.startsWith(root) && statSync(file).isFile() ? file : undefined;
  } catch {
    return undefined;
  }
}
