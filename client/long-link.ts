/** The server refuses a request line of more than 8,192 bytes. */
const MAX_URL_LENGTH = 8000;

/**
 * Returns what a call is sent to. A link of Graph that is too long for a request line is sent to its path, and path and query
 * go into a header. The server accepts that only for a link to which it has added a message authentication code.
 * @param request what the caller passed in place of the URL
 */
export function toTarget(
  url: URL,
  request: Request | undefined,
  { href: graphRoot }: URL,
): readonly [target: URL | Request, link?: string] {
  const { href, origin, pathname } = url;
  if (href.length <= MAX_URL_LENGTH || !href.startsWith(graphRoot) || !href.includes('bff_link=')) {
    return [request ?? url];
  }
  const shortUrl = new URL(origin + pathname);
  return [request ? new Request(shortUrl, request) : shortUrl, href.slice(graphRoot.length - 1)];
}
