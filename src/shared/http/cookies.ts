import type { TransactionSlot } from '../auth/transaction.ts';
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

/** The cookies of a request by name. A name that came twice is ambiguous and counts as absent (SC-8). */
export interface Cookies {
  get(name: string): string | undefined;
  /** Present in any number, readable or not: worth clearing. */
  has(name: string): boolean;
}

const MAX_COOKIE_HEADER_BYTES = 16 * 1024;

/**
 * Reads a Cookie header strictly: a value is used as it stands, so that quotes, spaces or a comma from joined headers
 * make it a value that nobody sealed.
 */
export function parseCookies(header: string | undefined): Cookies {
  if (header !== undefined && header.length > MAX_COOKIE_HEADER_BYTES) {
    throw new BffError('request_invalid', { detail: 'The cookies of this site are too large. Delete them.' });
  }
  const values = new Map<string, string[]>();
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    const name = pair.slice(0, equals).trimStart();
    const known = values.get(name);
    if (known) known.push(pair.slice(equals + 1));
    else values.set(name, [pair.slice(equals + 1)]);
  }
  return {
    get(name) {
      const found = values.get(name);
      return found?.length === 1 ? found[0] : undefined;
    },
    has: (name) => values.has(name),
  };
}

/** A cookie to set; `maxAgeSeconds: 0` deletes it. HttpOnly, SameSite=Strict and Path=/ go without saying. */
export interface CookieToSet {
  readonly name: string;
  readonly value: string;
  readonly maxAgeSeconds: number;
}

export function clearedCookie(name: string): CookieToSet {
  return { name, value: '', maxAgeSeconds: 0 };
}
