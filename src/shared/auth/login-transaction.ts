import { Buffer } from 'node:buffer';
import { equalBytes } from '../crypto/keyed-hash.ts';
import type { RandomBytes } from '../crypto/seal.ts';
import type { TextSealer } from '../crypto/sealed-text.ts';
import { packScopes, unpackScopes } from '../entra/scopes.ts';
import { defaultReturnPath, parseReturnPath, type ReturnPath } from './return-path.ts';

/** What a sign-in was begun for, and what is needed to begin it once more. */
export interface LoginWish {
  readonly returnPath: ReturnPath;
  /** What is asked beside the scopes of every sign-in, which the policy knows: cookies are small. */
  readonly scopes: readonly string[];
  /** The feature whose permissions were asked for. */
  readonly feature?: string;
  readonly prompt?: LoginPrompt;
  /** An authentication context of Conditional Access that what comes back has to satisfy. */
  readonly authContext?: string;
  /** The sign-in runs in a popup of the app, which calls it by this id. */
  readonly popupId?: string;
  /** How often this sign-in has restarted by itself. */
  readonly restarts: number;
  /** Claims or hints were asked for, which do not fit here: begun again without them it would be another sign-in. */
  readonly onlyOnce?: true;
  /** A session's own ticket asked for it: it is that person's to answer. */
  readonly byTicket?: true;
  /**
   * Neither a page of this service nor the address bar is known to have begun this sign-in. A link on another
   * site may have.
   */
  readonly begunElsewhere?: true;
}

export const loginPrompts = ['login', 'select_account', 'none'] as const;
export type LoginPrompt = (typeof loginPrompts)[number];

/** State, nonce and code verifier between the redirect to Entra and the callback; kept by the browser, sealed. */
export interface LoginTransaction extends LoginWish {
  readonly state: string;
  readonly startedAt: Date;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export type OpenedTransaction =
  | { readonly kind: 'open'; readonly transaction: LoginTransaction }
  /** It took longer than a transaction lasts: nothing of it counts but what it was begun for. */
  | { readonly kind: 'expired'; readonly wish: LoginWish; readonly startedAt: Date }
  /** None, of another browser, or of another app registration. */
  | { readonly kind: 'none' };

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
  start(wish: LoginWish, cookies: TransactionCookies): StartedTransaction;
  /** The transaction of this state. */
  open(state: State, cookies: TransactionCookies): OpenedTransaction;
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
/** Long enough for a person with a second factor, short enough for a shared computer (at most 15 minutes). */
const TRANSACTION_LIFETIME_SECONDS = 15 * 60;
/** How long a cookie remembers what a sign-in was begun for. */
export const TRANSACTION_COOKIE_SECONDS = 60 * 60;

export function createTransactions({ sealer, random, now, boundTo, origin }: TransactionNeeds): Transactions {
  const secret = () => random(SECRET_BYTES).toString('base64url');
  const sealedTo = (slot: TransactionSlot) => [...boundTo, STORED_FORM, String(slot)];
  const openSlot = (slot: TransactionSlot, cookies: TransactionCookies) => {
    const value = cookies.get(slot);
    const opened = value === undefined ? undefined : sealer.open(value, sealedTo(slot));
    return opened === undefined ? undefined : parseStored(opened, origin);
  };
  // The cookie outlives its transaction, so that who was too slow can be told so and sent on.
  const isAlive = ({ startedAt }: LoginTransaction) =>
    now().getTime() - startedAt.getTime() < TRANSACTION_LIFETIME_SECONDS * 1000;

  const chooseSlot = (cookies: TransactionCookies): TransactionSlot => {
    const opened = transactionSlots.map((slot) => ({ slot, stored: openSlot(slot, cookies) }));
    const free = opened.filter(({ stored }) => stored === undefined || !isAlive(stored));
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
    start(wish, cookies) {
      const slot = chooseSlot(cookies);
      const startedAt = now();
      const transaction: LoginTransaction = {
        ...wish,
        state: `${slot}.${secret()}`,
        startedAt,
        nonce: secret(),
        codeVerifier: secret(),
      };
      const expiresAt = new Date(startedAt.getTime() + TRANSACTION_COOKIE_SECONDS * 1000);
      const cookieValue = sealer.seal(toStored(transaction), sealedTo(slot), expiresAt);
      return { transaction, slot, cookieValue };
    },
    open({ slot, text }, cookies) {
      const stored = openSlot(slot, cookies);
      if (stored === undefined || !equalBytes(Buffer.from(stored.state), Buffer.from(text))) {
        return { kind: 'none' };
      }
      return isAlive(stored)
        ? { kind: 'open', transaction: stored }
        : { kind: 'expired', wish: stored, startedAt: stored.startedAt };
    },
  };
}

/** Sealed with every transaction, so that one of another version does not open. Counts up when the form changes. */
const STORED_FORM = '5';

/** By place, not by name: five of these have to fit into a cookie header. */
type StoredTransaction = readonly [
  state: string,
  startedAtMs: number,
  nonce: string,
  codeVerifier: string,
  returnPath: string,
  scopes: string,
  restarts: number,
  feature: string,
  prompt: string,
  popupId: string,
  /** Bit flags. 1: `onlyOnce`; 2: `byTicket`; 4: `begunElsewhere`. */
  flags: number,
  authContext: string,
];

function toStored(transaction: LoginTransaction): StoredTransaction {
  const { state, startedAt, nonce, codeVerifier, returnPath, scopes, restarts } = transaction;
  const { feature = '', prompt = '', popupId = '', authContext = '' } = transaction;
  const { onlyOnce, byTicket, begunElsewhere } = transaction;
  return [
    state,
    startedAt.getTime(),
    nonce,
    codeVerifier,
    returnPath,
    packScopes(scopes),
    restarts,
    feature,
    prompt,
    popupId,
    (onlyOnce ? 1 : 0) + (byTicket ? 2 : 0) + (begunElsewhere ? 4 : 0),
    authContext,
  ];
}

/** The value is authenticated: it is what `start` sealed. The return path is checked again where it will be used. */
function parseStored(value: unknown, origin: string): LoginTransaction {
  const [state, startedAtMs, nonce, codeVerifier, returnPath, scopes, restarts, ...wish] =
    value as StoredTransaction;
  const [feature, promptText, popupId, flags, authContext] = wish;
  const prompt = loginPrompts.find((known) => known === promptText);
  return {
    state,
    startedAt: new Date(startedAtMs),
    nonce,
    codeVerifier,
    returnPath: parseReturnPath(returnPath, origin) ?? defaultReturnPath,
    scopes: unpackScopes(scopes),
    restarts,
    ...(feature === '' ? {} : { feature }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(popupId === '' ? {} : { popupId }),
    ...(flags & 1 ? { onlyOnce: true } : {}),
    ...(flags & 2 ? { byTicket: true } : {}),
    ...(flags & 4 ? { begunElsewhere: true } : {}),
    ...(authContext === '' ? {} : { authContext }),
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
