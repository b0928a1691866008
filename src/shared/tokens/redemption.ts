import { randomUUID } from 'node:crypto';
import type { AuthenticationResult } from '@azure/msal-node';
import { interpretTokenError } from '../entra/errors.ts';
import { RegistrationInvalid } from '../entra/registration-problem.ts';
import { missingScopes } from '../entra/scopes.ts';
import { BffError, signInServiceUnavailable } from '../errors.ts';
import { IdTokenRefused, type IdTokenRules } from '../identity/verify-id-token.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/store.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import { userKey } from './keys.ts';
import type { CreateMsalClient } from './msal.ts';
import { renewFacts } from './renewed-facts.ts';
import { TableCachePlugin } from './table-cache-plugin.ts';
import type { TokenEndpoint } from './token-endpoint.ts';
import type { TokenAcquisition, TokenRequest } from './token-request.ts';

/**
 * Redeems the session's refresh token once and stores the new tokens. The write that stores them also ends the lease.
 * @throws {BffError} sign_in_service_unavailable, registration_invalid, storage_unavailable
 */
export type Redeem = (
  session: Session,
  request: TokenRequest,
  leaseId: string,
  log: Log,
) => Promise<TokenAcquisition>;

export interface RedeemDependencies {
  readonly createMsalClient: CreateMsalClient;
  readonly store: Pick<SessionStore, 'write' | 'remove'>;
  readonly idTokenRules: IdTokenRules;
}

export function createRedeem({ createMsalClient, store, idTokenRules }: RedeemDependencies): Redeem {
  return async (session, request, leaseId, log) => {
    const correlationId = randomUUID();
    const plugin = new TableCachePlugin({
      session,
      store,
      leaseId,
      renewFacts: (current, msalCache) => renewFacts(current, msalCache, idTokenRules),
      now: idTokenRules.now,
    });
    const { application, tokenEndpoint } = await createMsalClient({ plugin, user: userKey(session) });
    const { scopes, challenge, identityNotBefore } = request;
    const result = await application
      .acquireTokenSilent({
        account: session.facts.account,
        scopes: [...scopes],
        correlationId,
        // The cache was already searched. If MSAL served a token from it, nothing would be stored and the lease would stay.
        forceRefresh: true,
        ...(challenge === undefined ? {} : { claims: challenge.claims }),
      })
      .catch((error: unknown) => ({ thrown: error }));

    const mismatch = identityMismatch(plugin.failure, result, session);
    if (mismatch !== undefined) {
      // Tokens that may be another user's must never be used or stored, so the session ends at once.
      audit(log, { event: 'renewal-not-trusted', reason: mismatch });
      await store.remove(session.locator, session.facts.claims.entraSessionId);
      audit(log, { event: 'session-ended', by: 'service', sessions: 1 });
      return { kind: 'session-ended' };
    }
    requireVerifiedUser(plugin.failure, correlationId, log);
    if ('thrown' in result)
      return interpretFailure(result.thrown, tokenEndpoint, { scopes, correlationId }, log);
    if (plugin.gone) return { kind: 'session-ended' };
    const withheldScopes = missingScopes(scopes, result.scopes);
    if (withheldScopes.length > 0) {
      return { kind: 'interaction-required', reason: 'consent_required', withheldScopes };
    }
    if (identityNotBefore !== undefined && plugin.session.facts.claimsAsOf < identityNotBefore) {
      audit(log, { event: 'refresh-failed', reason: 'not-checked', entra_correlation_id: correlationId });
      throw signInServiceUnavailable(
        'Microsoft Entra ID did not confirm your identity again. Try again in a moment.',
      );
    }
    return {
      kind: 'token',
      accessToken: result.accessToken,
      expiresAt: result.expiresOn ?? idTokenRules.now(),
      ...(result.refreshOn === undefined ? {} : { refreshAt: result.refreshOn }),
      session: plugin.session,
    };
  };
}

type SilentResult = Pick<AuthenticationResult, 'account'> | { readonly thrown: unknown };

/** Why the new tokens may be another user's. Undefined if no check has shown that, or if there are no tokens. */
function identityMismatch(failure: unknown, result: SilentResult, { facts }: Session): string | undefined {
  if (failure instanceof IdTokenRefused && !failure.isTransient) return failure.code;
  // If the tokens belong to an account that is not in the cache, MSAL does not store them and yet returns the access token
  // (measured).
  if ('thrown' in result || result.account === null) return undefined;
  return result.account.homeAccountId === facts.account.homeAccountId ? undefined : 'other_account';
}

/** @throws {BffError} sign_in_service_unavailable if the user to whom the tokens belong could not be verified */
function requireVerifiedUser(failure: unknown, correlationId: string, log: Log): void {
  if (failure === undefined) return;
  if (failure instanceof BffError && failure.code === 'storage_unavailable') {
    // Only the write failed. The access token can be used, and Entra ID still accepts the old refresh token.
    log('error', { event: 'token-cache-not-stored' });
    return;
  }
  audit(log, { event: 'refresh-failed', reason: 'not-checked', entra_correlation_id: correlationId });
  throw failure instanceof BffError
    ? failure
    : signInServiceUnavailable('The renewed sign-in could not be verified. Try again in a moment.', failure);
}

/** Interprets an error from MSAL. @throws {BffError} sign_in_service_unavailable, registration_invalid */
function interpretFailure(
  thrown: unknown,
  { failure, entraError }: TokenEndpoint,
  { scopes, correlationId }: { readonly scopes: readonly string[]; readonly correlationId: string },
  log: Log,
): TokenAcquisition {
  if (failure && entraError === undefined) {
    audit(log, { event: 'refresh-failed', reason: failure.reason, entra_correlation_id: correlationId });
    throw failure;
  }
  if (entraError === undefined) {
    // Without an error response, MSAL throws InteractionRequiredAuthError only if the cache has no valid refresh token.
    // Any other error is a problem of this service or of Entra ID, for example an unusable client credential. A new
    // sign-in of the user would not help.
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
  const { entraErrorCode } = meaning;
  const entraFields = {
    oauth: entraError.error,
    aadsts: entraErrorCode,
    entra_correlation_id: correlationId,
  };
  if (meaning.kind !== 'interaction-required') {
    audit(log, { event: 'refresh-failed', reason: meaning.kind, ...entraFields });
    if ('fault' in meaning) {
      throw new RegistrationInvalid({ ...meaning, scopes, correlationId, cause: thrown });
    }
    throw failure ?? notRenewed(thrown);
  }
  audit(log, { event: 'refresh-refused', reason: meaning.reason, ...entraFields });
  return {
    kind: 'interaction-required',
    reason: meaning.reason,
    correlationId,
    ...(entraErrorCode === undefined ? {} : { entraErrorCode }),
    ...(claims === undefined ? {} : { claims }),
  };
}

function notRenewed(cause: unknown): BffError {
  return signInServiceUnavailable(
    'Microsoft Entra ID did not renew the tokens. Try again in a moment.',
    cause,
  );
}
