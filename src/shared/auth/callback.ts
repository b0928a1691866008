import type { Buffer } from 'node:buffer';
import { keyedHash } from '../crypto/keyed-hash.ts';
import type { RandomBytes } from '../crypto/seal.ts';
import type { CodeFlow, CodeRedemption } from '../entra/authorize.ts';
import { BffError } from '../errors.ts';
import { isSamePrincipal } from '../identity/principal.ts';
import type { Policy } from '../proxy/policy.ts';
import type { SessionFacts } from '../session/session.ts';
import type { Session, SessionStore } from '../session/session-store.ts';
import type { Log } from '../telemetry/log.ts';
import { type Login, requestedScopes, type StartedLogin } from './login.ts';
import { type Refusal, readAuthorizationError, readRedemptionRefusal } from './refusal.ts';
import type { ReturnPath } from './return-path.ts';
import {
  type LoginTransaction,
  parseState,
  type TransactionCookies,
  type TransactionSlot,
  type Transactions,
} from './transaction.ts';

/** Entra's answer, as it stands in the callback's query. */
export interface CallbackQuery {
  readonly state: string | undefined;
  readonly code: string | undefined;
  readonly error: string | undefined;
  readonly errorDescription: string | undefined;
  readonly errorSubcode: string | undefined;
  /** The browser has already been sent round once, to bring its Strict cookies. */
  readonly bounced: boolean;
}

export type CallbackOutcome =
  /** The Strict cookies are absent because Entra's redirect is a cross-site navigation: load the same address again. */
  | { readonly kind: 'bounce' }
  | {
      readonly kind: 'signed-in';
      readonly returnPath: ReturnPath;
      readonly cookieValue: string;
      /** Until the session's absolute limit. */
      readonly maxAgeSeconds: number;
      readonly usedSlot: TransactionSlot;
    }
  /** A replayed callback in a browser that is signed in. */
  | {
      readonly kind: 'already-signed-in';
      readonly returnPath: ReturnPath;
      readonly usedSlot: TransactionSlot;
    }
  | { readonly kind: 'restarted'; readonly login: StartedLogin; readonly usedSlot: TransactionSlot }
  | {
      readonly kind: 'refused';
      readonly refusal: Refusal;
      readonly returnPath: ReturnPath;
      readonly feature?: string;
      readonly usedSlot: TransactionSlot;
    };

/** Finishes a sign-in. Every end of it is a typed outcome with a next step. */
export interface Callback {
  /**
   * @param session the session that this browser has now, if any
   * @throws {BffError} login_transaction_invalid, request_invalid, sign_in_service_unavailable, storage_unavailable
   */
  finish(
    query: CallbackQuery,
    session: Session | undefined,
    cookies: TransactionCookies,
    log: Log,
  ): Promise<CallbackOutcome>;
}

export interface CallbackNeeds {
  readonly transactions: Transactions;
  readonly codeFlow: CodeFlow;
  readonly login: Login;
  readonly policy: Policy;
  readonly store: SessionStore;
  readonly indexKey: Buffer;
  readonly absoluteSeconds: number;
  readonly now: () => Date;
  readonly random: RandomBytes;
}

const MAX_CODE_LENGTH = 8 * 1024;
const MAX_RESTARTS = 1; // with the first round, two automatic rounds at most

/** One callback on its way: the transaction it belongs to and the browser it came from. */
interface Attempt {
  readonly transaction: LoginTransaction;
  readonly usedSlot: TransactionSlot;
  readonly session: Session | undefined;
  readonly cookies: TransactionCookies;
  readonly log: Log;
}

type Redeemed = Extract<CodeRedemption, { kind: 'redeemed' }>;

