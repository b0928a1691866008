import { BffError, type RefusingRule } from '../errors.ts';
import { readMediaType } from '../proxy/media-type.ts';
import { type BffRequest, isNavigation } from './request.ts';

/**
 * Who may call a function with our cookie.
 * - `script`: requests of our own pages' scripts, which prove themselves by a header that a foreign page cannot send.
 * - `page`: the same, and navigations that a browser makes, which change nothing.
 * - `navigation`: only ever reached by navigations (login, callback); nothing is proved and nothing is assumed.
 */
export type Caller = 'script' | 'page' | 'navigation';

/** Refuses what does not prove that it is ours (CS-1, CS-2). @throws {BffError} cross_site_request */
export function requireOwnRequest(request: BffRequest, caller: Caller, origin: string): void {
  if (caller === 'navigation' || (caller === 'page' && isNavigation(request))) return;
  if (request.header('x-csrf') !== '1') throw refused('csrf-header', 'Send the header X-CSRF: 1.');
  requireOwnOrigin(request, origin);
}

/** Our own form: an exact Origin; the hidden token is its function's to check. @throws {BffError} cross_site_request */
export function requireOwnForm(request: BffRequest, origin: string): void {
  if (request.header('origin') !== origin)
    throw refused('origin', 'The form was not sent from a page of this service.');
  requireOwnOrigin(request, origin);
}

/** A form is the one POST that a browser makes without a script's header. */
export function isForm({ method, header }: BffRequest): boolean {
  return (
    method === 'POST' && readMediaType(header('content-type') ?? '') === 'application/x-www-form-urlencoded'
  );
}

function requireOwnOrigin({ header }: BffRequest, origin: string): void {
  const sentOrigin = header('origin');
  if (sentOrigin !== undefined && sentOrigin !== origin)
    throw refused('origin', 'The request comes from another origin.');
  const site = header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin')
    throw refused('fetch-site', 'The request comes from another site.');
}

function refused(rule: RefusingRule, detail: string): BffError {
  return new BffError('cross_site_request', { detail, rules: [rule] });
}
