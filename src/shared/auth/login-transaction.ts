import { Buffer } from 'node:buffer';
import { equalBytes } from '../crypto/keyed-hash.ts';
import type { RandomBytes } from '../crypto/seal.ts';
import type { TextSealer } from '../crypto/sealed-text.ts';
import { packScopes, unpackScopes } from '../entra/scopes.ts';
import type { SessionStore } from '../session/store.ts';
import { defaultReturnPath, parseReturnPath, type ReturnPath, type ReturnPathRules } from './return-path.ts';
import type { SignInFailureOutcome } from './sign-in-result.ts';

/** The request that started a sign-in, as far as the cookie stores it for the callback and for a restart. */
export interface LoginRequest {
  readonly returnPath: ReturnPath;
  /** The additional scopes. The scopes of every sign-in are left out, because cookies are small. */
  readonly scopes: readonly string[];
  /** The feature for which the user signs in. A step-up requests none of its permissions. */
  readonly feature?: string;
  readonly prompt?: LoginPrompt;
  /** An authentication context of Conditional Access that the sign-in has to satisfy. */
  readonly authContext?: string;
  /** The id that the page has chosen for its popup. Absent if the sign-in does not run in a popup. */
  readonly popupId?: string;
  /** How often this sign-in has restarted automatically. */
  readonly restarts: number;
  /** The request had `claims` or hints, which are too large for the cookie. Without them, the sign-in cannot restart. */
  readonly hasUnstoredParameters?: true;
  /** A ticket of the session requested this sign-in, so the user of that session has to complete it. */
  readonly fromTicket?: true;
  /**
   * Another site's link may have started this sign-in. Absent if, as far as the request shows, a page of this service
   * or the user at the address bar has started it.
   */
  readonly startedElsewhere?: true;
}

export const loginPrompts = ['login', 'select_account', 'none'] as const;
export type LoginPrompt = (typeof loginPrompts)[number];

