import type { Buffer } from 'node:buffer';
import { keyedHash } from '../crypto/keyed-hash.ts';
import type { RandomBytes } from '../crypto/seal.ts';
import { withScopesOfOtherApis } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import { isSamePrincipal } from '../identity/principal.ts';
import { assertedAt, CLOCK_SKEW_SECONDS } from '../identity/verify-id-token.ts';
import { isLacking, withholdAgain } from '../interaction/withheld.ts';
import { withDeadline } from '../network/deadline.ts';
import type { Features } from '../policy/features.ts';
import type { ConsentDenial, SessionFacts } from '../session/facts.ts';
import type { Session, SessionStore } from '../session/store.ts';
import { auditPseudonym, auditPseudonymOf } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { Log } from '../telemetry/log.ts';
import type { CodeFlow, CodeRedemption } from '../tokens/code-flow.ts';
import { type Login, requestedScopes, type StartedLogin } from './login.ts';
import {
  type LoginTransaction,
  type LoginWish,
  parseState,
  type TransactionCookies,
  type TransactionSlot,
  type Transactions,
} from './login-transaction.ts';
import { type Refusal, readAuthorizationError, readRedemptionRefusal, withheldBy } from './sign-in-result.ts';

/** Entra's answer, as it stands in the callback's query. */
export interface CallbackQuery {
  readonly state: string | undefined;
  readonly code: string | undefined;
  readonly error: string | undefined;
  readonly errorDescription: string | undefined;
  readonly errorSubcode: string | undefined;
  /** Who answers (RFC 9207). */
  readonly issuer: string | undefined;
  /** The browser has already been sent round once, to bring its Strict cookies. */
  readonly bounced: boolean;
}

export type CallbackOutcome =
  /** The Strict cookies are absent because Entra's redirect is a cross-site navigation: load the same address again. */
  | { readonly kind: 'bounce' }
  | {
      readonly kind: 'signed-in';
      readonly cookieValue: string;
      /** Until the session's absolute limit. */
      readonly maxAgeSeconds: number;
      readonly wish: LoginWish;
      readonly usedSlot: TransactionSlot;
    }
  /** A replayed callback, in a browser that has what it was for. */
  | {
      readonly kind: 'already-signed-in';
      readonly wish: LoginWish;
      readonly usedSlot: TransactionSlot;
    }
  | { readonly kind: 'restarted'; readonly login: StartedLogin; readonly usedSlot: TransactionSlot }
  | {
      readonly kind: 'refused';
      readonly refusal: Refusal;
      readonly wish: LoginWish;
      readonly usedSlot: TransactionSlot;
      /** The same address may still end well: its transaction stays. */
      readonly mayBeLoadedAgain?: true;
    };

type Refused = Extract<CallbackOutcome, { kind: 'refused' }>;

/** Finishes a sign-in. Every end of it is a typed outcome with a next step. */
export interface Callback {
  /**
   * @param session the session that this browser has now, if any
   * @param device a label of the browser, if it is one that is known
   * @throws {BffError} login_transaction_invalid, request_invalid, sign_in_service_unavailable, storage_unavailable
   */
  finish(
    query: CallbackQuery,
    session: Session | undefined,
    cookies: TransactionCookies,
    device: string | undefined,
    log: Log,
  ): Promise<CallbackOutcome>;
}

export interface CallbackNeeds {
  readonly transactions: Transactions;
  readonly codeFlow: CodeFlow;
  readonly login: Login;
  readonly features: Features;
  readonly store: SessionStore;
  readonly indexKey: Buffer;
  readonly absoluteSeconds: number;
  readonly isOwnIssuer: (issuer: string) => boolean;
  readonly now: () => Date;
  readonly random: RandomBytes;
}

const MAX_CODE_LENGTH = 8 * 1024;
/** Entra ID's front-channel logout finds a session only by its `sid`. */
const frontChannelLogoutOff = {
  event: 'front-channel-logout-off',
  hint: 'add the optional claim sid to ID tokens in the app registration',
} as const;
/** How long a successful sign-in waits for the end of the user's oldest sessions. */
const END_OLDEST_MS = 1_000;

/** One callback on its way: the transaction it belongs to and the browser it came from. */
interface Attempt {
  readonly transaction: LoginTransaction;
  readonly usedSlot: TransactionSlot;
  readonly session: Session | undefined;
  readonly cookies: TransactionCookies;
  readonly device: string | undefined;
  readonly log: Log;
}

type Redeemed = Extract<CodeRedemption, { kind: 'redeemed' }>;

