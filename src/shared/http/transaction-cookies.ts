import {
  type TransactionCookie,
  type TransactionCookies,
  transactionSlots,
} from '../auth/login-transaction.ts';
import { type CookieNames, type Cookies, type CookieToSet, clearedCookie } from './cookies.ts';

export function readTransactionCookies(cookies: Cookies, names: CookieNames): TransactionCookies {
  const found = transactionSlots.flatMap((slot) => {
    const value = cookies.get(names.transaction(slot));
    return value === undefined ? [] : [[slot, value] as const];
  });
  return new Map(found);
}

export function transactionCookie(
  { slot, cookieValue, maxAgeSeconds }: TransactionCookie,
  names: CookieNames,
): CookieToSet {
  return { name: names.transaction(slot), value: cookieValue, maxAgeSeconds };
}

/**
 * Clears the session cookie. Also clears every login transaction, because a transaction could sign the user in again. Even
 * the slots whose cookies this request did not carry are cleared: a sign-in may begin before the browser receives this
 * response.
 */
export function signedOutCookies(names: CookieNames): CookieToSet[] {
  return [names.session, ...transactionSlots.map((slot) => names.transaction(slot))].map(clearedCookie);
}
