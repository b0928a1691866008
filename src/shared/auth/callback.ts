import type { Buffer } from 'node:buffer';
import { keyedHash } from '../crypto/keyed-hash.ts';
import type { RandomBytes } from '../crypto/seal.ts';
import { EntraUnavailable } from '../entra/entra-unavailable.ts';
import { BffError } from '../errors.ts';
import { nextDenial } from '../interaction/consent-backoff.ts';
import type { Features } from '../policy/features.ts';
import { type Caller, sessionOf } from '../session/caller.ts';
import type { ConsentDenial } from '../session/facts.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/store.ts';
import { auditPseudonym, auditPseudonymOf } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import type { CodeFlow } from '../tokens/code-flow.ts';
import {
  type CallbackDecision,
  decideCallback,
  type FailDecision,
  failUnavailable,
  type RedeemedCode,
  requestedFeature,
  sessionSatisfies,
} from './callback-decision.ts';
import { type Login, requestedScopes, type StartedLogin } from './login.ts';
import {
  type ExpiredTransaction,
  type FinishedTransaction,
  type LoginRequest,
  type LoginTransaction,
  type LoginTransactions,
  parseState,
  type State,
  type TransactionCookie,
  type TransactionCookies,
  type TransactionResult,
} from './login-transaction.ts';
import { toSessionFacts } from './new-session.ts';
import { endLeastRecentlyUsedSessions, removeReplacedSession } from './session-replacement.ts';
import {
  consentDeniedBy,
  readAuthorizationError,
  recordSignInFailure,
  type SignInFailure,
} from './sign-in-result.ts';

/** Entra ID's authorization response: the parameters of the callback's query. */
export interface CallbackQuery {
  readonly state: string | undefined;
  readonly code: string | undefined;
  readonly error: string | undefined;
  readonly errorDescription: string | undefined;
  readonly errorSubcode: string | undefined;
  /** `iss`, the issuer that sent the response (RFC 9207). */
  readonly issuer: string | undefined;
  /** True for the second load of the callback URL, with which the browser sends its Strict cookies. */
  readonly bounced: boolean;
}

export interface CallbackRequest {
  readonly query: CallbackQuery;
  readonly cookies: TransactionCookies;
  /** The user who is signed in to this browser before the callback. */
  readonly caller: Caller | undefined;
  /** For example "Edge on Windows". Undefined if the browser is not known. */
  readonly device: string | undefined;
}

export type CallbackOutcome =
  /** The Strict cookies are missing, because Entra ID's redirect is a cross-site navigation. Load the URL again. */
  | { readonly kind: 'bounce' }
  | {
      readonly kind: 'signed-in';
      readonly cookieValue: string;
      /** The remaining time until the session's absolute limit. */
      readonly maxAgeSeconds: number;
      readonly loginRequest: LoginRequest;
      readonly finished: TransactionCookie;
    }
  /**
   * The browser's session already provides what the sign-in was started for. For example, the user pressed Back, or the
   * callback was repeated. `finished` is absent if the transaction was finished before.
   */
  | {
      readonly kind: 'already-signed-in';
      readonly loginRequest: LoginRequest;
      readonly finished?: TransactionCookie;
    }
  | { readonly kind: 'restarted'; readonly login: StartedLogin; readonly finished: TransactionCookie }
  /** The transaction was completed before, and the browser has no session any more. */
  | { readonly kind: 'no-longer-signed-in'; readonly loginRequest: LoginRequest }
  | FailedCallback;

export interface FailedCallback {
  readonly kind: 'failed';
  readonly failure: SignInFailure;
  readonly loginRequest: LoginRequest;
  /** Absent if the cookie must stay: the transaction was finished before, or reloading the callback may succeed. */
  readonly finished?: TransactionCookie;
}

/** Completes a sign-in when Entra ID redirects back. */
export interface Callback {
  /** @throws {BffError} login_transaction_invalid. If Entra ID or the table is unavailable, the outcome is `failed`. */
  finish(request: CallbackRequest, log: Log): Promise<CallbackOutcome>;
}

