import { randomUUID } from 'node:crypto';
import type { AuthenticationResult } from '@azure/msal-node';
import { interpretTokenError } from '../entra/errors.ts';
import { lackingScopes } from '../entra/scopes.ts';
import { BffError, type InteractionReason, signInServiceUnavailable } from '../errors.ts';
import { carryOver, isSamePrincipal } from '../identity/principal.ts';
import {
  assertedAt,
  IdTokenRefused,
  type IdTokenRules,
  noNonce,
  verifyIdToken,
} from '../identity/verify-id-token.ts';
import type { SessionFacts } from '../session/facts.ts';
import type { Session, SessionStore } from '../session/store.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import { readMsalCache } from './cached-tokens.ts';
import type { CreateMsalClient } from './msal.ts';
import { userOf } from './per-user.ts';
import { TableCachePlugin } from './table-cache-plugin.ts';
import type { TokenEndpoint } from './token-endpoint.ts';
import type { TokenWish } from './token-request.ts';

export type TokenAcquisition =
  | {
      readonly kind: 'token';
      readonly accessToken: string;
      readonly expiresAt: Date;
      readonly session: Session;
    }
  | {
      readonly kind: 'interaction-required';
      readonly reason: InteractionReason;
      /** What the next sign-in has to ask for: JSON. */
      readonly claims?: string;
      /** What Entra knows the refused request by. */
      readonly correlationId?: string;
    }
  /** Signed out meanwhile, or Entra answered with another identity. The row is gone. */
  | { readonly kind: 'session-ended' };

/**
 * Asks MSAL once. Without a lease only its cache may answer, else `refresh-needed` comes back and nothing was sent.
 * @throws {BffError} sign_in_service_unavailable, storage_unavailable
 */
export type SilentAttempt = (
  session: Session,
  wish: TokenWish,
  log: Log,
  leaseId?: string,
) => Promise<TokenAcquisition | { readonly kind: 'refresh-needed' }>;

export interface SilentAttemptNeeds {
  readonly createMsalClient: CreateMsalClient;
  readonly store: SessionStore;
  readonly idTokenRules: IdTokenRules;
}

export function createSilentAttempt({
  createMsalClient,
  store,
  idTokenRules,
}: SilentAttemptNeeds): SilentAttempt {
  const renewFacts = async (session: Session, msalCache: string): Promise<SessionFacts> => {
    const { homeAccountIds, idTokens, scopes } = readMsalCache(msalCache);
    // Tokens that came without an ID token and without client_info: nothing says whose they are.
    if (homeAccountIds.includes('')) throw signInServiceUnavailable('The renewal does not say whose it is.');
    if (homeAccountIds.some((id) => id !== session.facts.account.homeAccountId)) {
      throw new IdTokenRefused('other_account');
    }
    // A second one is of another tenant: MSAL files them by `tid`, beside the old one.
    if (idTokens.length > 1) throw new IdTokenRefused('other_identity');
    const [idToken] = idTokens;
    const grantedScopes = [...new Set([...session.facts.grantedScopes, ...scopes])];
    if (idToken === undefined || readMsalCache(session.msalCache).idTokens.includes(idToken)) {
      return { ...session.facts, grantedScopes };
    }
    const claims = await verifyIdToken(idToken, noNonce, idTokenRules);
    if (!isSamePrincipal(claims.principal, session.facts.claims.principal)) {
      throw new IdTokenRefused('other_identity');
    }
    return {
      ...session.facts,
      claims: carryOver(session.facts.claims, claims),
      claimsAsOf: assertedAt(claims, idTokenRules.now()),
      grantedScopes,
    };
  };

  return async (session, { scopes, challenge, identityNotBefore }, log, leaseId) => {
    const correlationId = randomUUID();
    const redeems = leaseId !== undefined;
    const isTooOld = identityNotBefore !== undefined && session.facts.claimsAsOf < identityNotBefore;
    if (isTooOld && !redeems) return { kind: 'refresh-needed' };
    let plugin: TableCachePlugin | undefined;
    const { application, tokenEndpoint } = await createMsalClient(
      (clearCache) => {
        const lease = leaseId === undefined ? {} : { leaseId };
        plugin = new TableCachePlugin({
          session,
          store,
          clearCache,
          renewFacts,
          now: idTokenRules.now,
          ...lease,
        });
        return plugin;
      },
      { mayRedeem: redeems, user: userOf(session) },
    );
    const result = await application
      .acquireTokenSilent({
        account: session.facts.account,
        scopes: [...scopes],
        correlationId,
        // With claims MSAL passes over its cache: only for the request that is to bring another token.
        ...(redeems && challenge !== undefined ? { claims: challenge.claims } : {}),
        ...(isTooOld ? { forceRefresh: true } : {}),
      })
      .catch((error: unknown) => ({ thrown: error }));

    if ('thrown' in result && tokenEndpoint.withheld) return { kind: 'refresh-needed' };
    const mismatch = identityMismatch(plugin?.failure, result, session);
    if (mismatch !== undefined) {
      // Tokens of somebody else must never be served or kept: this session ends at once.
      audit(log, { event: 'renewal-not-trusted', reason: mismatch });
      await store.remove(session.address, session.facts.claims.entraSessionId);
      audit(log, { event: 'session-ended', by: 'service', sessions: 1 });
      return { kind: 'session-ended' };
    }
    requireChecked(plugin?.failure, correlationId, log);
    if ('thrown' in result) return readFailure(result.thrown, tokenEndpoint, correlationId, log);
    if (plugin?.gone) return { kind: 'session-ended' };
    if (lackingScopes(scopes, result.scopes).length > 0) {
      return { kind: 'interaction-required', reason: 'consent_required' };
    }
    if (!redeems && result.accessToken === challenge?.refusedToken) return { kind: 'refresh-needed' };
    const latest = plugin?.session ?? session;
    if (isTooOld && latest.facts.claimsAsOf < identityNotBefore) {
      audit(log, { event: 'refresh-failed', reason: 'not-checked', entra_correlation_id: correlationId });
      throw signInServiceUnavailable(
        'Microsoft Entra ID did not say anew who you are. Try again in a moment.',
      );
    }
    return {
      kind: 'token',
      accessToken: result.accessToken,
      expiresAt: result.expiresOn ?? idTokenRules.now(),
      session: latest,
    };
  };
}