export function createCallback(needs: CallbackNeeds): Callback {
  const {
    transactions,
    codeFlow,
    login,
    features,
    store,
    indexKey,
    absoluteSeconds,
    isOwnIssuer,
    now,
    random,
  } = needs;

  return {
    async finish(query, session, cookies, device, log) {
      const state = parseState(query.state);
      if (state === undefined) throw noSuchTransaction();
      if (!cookies.has(state.slot) && !query.bounced) return { kind: 'bounce' };
      // An answer of another issuer that was led here would be redeemed at ours (RFC 9207, 2.4).
      if (query.issuer !== undefined && !isOwnIssuer(query.issuer)) throw noSuchTransaction();
      const opened = transactions.open(state, cookies);
      if (opened.kind === 'none') throw noSuchTransaction();
      if (opened.kind === 'expired') return beginAgain(opened, state.slot, session, cookies, log);
      const { transaction } = opened;
      const attempt: Attempt = { transaction, usedSlot: state.slot, session, cookies, device, log };

      return settle(attempt, query).catch(async (error: unknown): Promise<CallbackOutcome> => {
        if (!(error instanceof BffError)) throw error;
        // The way on leads to where the person was, for the feature that they wanted.
        if (error.status === 503) return unavailable(attempt, error.code);
        // A window that only shows an error would leave the app waiting for it.
        if (transaction.popupId === undefined) throw error;
        return refuse(attempt, { outcome: 'sign_in_refused', reason: error.code });
      });
    },
  };

  /** @throws {BffError} login_transaction_invalid, sign_in_service_unavailable, storage_unavailable */
  async function settle(attempt: Attempt, query: CallbackQuery): Promise<CallbackOutcome> {
    const { transaction } = attempt;
    if (query.error !== undefined) {
      return refuse(attempt, readAuthorizationError(query.error, query.errorDescription, query.errorSubcode));
    }
    const { code } = query;
    if (code === undefined || code === '' || code.length > MAX_CODE_LENGTH) throw noSuchTransaction();
    const redemption = await codeFlow.redeem({
      ...transaction,
      scopes: requestedScopes(features, transaction),
      code,
    });
    switch (redemption.kind) {
      case 'redeemed':
        return signIn(attempt, redemption);
      case 'untrusted':
        return refuse(attempt, { outcome: 'sign_in_refused', reason: redemption.reason });
      case 'fewer-permissions':
        return refuse(attempt, { outcome: 'fewer_permissions', reason: redemption.kind });
      case 'refused':
        if (redemption.meaning.kind === 'interaction-required') {
          const refusal = readRedemptionRefusal(redemption.meaning.reason);
          return refusal === undefined ? codeNotUsable(attempt) : refuse(attempt, refusal);
        }
        return unavailable(attempt, redemption.meaning.kind);
    }
  }

  async function signIn(attempt: Attempt, redeemed: Redeemed): Promise<CallbackOutcome> {
    const { transaction, usedSlot, session, device, log } = attempt;
    if (session !== undefined && isOtherAccount(transaction, session, redeemed)) {
      return refuse(attempt, { outcome: 'other_account', reason: 'other_account' });
    }
    if (isStale(transaction, redeemed)) {
      return refuse(attempt, { outcome: 'sign_in_refused', reason: 'authentication_stale' }, redeemed);
    }
    if (isWeaker(transaction, redeemed)) {
      return refuse(
        attempt,
        { outcome: 'sign_in_refused', reason: 'authentication_context_missing' },
        redeemed,
      );
    }
    const facts = toFacts(redeemed, session, device, featureAskedFor(transaction));
    // Derived from the transaction, and inserted only if absent: one transaction makes one session at most.
    const rowId = keyedHash(indexKey, ['login-transaction', transaction.state]);
    const content = { facts, msalCache: redeemed.msalCache, tokenGeneration: 0 };
    const created = await store.create(content, rowId, transaction.startedAt);
    if (created.kind === 'exists') return codeNotUsable(attempt);
    if (created.kind === 'ended-meanwhile') {
      return refuse(attempt, { outcome: 'signed_out_meanwhile', reason: created.kind }, redeemed);
    }
    if (session !== undefined) await removeReplaced(session, redeemed, log);
    await endOldest(created.session, log);
    const user = auditPseudonym(created.session.address);
    audit(log, { event: 'signed-in', user, feature: transaction.feature });
    if (facts.claims.entraSessionId === undefined) log('warn', frontChannelLogoutOff);
    return {
      kind: 'signed-in',
      cookieValue: created.cookieValue,
      maxAgeSeconds: Math.max(1, Math.floor((facts.expiresAt.getTime() - now().getTime()) / 1000)),
      wish: transaction,
      usedSlot,
    };
  }

  /** Most likely a replayed callback: this browser got in by the code's first use, or begins once more. Never a second cookie. */
  async function codeNotUsable(attempt: Attempt): Promise<CallbackOutcome> {
    const { transaction, usedSlot, session, cookies } = attempt;
    if (isAnsweredBy(session, transaction, transaction.startedAt)) {
      return { kind: 'already-signed-in', wish: transaction, usedSlot };
    }
    const begun = await login.restart(transaction, cookies);
    return begun === undefined
      ? refuse(attempt, { outcome: 'sign_in_refused', reason: 'code_refused' })
      : { kind: 'restarted', login: begun, usedSlot };
  }

  /** The person took longer than a transaction lasts: once it begins again by itself, then only by a click. */
  async function beginAgain(
    { wish, startedAt }: { readonly wish: LoginWish; readonly startedAt: Date },
    usedSlot: TransactionSlot,
    session: Session | undefined,
    cookies: TransactionCookies,
    log: Log,
  ): Promise<CallbackOutcome> {
    // The back button, in a browser that got in long ago.
    if (isAnsweredBy(session, wish, startedAt)) {
      return { kind: 'already-signed-in', wish, usedSlot };
    }
    const begun = await login.restart(wish, cookies);
    if (begun !== undefined) return { kind: 'restarted', login: begun, usedSlot };
    const refusal = { outcome: 'took_too_long', reason: 'expired' } as const;
    record(refusal, wish.feature, undefined, log);
    return { kind: 'refused', refusal, wish, usedSlot };
  }

  async function unavailable(attempt: Attempt, reason: string): Promise<Refused> {
    const refused = await refuse(attempt, { outcome: 'sign_in_service_unavailable', reason });
    return { ...refused, mayBeLoadedAgain: true };
  }

  /** @param redeemed who it was, where that is known */
  async function refuse(attempt: Attempt, refusal: Refusal, redeemed?: Redeemed): Promise<Refused> {
    const { transaction, usedSlot, session, log } = attempt;
    const { feature } = transaction;
    const user =
      session === undefined && redeemed !== undefined
        ? auditPseudonymOf(indexKey, redeemed.claims.principal)
        : undefined;
    record(refusal, feature, user, log);
    const by = withheldBy(refusal.outcome);
    const askedFor = featureAskedFor(transaction);
    if (by !== undefined && session !== undefined && askedFor !== undefined) {
      await rememberWithheld(session, askedFor, by, log);
    }
    return { kind: 'refused', refusal, wish: transaction, usedSlot };
  }

  function toFacts(
    redeemed: Redeemed,
    previous: Session | undefined,
    device: string | undefined,
    grantedFeature: string | undefined,
  ): SessionFacts {
    const { claims, account, grantedScopes } = redeemed;
    const signedInAt = now();
    const expiresAt = new Date(signedInAt.getTime() + absoluteSeconds * 1000);
    const fresh: SessionFacts = {
      sessionChainId: random(16).toString('base64url'),
      claims,
      claimsAsOf: assertedAt(claims, signedInAt),
      account,
      ...(device === undefined ? {} : { device }),
      signedInAt,
      expiresAt,
      grantedScopes,
      consentDenials: {},
    };
    if (previous === undefined || !isSamePrincipal(previous.facts.claims.principal, claims.principal))
      return fresh;
    // The same person again, for consent or a stronger sign-in: the session goes on. Its absolute limit moves only
    // when they have proved themselves anew, else a loop of silent rounds would keep it alive for ever.
    const authenticatedAnew =
      (claims.authenticatedAt?.getTime() ?? 0) >
      (previous.facts.claims.authenticatedAt?.getTime() ?? Number.POSITIVE_INFINITY);
    return {
      ...fresh,
      sessionChainId: previous.facts.sessionChainId,
      grantedScopes: withScopesOfOtherApis(grantedScopes, previous.facts.grantedScopes),
      // A yes takes back an earlier no.
      consentDenials: Object.fromEntries(
        Object.entries(previous.facts.consentDenials).filter(([name]) => name !== grantedFeature),
      ),
      expiresAt: authenticatedAnew ? expiresAt : previous.facts.expiresAt,
    };
  }

  async function rememberWithheld(
    session: Session,
    feature: string,
    by: ConsentDenial['by'],
    log: Log,
  ): Promise<void> {
    const consentDenials = {
      ...session.facts.consentDenials,
      [feature]: withholdAgain(session.facts.consentDenials[feature], by, now()),
    };
    try {
      await store.write(session, { ...session, facts: { ...session.facts, consentDenials } });
    } catch {
      // The person's answer to Entra stands either way; at worst they are asked once more.
      log('warn', { event: 'declined-not-stored' });
    }
  }

  /**
   * Runs after the replaced session is removed, so that a user who returns from a consent prompt ends no other
   * session.
   */
  async function endOldest({ address }: Session, log: Log): Promise<void> {
    // Recorded even if it finishes after this sign-in has stopped waiting.
    const ending = store.endOldest(address).then((sessions) => {
      if (sessions > 0)
        audit(log, { event: 'session-ended', by: 'limit', sessions, user: auditPseudonym(address) });
    });
    try {
      await withDeadline(ending, END_OLDEST_MS);
    } catch (error) {
      // The user is signed in anyway. The next sign-in ends the sessions that this one left.
      log('warn', { event: 'oldest-sessions-not-ended', error: describeError(error) });
    }
  }

  async function removeReplaced(session: Session, { claims }: Redeemed, log: Log): Promise<void> {
    const replaced = session.facts.claims;
    try {
      await store.remove(session.address, replaced.entraSessionId);
      // The same person's goes on in the new one.
      if (!isSamePrincipal(replaced.principal, claims.principal))
        audit(log, { event: 'session-ended', by: 'user', sessions: 1 });
    } catch {
      // Its cookie is overwritten in this very answer; the row ends by its own limits.
      log('warn', { event: 'replaced-session-not-removed' });
    }
  }
}