/** State, nonce and code verifier of a sign-in, from the redirect to Entra ID until the callback. Sealed in a cookie. */
export interface LoginTransaction extends LoginRequest {
  readonly state: string;
  readonly startedAt: Date;
  /** The earliest that the table's clock may have shown at `startedAt`. Compared with the ending of all sessions. */
  readonly earliestStart: Date;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export type OpenTransactionResult =
  | { readonly kind: 'open'; readonly transaction: LoginTransaction }
  | ExpiredTransaction
  | FinishedTransaction
  /** The cookie is missing, does not open, or was written for another state. */
  | { readonly kind: 'none' };

/** A transaction that took too long. Only its request can still be used, for a restart. */
export interface ExpiredTransaction {
  readonly kind: 'expired';
  readonly loginRequest: LoginRequest;
  readonly startedAt: Date;
}

/**
 * A transaction whose callback was handled. Its cookie has no nonce and no code verifier any more, so it signs no user in.
 * It only shows what the sign-in was for, if the browser loads the callback again.
 */
export interface FinishedTransaction {
  readonly kind: 'finished';
  readonly loginRequest: LoginRequest;
  readonly startedAt: Date;
  readonly result: TransactionResult;
}

/** How a transaction ended. `completed` includes a sign-in that continued in another transaction. */
export type TransactionResult = 'completed' | SignInFailureOutcome;

/** The number of a transaction cookie. There are five, so that tabs do not overwrite each other's transaction. */
export type TransactionSlot = 0 | 1 | 2 | 3 | 4;

export const transactionSlots: readonly TransactionSlot[] = [0, 1, 2, 3, 4];

/** A transaction's cookie, to be set in the browser. */
export interface TransactionCookie {
  readonly slot: TransactionSlot;
  readonly cookieValue: string;
  readonly maxAgeSeconds: number;
}

export interface StartedTransaction extends TransactionCookie {
  readonly transaction: LoginTransaction;
}

/** What {@link LoginTransactions.finish} needs of a transaction. */
export interface TransactionToFinish {
  readonly state: State;
  readonly loginRequest: LoginRequest;
  readonly startedAt: Date;
}

/** Values of the browser's transaction cookies, by slot. */
export type TransactionCookies = ReadonlyMap<TransactionSlot, string>;

export interface LoginTransactions {
  start(request: LoginRequest, cookies: TransactionCookies): StartedTransaction;
  /** Opens the transaction that this state belongs to. */
  open(state: State, cookies: TransactionCookies): OpenTransactionResult;
  /** Returns the cookie that replaces the transaction's cookie once its callback has been handled. */
  finish(transaction: TransactionToFinish, result: TransactionResult): TransactionCookie;
}

export interface LoginTransactionsDependencies {
  /** For the purpose `login-transaction`. */
  readonly sealer: TextSealer;
  readonly random: RandomBytes;
  readonly now: () => Date;
  readonly store: Pick<SessionStore, 'signInStart'>;
  /** Authority, client id and redirect URI. A transaction of another app registration does not open (CVE-2026-73419). */
  readonly boundTo: readonly string[];
  readonly returnPathRules: ReturnPathRules;
  /** Lifetime of the cookie of a finished transaction: as long as a session can live. */
  readonly finishedCookieSeconds: number;
}

const SECRET_BYTES = 32;
/** Long enough for multifactor authentication, short enough for a shared computer. */
const TRANSACTION_LIFETIME_SECONDS = 15 * 60;
/** The cookie outlives its transaction, so that a slow sign-in can restart. */
const TRANSACTION_COOKIE_SECONDS = 60 * 60;

export function createLoginTransactions(dependencies: LoginTransactionsDependencies): LoginTransactions {
  const { sealer, random, now, store, boundTo, returnPathRules, finishedCookieSeconds } = dependencies;
  const createSecret = () => random(SECRET_BYTES).toString('base64url');
  const bindingOf = (slot: TransactionSlot) => [...boundTo, STORED_VERSION, String(slot)];
  const openSlot = (slot: TransactionSlot, cookies: TransactionCookies) => {
    const value = cookies.get(slot);
    const opened = value === undefined ? undefined : sealer.open(value, bindingOf(slot));
    return opened === undefined ? undefined : parseStored(opened, returnPathRules);
  };
  const sealFor = (slot: TransactionSlot, stored: StoredTransaction, maxAgeSeconds: number) => {
    const expiresAt = new Date(now().getTime() + maxAgeSeconds * 1000);
    return { slot, cookieValue: sealer.seal(stored, bindingOf(slot), expiresAt), maxAgeSeconds };
  };

  return {
    start(request, cookies) {
      const slot = chooseSlot((candidate) => openSlot(candidate, cookies), now(), random);
      const startedAt = now();
      const transaction: LoginTransaction = {
        ...request,
        state: `${slot}.${createSecret()}`,
        startedAt,
        earliestStart: store.signInStart(startedAt),
        nonce: createSecret(),
        codeVerifier: createSecret(),
      };
      return { transaction, ...sealFor(slot, toStored(transaction), TRANSACTION_COOKIE_SECONDS) };
    },
    open({ slot, text }, cookies) {
      const opened = openSlot(slot, cookies);
      if (opened === undefined || !equalBytes(Buffer.from(opened.transaction.state), Buffer.from(text))) {
        return { kind: 'none' };
      }
      const { transaction, result } = opened;
      const { startedAt } = transaction;
      if (result !== undefined) return { kind: 'finished', loginRequest: transaction, startedAt, result };
      return isAlive(transaction, now())
        ? { kind: 'open', transaction }
        : { kind: 'expired', loginRequest: transaction, startedAt };
    },
    finish({ state, loginRequest, startedAt }, result) {
      const unused = { earliestStart: startedAt, nonce: '', codeVerifier: '' };
      const transaction = { ...loginRequest, ...unused, state: state.text, startedAt };
      return sealFor(state.slot, toStored(transaction, result), finishedCookieSeconds);
    },
  };
}

/** The content of a transaction's cookie. Without a result, its callback has not been handled yet. */
interface OpenedCookie {
  readonly transaction: LoginTransaction;
  readonly result: TransactionResult | undefined;
}

function isAlive({ startedAt }: LoginTransaction, now: Date): boolean {
  return now.getTime() - startedAt.getTime() < TRANSACTION_LIFETIME_SECONDS * 1000;
}

/** Chooses a random free slot, else that of the oldest finished transaction, else that of the oldest transaction. */
function chooseSlot(
  openSlot: (slot: TransactionSlot) => OpenedCookie | undefined,
  now: Date,
  random: RandomBytes,
): TransactionSlot {
  const slots = transactionSlots.map((slot) => ({ slot, opened: openSlot(slot) }));
  const free = slots.filter(({ opened }) => !opened || (!opened.result && !isAlive(opened.transaction, now)));
  if (free.length > 0) {
    // The request of a sign-in that another site starts carries no Strict cookies, so all slots seem free. If the first
    // slot were always chosen, the new transaction would often overwrite that of another tab.
    return (free[random(1).readUInt8(0) % free.length] ?? { slot: 0 as const }).slot;
  }
  const finished = slots.filter(({ opened }) => opened?.result);
  const startedMs = ({ opened }: (typeof slots)[number]) => opened?.transaction.startedAt.getTime() ?? 0;
  const candidates = finished.length > 0 ? finished : slots;
  return candidates.reduce((left, right) => (startedMs(left) <= startedMs(right) ? left : right)).slot;
}

/**
 * The version of the tuple below. A transaction with another version does not open. Increment it when the tuple changes,
 * or when an outcome of a failed sign-in is renamed or removed.
 */
const STORED_VERSION = '7';

/** A tuple, which is shorter than an object: five of these have to fit into a cookie header. */
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
  /** Bit flags. 1: `hasUnstoredParameters`; 2: `fromTicket`; 4: `startedElsewhere`. */
  flags: number,
  authContext: string,
  /** Empty until the callback was handled. */
  result: TransactionResult | '',
  /** From `startedAt` to `earliestStart`. */
  earliestStartOffsetMs: number,
];

