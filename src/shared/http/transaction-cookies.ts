import {
  type StartedTransaction,
  TRANSACTION_COOKIE_SECONDS,
  type TransactionCookies,
  transactionSlots,
} from '../auth/transaction.ts';
import { type CookieNames, type Cookies, type CookieToSet, clearedCookie } from './cookies.ts';

export function readTransactionCookies(cookies: Cookies, names: CookieNames): TransactionCookies {
  const found = transactionSlots.flatMap((slot) => {
    const value = cookies.get(names.transaction(slot));
    return value === undefined ? [] : [[slot, value] as const];
  });
  return new Map(found);
}

export function transactionCookie(
  { slot, cookieValue }: StartedTransaction,
  names: CookieNames,
): CookieToSet {
  return { name: names.transaction(slot), value: cookieValue, maxAgeSeconds: TRANSACTION_COOKIE_SECONDS };
}

/**
 * What ends in a browser when its user signs out: the session, and every sign-in under way, which would sign them in again.
 * All of them: one may have begun while this answer was on its way.
 */
export function signedOutCookies(names: CookieNames): CookieToSet[] {
  return [names.session, ...transactionSlots.map((slot) => names.transaction(slot))].map(clearedCookie);
}