/** The one record of a sign-in that ended without a session. */
function record(
  { outcome, reason }: Refusal,
  feature: string | undefined,
  user: string | undefined,
  log: Log,
): void {
  switch (outcome) {
    case 'consent_declined':
      audit(log, { event: 'consent-declined', user, reason, feature });
      break;
    case 'admin_consent_required':
      audit(log, { event: 'admin-consent-needed', user, reason, feature });
      break;
    case 'sign_in_service_unavailable':
      audit(log, { event: 'sign-in-failed', user, reason, feature });
      break;
    default:
      audit(log, { event: 'sign-in-refused', user, outcome, reason, feature });
  }
}

/**
 * A sign-in that was requested for one account, or without a prompt, must not end in the session of another
 * account. A link on another site must not replace a session, because the link could choose the account. A user
 * who starts a new sign-in on this site may choose any account.
 */
function isOtherAccount(
  { feature, prompt, byTicket, begunElsewhere }: LoginTransaction,
  session: Session,
  { claims }: Redeemed,
): boolean {
  if (feature === undefined && !byTicket && prompt !== 'none' && !begunElsewhere) return false;
  return !isSamePrincipal(session.facts.claims.principal, claims.principal);
}

/** A sign-in that was to be more recent or stronger says nothing about permissions, whatever it was wanted for. */
function featureAskedFor({ feature, scopes }: LoginWish): string | undefined {
  return scopes.length > 0 ? feature : undefined;
}

