/** Where a call of a library goes. */
export type Target =
  /** To this origin. The address is written as the library wrote it. */
  | { readonly kind: 'own'; readonly address: string }
  /** To another origin, such as the host of a file. */
  | { readonly kind: 'elsewhere'; readonly url: URL };

/** The addresses of Graph in Microsoft's clouds, which libraries put before their paths. */
const graphOrigin =
  /^https:\/\/(?:graph\.microsoft\.com|(?:dod-)?graph\.microsoft\.us|microsoftgraph\.chinacloudapi\.cn)(?=\/)/i;

/**
 * Decides where a call goes. URLs of Graph and paths of Graph, such as `/me`, become addresses below `graphPath` of this
 * origin. The text stays as it is otherwise, because `URL` would change it.
 * @param graphPath the path of the proxy, such as `/api/graph`
 * @throws {TypeError} for a relative path and for schemes other than http and https
 */
export function toTarget(text: string, origin: string, basePath: string): Target {
  const graphPath = `${basePath}/graph`;
  if (text.startsWith(`${origin}/`) || text.startsWith(`${basePath}/`)) return { kind: 'own', address: text };
  const path = text.replace(graphOrigin, '');
  if (path !== text) return { kind: 'own', address: graphPath + path };
  if (text.startsWith('/')) {
    const version = /^\/(?:v1\.0|beta)\//i.test(text) ? '' : '/v1.0';
    return { kind: 'own', address: graphPath + version + text };
  }
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) throw new TypeError('Not an address of Graph or of a file.');
  return url.origin === origin ? { kind: 'own', address: text } : { kind: 'elsewhere', url };
}