function toStored(transaction: LoginTransaction, result: TransactionResult | '' = ''): StoredTransaction {
  const { state, startedAt, earliestStart, nonce, codeVerifier, returnPath, scopes, restarts } = transaction;
  const { feature = '', prompt = '', popupId = '', authContext = '' } = transaction;
  const { hasUnstoredParameters, fromTicket, startedElsewhere } = transaction;
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
    (hasUnstoredParameters ? 1 : 0) + (fromTicket ? 2 : 0) + (startedElsewhere ? 4 : 0),
    authContext,
    result,
    earliestStart.getTime() - startedAt.getTime(),
  ];
}

/** @param value authenticated, so `start` or `finish` has written it and its type is known */
function parseStored(value: unknown, returnPathRules: ReturnPathRules): OpenedCookie {
  const [state, startedAtMs, nonce, codeVerifier, returnPath, scopes, restarts, ...optional] =
    value as StoredTransaction;
  const [feature, promptText, popupId, flags, authContext, result, earliestStartOffsetMs] = optional;
  const prompt = loginPrompts.find((known) => known === promptText);
  const transaction: LoginTransaction = {
    state,
    startedAt: new Date(startedAtMs),
    earliestStart: new Date(startedAtMs + earliestStartOffsetMs),
    nonce,
    codeVerifier,
    returnPath: parseReturnPath(returnPath, returnPathRules) ?? defaultReturnPath,
    scopes: unpackScopes(scopes),
    restarts,
    ...(feature === '' ? {} : { feature }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(popupId === '' ? {} : { popupId }),
    ...(flags & 1 ? { hasUnstoredParameters: true } : {}),
    ...(flags & 2 ? { fromTicket: true } : {}),
    ...(flags & 4 ? { startedElsewhere: true } : {}),
    ...(authContext === '' ? {} : { authContext }),
  };
  return { transaction, result: result === '' ? undefined : result };
}

/** A `state` parameter. It consists of the transaction's slot and 256 random bits. */
export interface State {
  readonly slot: TransactionSlot;
  /** The whole parameter, as Entra ID returned it. */
  readonly text: string;
}

export function parseState(text: string | undefined): State | undefined {
  if (text === undefined || !/^[0-4]\.[A-Za-z0-9_-]{43}$/.test(text)) return undefined;
  const slot = transactionSlots.find((candidate) => String(candidate) === text[0]);
  return slot === undefined ? undefined : { slot, text };
}
