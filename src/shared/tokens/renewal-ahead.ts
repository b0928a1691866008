import type { RandomBytes } from '../crypto/seal.ts';
import { BffError } from '../errors.ts';
import { createMemo } from '../network/memo.ts';
import type { Session } from '../session/session.ts';
import { auditPseudonym } from '../session/user-hash.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { type Log, withFields } from '../telemetry/log.ts';
import { sessionKey } from './keys.ts';
import type { Renew } from './renewal.ts';
import { HOLDER_WAIT_MS } from './renewal-lease.ts';
import type { TokenAcquisition, TokenRequest } from './token-request.ts';

/**
 * Renews tokens and claims before a call needs them. The calls of the session are served meanwhile.
 *
 * Azure may freeze or end a worker after its response, so such a renewal may never finish. Nothing therefore depends on
 * its end: a call whose token or claims are no longer good renews them itself, and other workers wait for the lease as always.
 */
export interface RenewalAhead {
  /**
   * Starts a renewal after a random delay, unless one for the same request is in progress on this worker, or has failed
   * recently. Returns at once and never throws.
   * @param onRenewed called with the new access token
   */
  start(session: Session, request: AheadRequest, onRenewed?: (renewed: RenewedToken) => void): void;
  /** True if Entra ID refused the last such renewal. Only a call that waits for a renewal then learns the reason. */
  wasRefused(session: Session, request: TokenRequest): boolean;
}

/** With `current`, the renewal waits for no other call or worker, and no call adopts its failure. */
export type AheadRequest = TokenRequest & Required<Pick<TokenRequest, 'current'>>;

export type RenewedToken = Extract<TokenAcquisition, { kind: 'token' }>;

export interface RenewalAheadDependencies {
  readonly renew: Renew;
  readonly random: RandomBytes;
  readonly monotonicMs: () => number;
  readonly wait: (durationMs: number) => Promise<void>;
  /** The worker's log, because the log of a call ends with its response. */
  readonly log: Log;
}

/** The call sends its own requests first. */
const DELAY_MS = 100;
/** Several workers often find a token due at the same moment. With different delays, the first one serves the others. */
const JITTER_MS = 1_000;
/** Per worker. Each one may take a connection for as long as Entra ID does not respond. */
const MAX_RUNNING = 64;
/** After a failure. Each further pause is twice as long. */
const FIRST_PAUSE_MS = 10_000;
const MAX_PAUSE_MS = 5 * 60_000;
/** After a success, because Entra ID may issue a token that is due at once. Claims are due after 48 s at the earliest. */
const PAUSE_AFTER_SUCCESS_MS = 30_000;
const RETENTION_MS = 10 * 60_000;

/** The results of the last renewals of this session for this request. */
interface Experience {
  readonly nextAtMs: number;
  /** How many failures there were in a row. */
  readonly failures: number;
  readonly isRefused: boolean;
}

export function createRenewalAhead(dependencies: RenewalAheadDependencies): RenewalAhead {
  const { renew, random, monotonicMs, wait, log } = dependencies;
  const running = new Set<string>();
  const experiences = createMemo<Experience>(monotonicMs);

  const pause = (key: string, pauseMs: number, failures = 0, isRefused = false) =>
    experiences.remember(key, { nextAtMs: monotonicMs() + pauseMs, failures, isRefused }, RETENTION_MS);

  const pauseAfterFailure = (key: string) => {
    const failures = (experiences.find(key)?.failures ?? 0) + 1;
    pause(key, Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), MAX_PAUSE_MS), failures);
  };

  const attempt = async (
    key: string,
    session: Session,
    request: AheadRequest,
    onRenewed: (renewed: RenewedToken) => void,
  ): Promise<void> => {
    await wait(DELAY_MS + (random(1).readUInt8(0) * JITTER_MS) / 255);
    const outcome = await renew(session, request, withFields(log, { user: auditPseudonym(session.locator) }));
    switch (outcome.kind) {
      case 'token':
        // Another call or worker is renewing. If its lease is still there after this pause, it is taken over.
        if (outcome.accessToken === request.current.accessToken) return pause(key, HOLDER_WAIT_MS);
        pause(key, PAUSE_AFTER_SUCCESS_MS);
        return onRenewed(outcome);
      case 'interaction-required':
        return pause(key, MAX_PAUSE_MS, 0, true);
      case 'session-ended':
        return experiences.forget(key);
    }
  };

  /** Never rejects. A rejection would have no handler, and so end the worker. */
  const attemptQuietly = async (
    key: string,
    session: Session,
    request: AheadRequest,
    onRenewed: (renewed: RenewedToken) => void,
  ): Promise<void> => {
    try {
      await attempt(key, session, request, onRenewed);
    } catch (error) {
      pauseAfterFailure(key);
      const user = auditPseudonym(session.locator);
      if (error instanceof BffError) log('warn', { event: 'renewal-postponed', code: error.code, user });
      else log('error', { event: 'renewal-ahead-failed', error: describeError(error), user });
    } finally {
      running.delete(key);
    }
  };

  return {
    start(session, request, onRenewed = () => undefined) {
      const key = keyOf(session, request);
      const nextAtMs = experiences.find(key)?.nextAtMs;
      if (running.has(key) || running.size >= MAX_RUNNING) return;
      if (nextAtMs !== undefined && monotonicMs() < nextAtMs) return;
      running.add(key);
      void attemptQuietly(key, session, request, onRenewed);
    },
    wasRefused: (session, request) => experiences.find(keyOf(session, request))?.isRefused ?? false,
  };
}

function keyOf(session: Session, { scopes, identityNotBefore }: TokenRequest): string {
  const what = identityNotBefore === undefined ? 'token' : 'identity';
  return [sessionKey(session), what, ...scopes.toSorted()].join(' ');
}