type SilentResult = Pick<AuthenticationResult, 'account'> | { readonly thrown: unknown };

/** Why what came back is not this session's; undefined when it is. */
function identityMismatch(failure: unknown, result: SilentResult, { facts }: Session): string | undefined {
  if (failure instanceof IdTokenRefused && !failure.mayPass) return failure.code;
  // MSAL stores nothing of an answer for an account it does not know, and hands out its token all the same (measured).
  if ('thrown' in result || result.account === null) return undefined;
  return result.account.homeAccountId === facts.account.homeAccountId ? undefined : 'other_account';
}

/** Tokens whose identity could not be checked are not believed. @throws {BffError} sign_in_service_unavailable */
function requireChecked(failure: unknown, correlationId: string, log: Log): void {
  if (failure === undefined) return;
  if (failure instanceof BffError && failure.code === 'storage_unavailable') {
    // The token is good although its cache could not be stored: the old refresh token stays valid at Entra.
    log('error', { event: 'token-cache-not-stored' });
    return;
  }
  audit(log, { event: 'refresh-failed', reason: 'not-checked', entra_correlation_id: correlationId });
  throw failure instanceof BffError
    ? failure
    : signInServiceUnavailable('The renewed sign-in could not be checked. Try again in a moment.', failure);
}

/** What MSAL's throwing means. @throws {BffError} sign_in_service_unavailable */
function readFailure(
  thrown: unknown,
  { failure, entraError }: TokenEndpoint,
  correlationId: string,
  log: Log,
): TokenAcquisition {
  if (failure) {
    audit(log, { event: 'refresh-failed', reason: 'no-answer', entra_correlation_id: correlationId });
    throw failure;
  }
  if (entraError === undefined) {
    // Only MSAL saying so means that the cache has neither access nor refresh token. Anything else is ours or Entra's
    // trouble, a credential that cannot be used among it, and must not send the person to sign in.
    if (!(thrown instanceof Error) || thrown.name !== 'InteractionRequiredAuthError') {
      const reason = thrown instanceof BffError ? 'own-credential-unusable' : 'transient';
      audit(log, { event: 'refresh-failed', reason, entra_correlation_id: correlationId });
      throw thrown instanceof BffError ? thrown : notRenewed(thrown);
    }
    log('warn', { event: 'token-cache-empty' });
    return { kind: 'interaction-required', reason: 'sign_in_required' };
  }
  const { claims } = entraError;
  const meaning = interpretTokenError(entraError);
  const said = {
    oauth: entraError.error,
    aadsts: entraError.numbers[0],
    entra_correlation_id: correlationId,
  };
  if (meaning.kind !== 'interaction-required') {
    audit(log, { event: 'refresh-failed', reason: meaning.kind, ...said });
    throw notRenewed(thrown);
  }
  audit(log, { event: 'refresh-refused', reason: meaning.reason, ...said });
  return {
    kind: 'interaction-required',
    reason: meaning.reason,
    correlationId,
    ...(claims === undefined ? {} : { claims }),
  };
}

function notRenewed(cause: unknown): BffError {
  return signInServiceUnavailable(
    'Microsoft Entra ID did not renew the access. Try again in a moment.',
    cause,
  );
}