export interface CallbackDependencies {
  readonly transactions: LoginTransactions;
  readonly codeFlow: CodeFlow;
  readonly login: Login;
  readonly features: Features;
  readonly store: SessionStore;
  readonly indexKey: Buffer;
  readonly absoluteSeconds: number;
  readonly isAllowedIssuer: (issuer: string) => boolean;
  readonly now: () => Date;
  readonly random: RandomBytes;
}

/** What is known about the browser that sent a callback. */
interface CallbackBrowser {
  readonly state: State;
  readonly session: Session | undefined;
  readonly cookies: TransactionCookies;
  readonly device: string | undefined;
  readonly log: Log;
}

/** A callback and the transaction that it belongs to. */
interface CallbackContext extends CallbackBrowser {
  readonly transaction: LoginTransaction;
}

const MAX_CODE_LENGTH = 8 * 1024;

/** Logged for a session without `sid`. Entra ID's front-channel logout cannot find such a session. */
const frontChannelLogoutOff = {
  event: 'front-channel-logout-off',
  hint: 'add the optional claim sid to ID tokens in the app registration',
} as const;

export function createCallback(dependencies: CallbackDependencies): Callback {
  const { transactions, isAllowedIssuer } = dependencies;
  return {
    async finish({ query, cookies, caller, device }, log) {
      const state = parseState(query.state);
      if (state === undefined) throw unusableCallback();
      if (!cookies.has(state.slot) && !query.bounced) return { kind: 'bounce' };
      // Entra ID must not receive a code that another issuer issued (mix-up attack, RFC 9207, 2.4).
      if (query.issuer !== undefined && !isAllowedIssuer(query.issuer)) throw unusableCallback();
      const opened = transactions.open(state, cookies);
      if (opened.kind === 'none') throw unusableCallback();
      const session = caller === undefined ? undefined : sessionOf(caller);
      const browser = { state, session, cookies, device, log };
      switch (opened.kind) {
        case 'open':
          return finishSignIn({ ...browser, transaction: opened.transaction }, query, dependencies);
        case 'expired':
          return restartExpired(browser, opened, dependencies);
        case 'finished':
          return repeatFinished(browser, query, opened);
      }
    },
  };
}

/**
 * Handles the callback of a finished transaction, for example after Back or a reload. Redeems and stores nothing.
 * The user continues in the app, sees the same failure again, or has to sign in again because the session has ended.
 */
function repeatFinished(
  { session, log }: CallbackBrowser,
  { error, errorDescription, errorSubcode }: CallbackQuery,
  { loginRequest, startedAt, result }: FinishedTransaction,
): CallbackOutcome {
  const isDone =
    result === 'completed' ? session !== undefined : sessionSatisfies(session, loginRequest, startedAt);
  if (isDone) return { kind: 'already-signed-in', loginRequest };
  if (result !== 'completed') {
    const first =
      error === undefined ? undefined : readAuthorizationError(error, errorDescription, errorSubcode);
    // The cookie holds only the outcome. If the authorization endpoint refused, the query still has the reason.
    const details = first?.outcome === result ? first : {};
    return { kind: 'failed', failure: { ...details, outcome: result, reason: 'repeated' }, loginRequest };
  }
  const failure = { outcome: 'login_required', reason: 'already_completed' } as const;
  recordSignInFailure(failure, { feature: loginRequest.feature, user: undefined }, log);
  return { kind: 'no-longer-signed-in', loginRequest };
}

/**
 * Restarts a sign-in whose transaction has expired, if it can restart automatically. Otherwise the user has to click.
 */