export function createCallback(needs: CallbackNeeds): Callback {
  const { transactions, codeFlow, login, policy, store, indexKey, absoluteSeconds, now, random } = needs;

  return {
    async finish(query, session, cookies, log) {
      const state = parseState(query.state);
      if (state === undefined) throw noSuchTransaction();
      if (!cookies.has(state.slot) && !query.bounced) return { kind: 'bounce' };
      const transaction = transactions.open(state, cookies);
      if (transaction === undefined) throw noSuchTransaction();
      const attempt: Attempt = { transaction, usedSlot: state.slot, session, cookies, log };

      if (query.error !== undefined) {
        return refuse(
          attempt,
          readAuthorizationError(query.error, query.errorDescription, query.errorSubcode),
        );
      }
      const { code } = query;
      if (code === undefined || code === '' || code.length > MAX_CODE_LENGTH) throw noSuchTransaction();
      const redemption = await codeFlow.redeem({
        ...transaction,
        scopes: requestedScopes(policy, transaction),
        code,
      });
      switch (redemption.kind) {
        case 'redeemed':
          return signIn(attempt, redemption);
        case 'untrusted':
          return refuse(attempt, { outcome: 'sign_in_refused', reason: redemption.reason });
        case 'refused':
          if (redemption.meaning.kind === 'interaction-required') {
            const refusal = readRedemptionRefusal(redemption.meaning.reason);
            return refusal === undefined ? codeNotUsable(attempt) : refuse(attempt, refusal);
          }
          log('error', { event: 'code-redemption-failed', meaning: redemption.meaning.kind });
          throw new BffError('sign_in_service_unavailable', {
            detail: 'Microsoft Entra ID did not finish the sign-in. Try again in a moment.',
            retryAfterSeconds: 10,
          });
      }
    },
  };

  async function signIn(attempt: Attempt, redeemed: Redeemed): Promise<CallbackOutcome> {
    const { transaction, usedSlot, session, log } = attempt;
    const facts = toFacts(redeemed, session, transaction.feature);
    // Derived from the transaction, and inserted only if absent: one transaction makes one session at most (CB-2).
    const rowId = keyedHash(indexKey, ['login-transaction', transaction.state]);
    const content = { facts, msalCache: redeemed.msalCache, tokenGeneration: 0 };
    const created = await store.create(content, rowId, transaction.startedAt);
    if (created.kind === 'exists') return codeNotUsable(attempt);
    if (created.kind === 'ended-meanwhile') {
      return refuse(attempt, { outcome: 'signed_out_meanwhile', reason: created.kind });
    }
    if (session !== undefined) await removeReplaced(session, log);
    log('info', { event: 'signed-in', feature: transaction.feature });
    return {
      kind: 'signed-in',
      returnPath: transaction.returnPath,
      cookieValue: created.cookieValue,
      maxAgeSeconds: Math.max(1, Math.floor((facts.expiresAt.getTime() - now().getTime()) / 1000)),
      usedSlot,
    };
  }

  /** Most likely a replayed callback: this browser got in by the code's first use, or begins once more. Never a second cookie. */
  async function codeNotUsable(attempt: Attempt): Promise<CallbackOutcome> {
    const { transaction, usedSlot, session, cookies } = attempt;
    const { returnPath, restarts } = transaction;
    if (session !== undefined) return { kind: 'already-signed-in', returnPath, usedSlot };
    if (restarts >= MAX_RESTARTS)
      return refuse(attempt, { outcome: 'sign_in_refused', reason: 'code_refused' });
    return {
      kind: 'restarted',
      login: await login.restart({ ...transaction, restarts: restarts + 1 }, cookies),
      usedSlot,
    };
  }

  async function refuse(attempt: Attempt, refusal: Refusal): Promise<CallbackOutcome> {
    const { transaction, usedSlot, session, log } = attempt;
    const { returnPath, feature } = transaction;
    log('warn', { event: 'sign-in-refused', outcome: refusal.outcome, reason: refusal.reason });
    if (refusal.outcome === 'consent_declined' && feature !== undefined)
      await rememberDeclined(session, feature, log);
    return { kind: 'refused', refusal, returnPath, usedSlot, ...(feature === undefined ? {} : { feature }) };
  }

  function toFacts(
    redeemed: Redeemed,
    previous: Session | undefined,
    grantedFeature: string | undefined,
  ): SessionFacts {
    const { claims, account, grantedScopes } = redeemed;
    const signedInAt = now();
    const expiresAt = new Date(signedInAt.getTime() + absoluteSeconds * 1000);
    const fresh: SessionFacts = {
      lineageId: random(16).toString('base64url'),
      claims,
      account,
      signedInAt,
      expiresAt,
      grantedScopes,
      declinedFeatures: [],
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
      lineageId: previous.facts.lineageId,
      // A yes takes back an earlier no.
      declinedFeatures: previous.facts.declinedFeatures.filter((declined) => declined !== grantedFeature),
      expiresAt: authenticatedAnew ? expiresAt : previous.facts.expiresAt,
    };
  }

  async function rememberDeclined(session: Session | undefined, feature: string, log: Log): Promise<void> {
    if (session === undefined || session.facts.declinedFeatures.includes(feature)) return;
    const declinedFeatures = [...session.facts.declinedFeatures, feature];
    try {
      await store.write(session, { ...session, facts: { ...session.facts, declinedFeatures } });
    } catch {
      // The person's answer to Entra stands either way; at worst they are asked once more.
      log('warn', { event: 'declined-not-stored' });
    }
  }

  async function removeReplaced(session: Session, log: Log): Promise<void> {
    try {
      await store.remove(session.address, session.facts.claims.entraSessionId);
    } catch {
      // Its cookie is overwritten in this very answer; the row ends by its own limits.
      log('warn', { event: 'replaced-session-not-removed' });
    }
  }
}

function noSuchTransaction(): BffError {
  return new BffError('login_transaction_invalid', {
    detail:
      'This sign-in was started in another browser, took too long or has been used already. Start again.',
  });
}
