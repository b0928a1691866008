import { type TransactionSlot, transactionSlots } from '../auth/login-transaction.ts';
import { BffError } from '../errors.ts';

/** Names of the cookies of this service. With TLS they begin with `__Host-`, which enforces Secure, Path=/ and no Domain. */
export interface CookieNames {
  readonly session: string;
  readonly logoutPending: string;
  readonly secure: boolean;
  transaction(slot: TransactionSlot): string;
}

export function cookieNames(baseUrl: string): CookieNames {
  const secure = baseUrl.startsWith('https://');
  const prefix = secure ? '__Host-' : '';
  return {
    session: `${prefix}session`,
    logoutPending: `${prefix}logout-pending`,
    secure,
    transaction: (slot) => `${prefix}tx-${slot}`,
  };
}

/** The cookies of a request by name. A name that was sent more than once is ambiguous and has no value. */
export interface Cookies {
  /** @throws {BffError} request_invalid if the header is too long */
  get(name: string): string | undefined;
  /** @throws {BffError} request_invalid if the header is too long */
  hasDuplicates(name: string): boolean;
}

const MAX_COOKIE_HEADER_BYTES = 16 * 1024;
/** Never reached, because the host refuses more than 32 KB of headers. */
const MANY_COOKIES_BYTES = 64 * 1024;

/**
 * Parses a Cookie header strictly, on first use. Functions that need no cookie therefore work with any header. A value
 * is used unchanged: with quotes, spaces or the comma of joined headers it is not a value that this service sealed.
 */
export function parseCookies(header: string | undefined, maxBytes = MAX_COOKIE_HEADER_BYTES): Cookies {
  let parsed: ReadonlyMap<string, readonly string[]> | undefined;
  const valuesOf = (name: string): readonly string[] => {
    parsed ??= readPairs(header ?? '', maxBytes);
    return parsed.get(name) ?? [];
  };
  return {
    get(name) {
      const [value, ...more] = valuesOf(name);
      return more.length === 0 ? value : undefined;
    },
    hasDuplicates(name) {
      const [value = '', ...more] = valuesOf(name);
      // The host joins several Cookie headers with a comma. Values of this service contain none. The value of
      // another cookie may contain one and is not counted.
      const joined = value.split(',').slice(1);
      return more.length > 0 || joined.some((text) => text.replace(/^[ \t]+/, '').startsWith(`${name}=`));
    },
  };
}

/** For sign-out, where a refusal would delete the cookie in the browser and leave the session on the server. */
export function parseManyCookies(header: string | undefined): Cookies {
  return parseCookies(header, MANY_COOKIES_BYTES);
}

function readPairs(header: string, maxBytes: number): ReadonlyMap<string, readonly string[]> {
  if (header.length > maxBytes) {
    throw new BffError('request_invalid', {
      detail:
        'This browser sent more than 16 KiB of cookies. It was asked to delete all cookies of this site. Sign in again.',
      clearsCookies: true,
    });
  }
  const values = new Map<string, string[]>();
  for (const [index, text] of header.split(';').entries()) {
    // One space separates two cookies (RFC 6265, 4.2.1). Any other character around a name belongs to it. To
    // the browser that stored it, `\u00a0__Host-session` is not a `__Host-` cookie, and any sibling host may
    // set it.
    const pair = index > 0 && text.startsWith(' ') ? text.slice(1) : text;
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    const name = pair.slice(0, equals);
    values.set(name, [...(values.get(name) ?? []), pair.slice(equals + 1)]);
  }
  return values;
}

/** The purpose of a cookie of this service, as in audit records. */
export type CookiePurpose = 'session' | 'login-transaction' | 'logout-pending';

/**
 * Returns the cookies of this service that were sent more than once. A browser does so only if another host of the site
 * has set one of them, and the request does not show which one.
 */
export function duplicateCookies(cookies: Cookies, names: CookieNames): readonly CookiePurpose[] {
  return cookiePurposes.filter((purpose) =>
    namesByPurpose(names)[purpose].some((name) => cookies.hasDuplicates(name)),
  );
}

const cookiePurposes: readonly CookiePurpose[] = ['session', 'login-transaction', 'logout-pending'];

/** All names under which this service sets cookies. */
export function serviceCookieNames(names: CookieNames): readonly string[] {
  return Object.values(namesByPurpose(names)).flat();
}

function namesByPurpose(names: CookieNames): Readonly<Record<CookiePurpose, readonly string[]>> {
  return {
    session: [names.session],
    'login-transaction': transactionSlots.map((slot) => names.transaction(slot)),
    'logout-pending': [names.logoutPending],
  };
}

/** A cookie to set. `maxAgeSeconds: 0` deletes it. Every cookie is HttpOnly and SameSite=Strict and has Path=/. */
export interface CookieToSet {
  readonly name: string;
  readonly value: string;
  readonly maxAgeSeconds: number;
}

export function clearedCookie(name: string): CookieToSet {
  return { name, value: '', maxAgeSeconds: 0 };
}