/** The browser has already what the sign-in was begun for, by its code's first use or by a sign-in of another tab. */
function isAnsweredBy(
  session: Session | undefined,
  { scopes, feature, prompt, onlyOnce }: LoginWish,
  startedAt: Date,
): boolean {
  if (session === undefined || isLacking(session, scopes)) return false;
  // Permissions that were granted long ago are no answer to a question that a call of them has raised.
  const asksAnew =
    feature !== undefined || prompt === 'login' || prompt === 'select_account' || onlyOnce === true;
  return !asksAnew || session.facts.signedInAt.getTime() >= startedAt.getTime();
}

/**
 * A sign-in was asked for by `prompt=login`, and what came back says that the person had signed in before: whoever holds
 * the browser has proved nothing. @see OpenID Connect Core 1.0, 3.1.2.1
 */
function isStale({ prompt, startedAt }: LoginTransaction, { claims }: Redeemed): boolean {
  if (prompt !== 'login' || claims.authenticatedAt === undefined) return false;
  return claims.authenticatedAt.getTime() < startedAt.getTime() - CLOCK_SKEW_SECONDS * 1000;
}

/** An authentication context was asked for, and what came back does not say that the sign-in satisfies it. */
function isWeaker({ authContext }: LoginTransaction, { claims }: Redeemed): boolean {
  return authContext !== undefined && !claims.authContexts.includes(authContext);
}

function noSuchTransaction(): BffError {
  return new BffError('login_transaction_invalid', {
    detail:
      'This sign-in was started in another browser, took too long or has been used already. Start again.',
  });
}
