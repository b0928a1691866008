import { Buffer } from 'node:buffer';
import { equalBytes } from '../crypto/keyed-hash.ts';
import type { RandomBytes } from '../crypto/seal.ts';
import type { TextSealer } from '../crypto/sealed-text.ts';
import { defaultReturnPath, parseReturnPath, type ReturnPath } from './return-path.ts';

/** State, nonce and code verifier between the redirect to Entra and the callback; kept by the browser, sealed. */
export interface LoginTransaction {
  readonly state: string;
  readonly startedAt: Date;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly returnPath: ReturnPath;
  /** What is asked beside the scopes of every sign-in, which the policy knows: cookies are small. */
  readonly scopes: readonly string[];
  /** The feature whose permissions were asked for. */
  readonly feature?: string;
  /** How often this sign-in has restarted by itself. */
  readonly restarts: number;
}

/** One of the five cookies that a browser may hold transactions in, so that tabs do not clash and none pile up. */
export type TransactionSlot = 0 | 1 | 2 | 3 | 4;

export const transactionSlots: readonly TransactionSlot[] = [0, 1, 2, 3, 4];

export interface StartedTransaction {
  readonly transaction: LoginTransaction;
  readonly slot: TransactionSlot;
  readonly cookieValue: string;
}

/** What is in the browser's transaction cookies, by slot. */
export type TransactionCookies = ReadonlyMap<TransactionSlot, string>;

export interface Transactions {
  start(
    wish: Pick<LoginTransaction, 'returnPath' | 'scopes' | 'restarts'> & { feature?: string },
    cookies: TransactionCookies,
  ): StartedTransaction;
  /** The transaction of this state, or undefined: none, expired, of another browser, or of another app registration. */
  open(state: State, cookies: TransactionCookies): LoginTransaction | undefined;
}

export interface TransactionNeeds {
  /** Of purpose `login-transaction`. */
  readonly sealer: TextSealer;
  readonly random: RandomBytes;
  readonly now: () => Date;
  /** Authority, client and redirect URI: a transaction of another registration is no transaction (CVE-2026-73419). */
  readonly boundTo: readonly string[];
  readonly origin: string;
}

const SECRET_BYTES = 32;
/** Long enough for a person with a second factor, short enough for a shared computer (LR-2: at most 15). */
export const TRANSACTION_LIFETIME_SECONDS = 15 * 60;

export function createTransactions({ sealer, random, now, boundTo, origin }: TransactionNeeds): Transactions {
  const secret = () => random(SECRET_BYTES).toString('base64url');
  const sealedTo = (slot: TransactionSlot) => [...boundTo, String(slot)];
  const openSlot = (slot: TransactionSlot, cookies: TransactionCookies) => {
    const value = cookies.get(slot);
    const opened = value === undefined ? undefined : sealer.open(value, sealedTo(slot));
    return opened === undefined ? undefined : parseStored(opened, origin);
  };

  const chooseSlot = (cookies: TransactionCookies): TransactionSlot => {
    const opened = transactionSlots.map((slot) => ({ slot, stored: openSlot(slot, cookies) }));
    const free = opened.filter(({ stored }) => stored === undefined);
    if (free.length > 0) {
      // By chance, not the first: a login opened from another site sees no Strict cookie and would hit a tab's slot.
      return (free[random(1).readUInt8(0) % free.length] ?? { slot: 0 as const }).slot;
    }
    const oldest = opened.reduce((left, right) =>
      (left.stored?.startedAt.getTime() ?? 0) <= (right.stored?.startedAt.getTime() ?? 0) ? left : right,
    );
    return oldest.slot;
  };

  return {
    start({ returnPath, scopes, restarts, feature }, cookies) {
      const slot = chooseSlot(cookies);
      const startedAt = now();
      const transaction: LoginTransaction = {
        state: `${slot}.${secret()}`,
        startedAt,
        nonce: secret(),
        codeVerifier: secret(),
        returnPath,
        scopes,
        restarts,
        ...(feature === undefined ? {} : { feature }),
      };
      const expiresAt = new Date(startedAt.getTime() + TRANSACTION_LIFETIME_SECONDS * 1000);
      const stored: StoredTransaction = { ...transaction, startedAt: startedAt.getTime() };
      return { transaction, slot, cookieValue: sealer.seal(stored, sealedTo(slot), expiresAt) };
    },
    open({ slot, text }, cookies) {
      const stored = openSlot(slot, cookies);
      if (stored === undefined || !equalBytes(Buffer.from(stored.state), Buffer.from(text))) return undefined;
      return stored;
    },
  };
}

interface StoredTransaction extends Omit<LoginTransaction, 'startedAt'> {
  readonly startedAt: number;
}

/** The value is authenticated: it is what `start` sealed. The return path is checked again where it will be used. */
function parseStored(value: unknown, origin: string): LoginTransaction {
  const stored = value as StoredTransaction;
  return {
    ...stored,
    startedAt: new Date(stored.startedAt),
    returnPath: parseReturnPath(stored.returnPath, origin) ?? defaultReturnPath,
  };
}

/** A `state` of ours: the slot that holds the transaction, and 256 random bits. */
export interface State {
  readonly slot: TransactionSlot;
  readonly text: string;
}

export function parseState(text: string | undefined): State | undefined {
  if (text === undefined || !/^[0-4]\.[A-Za-z0-9_-]{43}$/.test(text)) return undefined;
  const slot = transactionSlots.find((candidate) => String(candidate) === text[0]);
  return slot === undefined ? undefined : { slot, text };
}