async function restartExpired(
  { session, state, cookies, log }: CallbackBrowser,
  { loginRequest, startedAt }: ExpiredTransaction,
  { login, transactions }: CallbackDependencies,
): Promise<CallbackOutcome> {
  const finish = (result: TransactionResult) =>
    transactions.finish({ state, loginRequest, startedAt }, result);
  // For example, the user signed in in another tab meanwhile.
  if (sessionSatisfies(session, loginRequest, startedAt)) {
    return { kind: 'already-signed-in', loginRequest, finished: finish('completed') };
  }
  const finished = finish('completed');
  const started = await login.restart(loginRequest, withFinished(cookies, finished));
  if (started !== undefined) return { kind: 'restarted', login: started, finished };
  const failure = { outcome: 'took_too_long', reason: 'expired' } as const;
  recordSignInFailure(failure, { feature: loginRequest.feature, user: undefined }, log);
  return { kind: 'failed', failure, loginRequest, finished: finish(failure.outcome) };
}

async function finishSignIn(
  context: CallbackContext,
  query: CallbackQuery,
  dependencies: CallbackDependencies,
): Promise<CallbackOutcome> {
  try {
    const decision = await readResponse(context, query, dependencies);
    return await executeDecision(decision, context, dependencies);
  } catch (error) {
    if (!(error instanceof BffError)) throw error;
    // A failure page leads back to where the user was, and can repeat the sign-in. The page of a thrown error does neither.
    if (error.status === 503) {
      const reason = error instanceof EntraUnavailable ? error.reason : error.code;
      return fail(failUnavailable(reason), context, dependencies);
    }
    // The app waits for a message from the popup. A failure page sends it, but an error page does not.
    if (context.transaction.popupId === undefined) throw error;
    const failure = { outcome: 'sign_in_refused', reason: error.code } as const;
    return fail({ kind: 'fail', failure }, context, dependencies);
  }
}

/** @throws {BffError} login_transaction_invalid, sign_in_service_unavailable */
async function readResponse(
  { transaction, session }: CallbackContext,
  { error, errorDescription, errorSubcode, code }: CallbackQuery,
  { codeFlow, features }: CallbackDependencies,
): Promise<CallbackDecision> {
  if (error !== undefined) {
    return { kind: 'fail', failure: readAuthorizationError(error, errorDescription, errorSubcode) };
  }
  if (code === undefined || code === '' || code.length > MAX_CODE_LENGTH) throw unusableCallback();
  const scopes = requestedScopes(features, transaction);
  return decideCallback(transaction, session, await codeFlow.redeem({ ...transaction, scopes, code }));
}

function executeDecision(
  decision: CallbackDecision,
  context: CallbackContext,
  dependencies: CallbackDependencies,
): Promise<CallbackOutcome> {
  switch (decision.kind) {
    case 'create-session':
      return createSession(decision.redeemed, context, dependencies);
    case 'code-unusable':
      return finishRepeated(context, dependencies);
    case 'fail':
      return fail(decision, context, dependencies);
  }
}

/** @throws {BffError} storage_unavailable */
async function createSession(
  redeemed: RedeemedCode,
  context: CallbackContext,
  dependencies: CallbackDependencies,
): Promise<CallbackOutcome> {
  const { transaction, session, device, log } = context;
  const { store, indexKey, absoluteSeconds, now, random } = dependencies;
  const facts = toSessionFacts({
    redeemed,
    previous: session?.facts,
    device,
    grantedFeature: requestedFeature(transaction),
    signedInAt: now(),
    absoluteSeconds,
    newChainId: random(16).toString('base64url'),
  });
  // The row's id is derived from the transaction, so a transaction creates at most one session: a second insert fails.
  const rowId = keyedHash(indexKey, ['login-transaction', transaction.state]);
  const content = { facts, msalCache: redeemed.msalCache, tokenGeneration: 0 };
  const created = await store.create(content, rowId, transaction.earliestStart);
  if (created.kind === 'exists') return finishRepeated(context, dependencies);
  if (created.kind === 'ended-meanwhile') {
    const failure = { outcome: 'signed_out_meanwhile', reason: created.kind } as const;
    return fail({ kind: 'fail', failure, rejected: redeemed }, context, dependencies);
  }
  const replaced = session && (await removeReplacedSession(store, session, facts.claims.principal, log));
  await endLeastRecentlyUsedSessions(created, replaced, log);
  const user = auditPseudonym(created.session.locator);
  audit(log, { event: 'signed-in', user, feature: transaction.feature });
  if (facts.claims.entraSessionId === undefined) log('warn', frontChannelLogoutOff);
  return {
    kind: 'signed-in',
    cookieValue: created.cookieValue,
    maxAgeSeconds: Math.max(1, Math.floor((facts.expiresAt.getTime() - now().getTime()) / 1000)),
    loginRequest: transaction,
    finished: finishTransaction(context, 'completed', dependencies),
  };
}

