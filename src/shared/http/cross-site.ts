import { BffError, type RefusingRule } from '../errors.ts';
import { readMediaType } from '../policy/media-type.ts';
import { type BffRequest, isNavigation } from './request.ts';

/**
 * Which requests must prove, by the header `X-CSRF: 1` and the origin, that a page of this service made them. A page of
 * another site can send neither.
 * - `required`: every request. For endpoints that a script of this origin calls.
 * - `unless-navigation`: every request except navigations. For pages; the handler must not change anything on GET.
 * - `none`: no request. The handler must be safe for any site to call.
 */
export type CsrfProtection = 'required' | 'none' | 'unless-navigation';

/** Refuses requests without the proof that `csrf` requires. @throws {BffError} cross_site_request */
export function requireOwnRequest(request: BffRequest, csrf: CsrfProtection, origin: string): void {
  if (csrf === 'none' || (csrf === 'unless-navigation' && isNavigation(request))) return;
  if (request.header('x-csrf') !== '1') throw crossSiteRequest('csrf-header', 'Send the header X-CSRF: 1.');
  requireOwnOrigin(request, origin);
}

/**
 * For the form of this service. Requires its exact Origin. Its handler checks the hidden token.
 * @throws {BffError} cross_site_request
 */
export function requireOwnForm(request: BffRequest, origin: string): void {
  if (request.header('origin') !== origin)
    throw crossSiteRequest('origin', 'The form was not sent from a page of this service.');
  requireOwnOrigin(request, origin);
}

/**
 * Whether a page of this service, or the user at the address bar, started this navigation. Redirects do not change the
 * result (Fetch Metadata, 2.4), but a reload does. Browsers send `none` for the address bar, and also for links in a mail
 * program or a QR code. The user may not know the content of such a link.
 * @param choosesForUser the address names an account or suppresses the prompt
 * @param hasOwnCookie the request has a Strict cookie. It counts only if the browser sends no `Sec-Fetch-Site`.
 * Requests from other sites never carry it, but requests from other hosts of the same site do.
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
 * Refuses prefetches and prerenders, because they would redeem a code or start a sign-in without an action of the user.
 * @throws {BffError} request_invalid
 */
export function refuseSpeculation({ header }: BffRequest): void {
  if (/prefetch|prerender/i.test(`${header('sec-purpose') ?? ''} ${header('purpose') ?? ''}`)) {
    throw new BffError('request_invalid', {
      detail: 'A browser prefetch can neither begin nor finish a sign-in.',
    });
  }
}

/** A form is the only POST that a browser sends without a script, and therefore without the CSRF header. */
export function isForm({ method, header }: BffRequest): boolean {
  return (
    method === 'POST' && readMediaType(header('content-type') ?? '') === 'application/x-www-form-urlencoded'
  );
}

/**
 * Refuses images, frames, scripts and `fetch`, by which another site's page would use up the slots for login
 * transactions. Clients that do not send the headers pass. `empty` is a navigation that a service worker repeats with
 * `fetch`.
 */
export function requireWindow({ header }: BffRequest): void {
  const mode = header('sec-fetch-mode') ?? 'navigate';
  const destination = header('sec-fetch-dest') ?? 'document';
  if (mode === 'navigate' && (destination === 'document' || destination === 'empty')) return;
  throw crossSiteRequest('fetch-destination', 'Open this address in a window or tab.');
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
