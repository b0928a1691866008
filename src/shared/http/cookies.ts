import { type TransactionSlot, transactionSlots } from '../auth/login-transaction.ts';
import { BffError } from '../errors.ts';

/**
 * Names of this service's cookies. With TLS they begin with `__Host-`: browsers then require Secure, Path=/ and no
 * Domain.
 */
export interface CookieNames {
  readonly session: string;
  readonly logoutPending: string;
  readonly secure: boolean;
  transaction(slot: TransactionSlot): string;
  readonly byPurpose: Readonly<Record<CookiePurpose, readonly string[]>>;
}

export function cookieNames(baseUrl: string): CookieNames {
  const secure = baseUrl.startsWith('https://');
  const prefix = secure ? '__Host-' : '';
  const session = `${prefix}session`;
  const logoutPending = `${prefix}logout-pending`;
  const transaction = (slot: TransactionSlot) => `${prefix}tx-${slot}`;
  const byPurpose = {
    session: [session],
    'login-transaction': transactionSlots.map(transaction),
    'logout-pending': [logoutPending],
  };
  return { session, logoutPending, secure, transaction, byPurpose };
}

/** The cookies of a request, by name. A name that was sent more than once is ambiguous: `get` returns undefined. */
export interface Cookies {
  /** @throws {BffError} request_invalid if the header is too long */
  get(name: string): string | undefined;
  /** @throws {BffError} request_invalid if the header is too long */
  hasDuplicates(name: string): boolean;
}

const MAX_COOKIE_HEADER_BYTES = 16 * 1024;
/** A limit that is never reached, because the host refuses more than 32 KB of headers. */
const MAX_LONG_COOKIE_HEADER_BYTES = 64 * 1024;

/**
 * Parses a Cookie header on first use, so a function that reads no cookie works even with an oversized header. Values are
 * not unquoted or trimmed, so a value with quotes, spaces or the comma of joined headers does not open later.
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
      const [value, ...more] = valuesOf(name);
      if (value === undefined) return false;
      // The host joins several Cookie headers with a comma, so a duplicate may be inside this value. The values that this
      // service writes contain no comma.
      const joined = value.split(',').slice(1);
      return more.length > 0 || joined.some((text) => text.replace(/^[ \t]+/, '').startsWith(`${name}=`));
    },
  };
}

/**
 * For sign-out, which must work even with an oversized header. A refusal would make the browser delete its cookies, while
 * the session would stay on the server.
 */
export function parseLongCookies(header: string | undefined): Cookies {
  return parseCookies(header, MAX_LONG_COOKIE_HEADER_BYTES);
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
    // One space separates two cookies (RFC 6265, 4.2.1). Any other character around a name belongs to the name. For a
    // browser, `\u00a0__Host-session` does not begin with `__Host-`, so a sibling host may set it.
    const pair = index > 0 && text.startsWith(' ') ? text.slice(1) : text;
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    const name = pair.slice(0, equals);
    values.set(name, [...(values.get(name) ?? []), pair.slice(equals + 1)]);
  }
  return values;
}

/** The purpose of one of this service's cookies, as in audit records. */
export type CookiePurpose = 'session' | 'login-transaction' | 'logout-pending';

/**
 * Returns the purposes of this service's cookies that were sent more than once. This happens only if a sibling host has
 * set a cookie of the same name. The request does not show which one is genuine.
 */
export function duplicateCookies(cookies: Cookies, names: CookieNames): readonly CookiePurpose[] {
  return cookiePurposes.filter((purpose) =>
    names.byPurpose[purpose].some((name) => cookies.hasDuplicates(name)),
  );
}

const cookiePurposes: readonly CookiePurpose[] = ['session', 'login-transaction', 'logout-pending'];

/** All names under which this service sets cookies. */
export function serviceCookieNames(names: CookieNames): readonly string[] {
  return Object.values(names.byPurpose).flat();
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
