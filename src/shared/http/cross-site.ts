import { BffError, type RefusingRule } from '../errors.ts';
import { readMediaType } from '../policy/media-type.ts';
import type { Embed } from '../proxy/embed.ts';
import { type BffRequest, isNavigation } from './request.ts';

/**
 * Which requests must prove that a page of this origin made them. The proof is the header `X-CSRF: 1`, together with
 * Origin and Fetch Metadata. A page of another site cannot provide it.
 * - `required`: every request. For endpoints that scripts of this origin call.
 * - `unless-navigation`: every request except navigations. For pages. The handler must not change anything on GET.
 * - `none`: no request. The handler must be safe even if another site's page calls it.
 */
export type CsrfProtection = 'required' | 'none' | 'unless-navigation';

/** Refuses requests without the proof that `csrf` requires. @throws {BffError} cross_site_request */
export function requireOwnRequest(request: BffRequest, csrf: CsrfProtection, origin: string): void {
  if (csrf === 'none' || (csrf === 'unless-navigation' && isNavigation(request))) return;
  if (request.header('x-csrf') !== '1') throw crossSiteRequest('csrf-header', 'Send the header X-CSRF: 1.');
  requireOwnOrigin(request, origin);
}

/**
 * How plain HTML of this origin uses the response, as the browser reports it in headers that no page can set. Undefined for
 * every other request, and if the browser does not send Fetch Metadata. `Sec-Fetch-Site: same-origin` alone would not be
 * enough: the page could be made to run the response as a script, a worker or a style sheet.
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function readEmbed(request: BffRequest, origin: string): Embed | undefined {
  const { method, header } = request;
  if (method !== 'GET' || header('x-csrf') !== undefined) return undefined;
  if (header('sec-fetch-site') !== 'same-origin' || (header('origin') ?? origin) !== origin) return undefined;
  if (isFileNavigation(request)) return 'download';
  // `<use>` loads an image in the mode `same-origin`, and WebKit runs what it loads, whatever its type is (measured).
  if (!/^(?:no-)?cors$/.test(header('sec-fetch-mode') ?? '')) return undefined;
  switch (header('sec-fetch-dest')) {
    case 'image':
      return 'image';
    case 'audio':
    case 'video':
      return 'media';
    default:
      return undefined;
  }
}

/** Whether the browser loads a window or saves a file. For the link of a download, the destination is `empty`. */
export function isFileNavigation({ method, header }: BffRequest): boolean {
  const destination = header('sec-fetch-dest');
  return (
    method === 'GET' &&
    header('sec-fetch-mode') === 'navigate' &&
    (destination === 'document' || destination === 'empty')
  );
}

/**
 * For this service's form, which is sent without `X-CSRF`. Requires the Origin header. The handler checks the hidden
 * token.
 * @throws {BffError} cross_site_request
 */
export function requireOwnForm(request: BffRequest, origin: string): void {
  if (request.header('origin') !== origin)
    throw crossSiteRequest('origin', 'The form was not sent from a page of this service.');
  requireOwnOrigin(request, origin);
}

/**
 * Whether a page of this service, or the user at the address bar, started this navigation. A redirect cannot make
 * another site's navigation look like one of this service (Fetch Metadata, 2.4), but a reload can. Browsers send
 * `Sec-Fetch-Site: none` for the address bar, but also for a link in a mail program or a QR code, whose parameters the
 * user may not have seen.
 * @param choosesForUser the URL names an account or suppresses the prompt. `none` is not enough for such a URL.
 * @param hasOwnCookie the request carries one of this service's Strict cookies. Used only if the browser does not send
 * `Sec-Fetch-Site`. Requests from other sites never carry it, but requests from sibling hosts do.
 */
export function isStartedHere(
  { header }: BffRequest,
  { choosesForUser, hasOwnCookie }: { readonly choosesForUser: boolean; readonly hasOwnCookie: boolean },
): boolean {
  const site = header('sec-fetch-site');
  if (site === undefined) return hasOwnCookie;
  return site === 'same-origin' || (site === 'none' && !choosesForUser);
}

/**
 * Refuses prefetches and prerenders. They would start a sign-in or redeem a code although the user has done nothing.
 * @throws {BffError} request_invalid
 */
export function refuseSpeculation({ header }: BffRequest): void {
  if (/prefetch|prerender/i.test(`${header('sec-purpose') ?? ''} ${header('purpose') ?? ''}`)) {
    throw new BffError('request_invalid', {
      detail: 'A browser prefetch can neither begin nor finish a sign-in.',
    });
  }
}

/** True for the POST of an HTML form. A form cannot add the CSRF header. */
export function isForm({ method, header }: BffRequest): boolean {
  return (
    method === 'POST' && readMediaType(header('content-type') ?? '') === 'application/x-www-form-urlencoded'
  );
}

/**
 * Refuses images, frames, scripts and `fetch`. Another site's page could otherwise use up the slots for login
 * transactions. Clients that do not send Fetch Metadata pass. The destination `empty` is allowed for a navigation that
 * a service worker repeats with `fetch`.
 * @throws {BffError} cross_site_request
 */
export function requireWindow({ header }: BffRequest): void {
  const mode = header('sec-fetch-mode') ?? 'navigate';
  const destination = header('sec-fetch-dest') ?? 'document';
  if (mode === 'navigate' && (destination === 'document' || destination === 'empty')) return;
  throw crossSiteRequest('fetch-destination', 'Open this URL in a window or tab.');
}

function requireOwnOrigin({ header }: BffRequest, origin: string): void {
  const sentOrigin = header('origin');
  if (sentOrigin !== undefined && sentOrigin !== origin)
    throw crossSiteRequest('origin', 'The request comes from another origin.');
  const site = header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin')
    throw crossSiteRequest('fetch-site', 'The request comes from another site.');
}

function crossSiteRequest(rule: RefusingRule, detail: string): BffError {
  return new BffError('cross_site_request', { detail, rules: [rule] });
}
