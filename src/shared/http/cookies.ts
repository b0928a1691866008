import { type TransactionSlot, transactionSlots } from '../auth/transaction.ts';
import { BffError } from '../errors.ts';

/** A `__Host-` cookie carries its rules in its name: Secure, Path=/, no Domain. Without TLS, in development, plain. */
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

/** The cookies of a request by name. A name that came more than once is ambiguous and has no value (SC-8). */
export interface Cookies {
  /** @throws {BffError} request_invalid, for more cookies than are read */
  get(name: string): string | undefined;
  /** @throws {BffError} request_invalid, for more cookies than are read */
  cameTwice(name: string): boolean;
}

const MAX_COOKIE_HEADER_BYTES = 16 * 1024;
/** All that the host lets through: it refuses more than 32 KB of headers itself. */
const MAX_WHEN_LEAVING_BYTES = 64 * 1024;

/**
 * Reads a Cookie header strictly, when it is first asked for: functions that need no cookie answer whatever the header is.
 * A value is used as it stands, so that quotes, spaces or a comma from joined headers make it a value that nobody sealed.
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
    cameTwice(name) {
      const [value = '', ...more] = valuesOf(name);
      // The host joins several Cookie headers with a comma. No value of ours has one; a foreign value may, and does not count.
      const joined = value.split(',').slice(1);
      return more.length > 0 || joined.some((text) => text.replace(/^[ \t]+/, '').startsWith(`${name}=`));
    },
  };
}

/** For the one who wants to leave: a refusal would delete the cookie in the browser and leave the session on the server. */
export function parseCookiesOfLeaving(header: string | undefined): Cookies {
  return parseCookies(header, MAX_WHEN_LEAVING_BYTES);
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
    // One space stands between two cookies (RFC 6265, 4.2.1). Whatever else surrounds a name belongs to it: to the browser
    // that stored it, `\u00a0__Host-session` is no `__Host-` cookie, and any sibling host may set it.
    const pair = index > 0 && text.startsWith(' ') ? text.slice(1) : text;
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    const name = pair.slice(0, equals);
    const known = values.get(name);
    if (known) known.push(pair.slice(equals + 1));
    else values.set(name, [pair.slice(equals + 1)]);
  }
  return values;
}

/** What a cookie of ours is for, as audit records say it. */
export type CookiePurpose = 'session' | 'login-transaction' | 'logout-pending';

/**
 * The cookies of ours that came more than once. No browser does so with cookies of this service alone: somebody else set
 * one of them, and nothing in the request tells which.
 */
export function cookiesSentTwice(cookies: Cookies, names: CookieNames): readonly CookiePurpose[] {
  const ours: Record<CookiePurpose, readonly string[]> = {
    session: [names.session],
    'login-transaction': transactionSlots.map((slot) => names.transaction(slot)),
    'logout-pending': [names.logoutPending],
  };
  return cookiePurposes.filter((purpose) => ours[purpose].some((name) => cookies.cameTwice(name)));
}

const cookiePurposes: readonly CookiePurpose[] = ['session', 'login-transaction', 'logout-pending'];

/** A cookie to set; `maxAgeSeconds: 0` deletes it. HttpOnly, SameSite=Strict and Path=/ go without saying. */
export interface CookieToSet {
  readonly name: string;
  readonly value: string;
  readonly maxAgeSeconds: number;
}

export function clearedCookie(name: string): CookieToSet {
  return { name, value: '', maxAgeSeconds: 0 };
}
