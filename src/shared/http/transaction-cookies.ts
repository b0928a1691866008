import {
  type StartedTransaction,
  TRANSACTION_COOKIE_SECONDS,
  type TransactionCookies,
  transactionSlots,
} from '../auth/transaction.ts';
import type { CookieNames, Cookies, CookieToSet } from './cookies.ts';

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