/**
 * Handles a callback that was most likely sent twice: its code cannot be used, or its session's row already exists. If the
 * first callback signed this browser in, nothing else is needed. Otherwise the sign-in restarts or, if it cannot, fails.
 */
async function finishRepeated(
  context: CallbackContext,
  dependencies: CallbackDependencies,
): Promise<CallbackOutcome> {
  const { transaction, session, cookies } = context;
  const finished = finishTransaction(context, 'completed', dependencies);
  if (sessionSatisfies(session, transaction, transaction.startedAt)) {
    return { kind: 'already-signed-in', loginRequest: transaction, finished };
  }
  const started = await dependencies.login.restart(transaction, withFinished(cookies, finished));
  if (started !== undefined) return { kind: 'restarted', login: started, finished };
  const failure = { outcome: 'sign_in_refused', reason: 'code_refused' } as const;
  return fail({ kind: 'fail', failure }, context, dependencies);
}

async function fail(
  { failure, rejected, mayRetry = false }: FailDecision,
  context: CallbackContext,
  dependencies: CallbackDependencies,
): Promise<FailedCallback> {
  const { transaction, session, log } = context;
  // If the browser has a session, every record already has the pseudonym of the session's user.
  const user =
    session === undefined && rejected !== undefined
      ? auditPseudonymOf(dependencies.indexKey, rejected.claims.principal)
      : undefined;
  recordSignInFailure(failure, { feature: transaction.feature, user }, log);
  const deniedBy = consentDeniedBy(failure.outcome);
  const feature = requestedFeature(transaction);
  if (deniedBy !== undefined && session !== undefined && feature !== undefined) {
    await storeDenial(session, { feature, by: deniedBy }, log, dependencies);
  }
  const finished = mayRetry ? undefined : finishTransaction(context, failure.outcome, dependencies);
  return { kind: 'failed', failure, loginRequest: transaction, ...(finished && { finished }) };
}

/** The browser's cookies after the response. A restart then reuses the finished slot only if no slot is free. */
function withFinished(cookies: TransactionCookies, { slot, cookieValue }: TransactionCookie) {
  return new Map(cookies).set(slot, cookieValue);
}

function finishTransaction(
  { state, transaction }: CallbackContext,
  result: TransactionResult,
  { transactions }: CallbackDependencies,
): TransactionCookie {
  const { startedAt } = transaction;
  return transactions.finish({ state, loginRequest: transaction, startedAt }, result);
}

async function storeDenial(
  session: Session,
  { feature, by }: { readonly feature: string; readonly by: ConsentDenial['by'] },
  log: Log,
  { store, now }: CallbackDependencies,
): Promise<void> {
  const { facts } = session;
  const denial = nextDenial(facts.consentDenials[feature], by, now());
  const consentDenials = { ...facts.consentDenials, [feature]: denial };
  try {
    await store.write(session, { ...session, facts: { ...facts, consentDenials } });
  } catch {
    // The sign-in still ends with its own failure. The only effect is that the user is asked once more.
    log('warn', { event: 'consent-denial-not-stored' });
  }
}

function unusableCallback(): BffError {
  return new BffError('login_transaction_invalid', {
    detail:
      'This sign-in was started in another browser, took too long, was already completed, or got an invalid response. Start again.',
  });
}
