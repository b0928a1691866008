import { scopesByResource } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import { createMemo } from '../network/memo.ts';
import type { Session } from '../session/session.ts';
import type { Log } from '../telemetry/log.ts';
import { sessionKey, userKey } from './keys.ts';
import type { Renew } from './renewal.ts';
import type { RenewalAhead } from './renewal-ahead.ts';
import type { AccessToken, InteractionRequired } from './token-request.ts';

export type IdentityRenewal =
  | { readonly kind: 'renewed'; readonly session: Session }
  /** `scopes`: the permissions to which the user has to consent. Empty if another reason applies. */
  | (InteractionRequired & { readonly scopes: readonly string[] })
  | { readonly kind: 'session-ended' };

/**
 * Redeems the refresh token to renew Entra ID's claims about the user. Before this returns, the new ID token is
 * verified, compared with the session's identity and stored.
 * @param notBefore claims from this instant or later are new enough, even if another call renewed them
 * @throws {BffError} sign_in_service_unavailable, also if the response has no ID token; registration_invalid,
 * storage_unavailable, rate_limited
 */
export type RenewIdentity = (session: Session, notBefore: Date, log: Log) => Promise<IdentityRenewal>;

/**
 * Starts such a renewal and returns at once. The call is served with the claims that the session has. Claims that are newer
 * than these end the need for it, even if another call or worker has renewed them.
 */
export type RenewIdentityAhead = (session: Session) => void;

export interface RenewIdentityDependencies {
  readonly renew: Renew;
  /** The scopes that every sign-in requests. */
  readonly signInScopes: readonly string[];
  readonly monotonicMs: () => number;
}

/**
 * How long a failure is repeated without asking Entra ID. Otherwise every call would send a token request, because the
 * claims are still too old.
 */
const FAILURE_RETENTION_MS = 5_000;
/**
 * Maximum number of a user's calls that wait here. The limit of API calls has the same number, but does not count these
 * calls.
 */
const MAX_WAITING = 64;

export function createRenewIdentity(dependencies: RenewIdentityDependencies): RenewIdentity {
  const { renew, signInScopes, monotonicMs } = dependencies;
  const scopes = identityScopes(signInScopes);
  const failures = createMemo<() => IdentityRenewal>(monotonicMs);
  const waiting = new Map<string, number>();

  const renewUnlessFailedRecently: RenewIdentity = async (session, notBefore, log) => {
    const key = sessionKey(session);
    const failure = failures.find(key);
    if (failure !== undefined) return failure();
    try {
      const acquired = await renew(session, { scopes, identityNotBefore: notBefore }, log);
      if (acquired.kind === 'token') return { kind: 'renewed', session: acquired.session };
      if (acquired.kind === 'session-ended') return acquired;
      const isConsent =
        acquired.reason === 'consent_required' || acquired.reason === 'admin_consent_required';
      const required = { ...acquired, scopes: isConsent ? (acquired.withheldScopes ?? scopes) : [] };
      failures.remember(key, () => required, FAILURE_RETENTION_MS);
      return required;
    } catch (error) {
      if (error instanceof BffError && isRepeatable(error)) {
        const repeat = () => {
          throw error;
        };
        failures.remember(key, repeat, FAILURE_RETENTION_MS);
      }
      throw error;
    }
  };

  return async (session, notBefore, log) => {
    const user = userKey(session);
    const count = waiting.get(user) ?? 0;
    if (count >= MAX_WAITING) throw tooManyWaiting();
    waiting.set(user, count + 1);
    try {
      return await renewUnlessFailedRecently(session, notBefore, log);
    } finally {
      const left = (waiting.get(user) ?? 1) - 1;
      if (left === 0) waiting.delete(user);
      else waiting.set(user, left);
    }
  };
}

/** The renewal gives up if another one is in progress. The outcome is then this token, which no call receives. */
const NO_TOKEN: AccessToken = { accessToken: '', expiresAt: new Date(0) };

export function createRenewIdentityAhead(
  ahead: Pick<RenewalAhead, 'start'>,
  signInScopes: readonly string[],
): RenewIdentityAhead {
  const scopes = identityScopes(signInScopes);
  return (session) => {
    const newer = new Date(session.facts.claimsAsOf.getTime() + 1);
    ahead.start(session, { scopes, identityNotBefore: newer, current: NO_TOKEN });
  };
}

function isRepeatable({ code }: BffError): boolean {
  return code === 'sign_in_service_unavailable' || code === 'registration_invalid';
}

function tooManyWaiting(): BffError {
  return new BffError('rate_limited', {
    rules: ['calls-of-user'],
    detail:
      "Too many of this user's calls are waiting for Microsoft Entra ID. Try again when some have finished.",
    retryAfterSeconds: 1,
  });
}

/** A token request can name only one API (AADSTS28000). Any API will do, because each response contains an ID token. */
function identityScopes(signInScopes: readonly string[]): readonly string[] {
  return scopesByResource(signInScopes).find(({ length }) => length > 0) ?? ['openid'];
}
