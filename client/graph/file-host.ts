import type { Page } from '../page.ts';
import { readLink } from '../read-untrusted.ts';

/** The headers that hosts of files understand. All others stay here, such as the ids that libraries add for Graph. */
const passedOn = ['accept', 'content-range', 'content-type', 'if-match', 'if-none-match', 'range'];

/**
 * Sends a call to another origin, such as the host of a file, whose address is the only credential: without cookies, without
 * the address of this page and without headers that are for Graph or for this service.
 */
export async function fetchElsewhere(
  page: Pick<Page, 'fetch'>,
  url: URL,
  input: unknown,
  init: RequestInit,
): Promise<Response> {
  const request = input instanceof Request ? new Request(input, init) : undefined;
  const { method = 'GET', signal } = request ?? init;
  const all = new Headers((request ?? init).headers);
  const headers = new Headers();
  for (const name of passedOn) {
    const value = all.get(name);
    if (value !== null) headers.set(name, value);
  }
  // A stream could not be sent over HTTP/1.1.
  const body = request && !/^(GET|HEAD)$/i.test(method) ? await request.blob() : init.body;
  const response = await page.fetch(url, {
    method,
    headers,
    ...(body && { body }),
    ...(signal && { signal }),
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
  });
  return withoutServiceHeaders(response);
}

/** Another origin must not seem to report a problem of this service: its links would lead the user on. */
function withoutServiceHeaders(response: Response): Response {
  const names = [...response.headers.keys()].filter((name) => name.startsWith('bff-'));
  if (names.length === 0) return response;
  const { body, status, statusText } = response;
  const headers = new Headers(response.headers);
  for (const name of names) headers.delete(name);
  return new Response(body, { status, statusText, headers });
}

/**
 * Graph answers `…/content` with a redirect to the host of the file. The service turns it into JSON with the address, which a
 * library would take for the file. Returns the file instead.
 */
export async function followFileUrl(
  page: Pick<Page, 'fetch'>,
  response: Response,
  input: unknown,
  init: RequestInit,
): Promise<Response> {
  // A response to HEAD has no address.
  const method = init.method ?? (input instanceof Request ? input.method : 'GET');
  if (response.headers.get('bff-file-url') !== '1' || method.toUpperCase() !== 'GET') return response;
  const address = readLink(await response.json(), '@microsoft.graph.downloadUrl');
  if (address === undefined) throw new TypeError('The response has no address of a file.');
  const signal = init.signal ?? (input instanceof Request ? input.signal : null);
  const given = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
  const range = given.get('range');
  return fetchElsewhere(page, new URL(address), undefined, {
    ...(range !== null && { headers: { range } }),
    ...(signal && { signal }),
  });
}
