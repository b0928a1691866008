/** Requests that the real host answers itself. No function can have these paths. */

export interface HostAnswer {
  status: number;
  body?: string;
  /** A function that the answer starts. */
  starts?: string;
}

interface HostRequest {
  method: string;
  path: string;
  /** The header `x-functions-key`. */
  key: string | undefined;
}

/** Paths that need the master key. */
const protectedPath = /^\/(?:admin\/(?:host|functions|instance|vfs)|runtime\/webhooks)(?:\/|$)/i;
const reservedPath = /^\/(?:admin|runtime)(?:\/|$)/i;

/**
 * Returns the answer of the host to a path that it keeps for itself, or undefined for any other path. A host before
 * version 4.1052 passed `/admin`, `/admin/warmup` and `/runtime` to functions with a catch-all route.
 */
export function answerReservedPath(
  { method, path, key }: HostRequest,
  masterKey: string | undefined,
): HostAnswer | undefined {
  if (path.startsWith('//')) return { status: 404 };
  if (!reservedPath.test(path)) return undefined;
  if (/^\/admin\/host\/ping\/?$/i.test(path)) return { status: /^(?:GET|POST)$/i.test(method) ? 200 : 404 };
  if (!protectedPath.test(path)) return { status: 404 };
  if (masterKey === undefined || key !== masterKey) return { status: 401 };
  const [, starts] = /^\/admin\/functions\/([^/]+)\/?$/i.exec(path) ?? [];
  return method === 'POST' && starts !== undefined ? { status: 202, starts } : { status: 404 };
}

/** Stands for Microsoft's page, which has 150 KB. */
const homePage = '<!doctype html><title>Your Functions app is up and running</title>';

/** Returns the answer to a request that no function handles. */
export function answerUnhandled(path: string, isHomePageDisabled: boolean): HostAnswer {
  if (path !== '/') return { status: 404 };
  return isHomePageDisabled ? { status: 204 } : { status: 200, body: homePage };
}
