import { createHash } from 'node:crypto';
import { scopesByResource } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import { createMemo } from '../network/memo.ts';
import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { TokenAcquisition } from './msal-silent.ts';
import type { RefreshInTurn } from './renewal.ts';

export type IdentityRenewal =
  | { readonly kind: 'renewed'; readonly session: Session }
  | Exclude<TokenAcquisition, { kind: 'token' }>;

/**
 * Asks Entra again who the person is, by the refresh token and under its lease: what it says is verified, compared with
 * the session's identity and in the row before this returns. An answer without an ID token renews nothing.
 * @param notBefore what Entra said at or after this instant is new enough, whoever asked for it
 * @throws {BffError} sign_in_service_unavailable, storage_unavailable, rate_limited
 */
export type RenewIdentity = (session: Session, notBefore: Date, log: Log) => Promise<IdentityRenewal>;

export interface RenewIdentityNeeds {
  readonly refresh: RefreshInTurn;
  /** Of every sign-in: granted to whoever has a session. */
  readonly signInScopes: readonly string[];
  readonly monotonicMs: () => number;
}

/** Whoever is refused would ask Entra by every call of theirs, with tokens that are good and claims that are not. */
const FAILURE_KEPT_MS = 5_000;
/** As many as may call an API at one time: the caps there do not see who waits here. */
const MAX_WAITING = 64;

export function createRenewIdentity({
  refresh,
  signInScopes,
  monotonicMs,
}: RenewIdentityNeeds): RenewIdentity {
  // Of one API alone (AADSTS28000): which one does not matter, an ID token comes with each.
  const scopes = scopesByResource(signInScopes).find(({ length }) => length > 0) ?? ['openid'];
  const failures = createMemo<() => IdentityRenewal>(monotonicMs);
  const waiting = new Map<string, number>();

  return async (session, notBefore, log) => {
    const person = session.address.userHash.toString('base64');
    const count = waiting.get(person) ?? 0;
    if (count >= MAX_WAITING) throw tooMany();
    waiting.set(person, count + 1);
    try {
      return await renew(session, notBefore, log);
    } finally {
      const left = (waiting.get(person) ?? 1) - 1;
      if (left === 0) waiting.delete(person);
      else waiting.set(person, left);
    }
  };

  async function renew(session: Session, notBefore: Date, log: Log): Promise<IdentityRenewal> {
    const name = nameOf(session);
    const failure = failures.find(name);
    if (failure !== undefined) return failure();
    try {
      const acquired = await refresh(session, { scopes, identityNotBefore: notBefore }, log);
      if (acquired.kind === 'token') return { kind: 'renewed', session: acquired.session };
      if (acquired.kind === 'interaction-required') failures.keep(name, () => acquired, FAILURE_KEPT_MS);
      return acquired;
    } catch (error) {
      if (error instanceof BffError && error.code === 'sign_in_service_unavailable') {
        const repeat = () => {
          throw error;
        };
        failures.keep(name, repeat, FAILURE_KEPT_MS);
      }
      throw error;
    }
  }
}

function tooMany(): BffError {
  return new BffError('rate_limited', {
    rules: ['calls-of-user'],
    detail:
      'Too many calls of this person wait for Microsoft Entra ID. Try again when some of them are done.',
    retryAfterSeconds: 1,
  });
}

/** A sign-in makes another row: its first call asks anew. The secret keeps whoever only knows the keys apart. */
function nameOf({ address: { userHash, rowId, secret } }: Session): string {
  return createHash('sha256').update(userHash).update(rowId).update(secret).digest('base64');
}
