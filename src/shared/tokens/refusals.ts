import { createHash } from 'node:crypto';
import { setBounded } from '../bounded-map.ts';
import { missingScopes, toComparable } from '../entra/scopes.ts';
import { createPerUser } from '../network/per-user.ts';
import type { Session } from '../session/session.ts';
import { userKey } from './keys.ts';
import type { RedemptionPace } from './redemption-pace.ts';
import type { Refusal, TokenRequest } from './token-request.ts';

/**
 * Remembers Entra ID's refusals on this worker for a while and repeats them instead of asking Entra ID again. Without
 * this, a page that repeats a refused call would redeem the refresh token each time, until Entra ID throttles the user.
 *
 * A refusal for lack of consent applies to the user's missing permissions, in every session and request. Entra ID does not
 * indicate which of several missing permissions it refused. A request that lacks some of them is therefore sent only if it
 * lacks at most half as many permissions as the refused request. This finds the refused permission in a few steps. The
 * first refusal already causes a pause.
 *
 * Any other refusal applies to one session and one request. If Entra ID refused the refresh token or the user, the
 * refusal applies to all requests of the session. Refusals other than for lack of consent cause a pause from the second
 * one on. After a claims challenge, or if this app's registration is at fault, the first one already does.
 *
 * During the pause after a refusal, Entra ID is not asked again. The first pause is 5 s, and each further one is twice as
 * long, up to 5 minutes, or up to 1 minute if this app's registration is at fault. A refusal is forgotten if the user
 * has been granted the permission since, in any session, or if the refused session has received new tokens.
 */
export interface Refusals {
  /** Forgets those of the user's refusals that this session's current state shows to be outdated. */
  forgetOutdated(session: Session): void;
  /** @returns the refusal to repeat, or undefined if Entra ID may be asked */
  find(session: Session, request: TokenRequest): Refusal | undefined;
  /** @param session the session's state after the refusal */
  remember(session: Session, request: TokenRequest, refusal: Refusal): void;
}

export interface RefusalsDependencies {
  readonly monotonicMs: () => number;
  /** The wall clock is needed too, because the monotonic time stands still while a worker is suspended. */
  readonly now: () => Date;
  /** Limits the user's redemptions after a refusal. */
  readonly pace: Pick<RedemptionPace, 'startLimit'>;
}

interface RememberedRefusal {
  readonly refusal: Refusal;
  /** The refusal expires when either clock reaches its limit. */
  readonly untilMs: number;
  readonly untilDate: Date;
  /** How many refusals there were in a row. Several within one pause count as one. */
  readonly times: number;
  readonly rowId: string;
  readonly tokenGeneration: number;
}

interface RefusedScope extends RememberedRefusal {
  /** The size of the smallest refused set with this scope. At least one scope of that set is refused. */
  readonly refusedSetSize: number;
}

interface RefusedRequest extends RememberedRefusal {
  /** Set if claims were requested: the same key for all requests that differ only in their claims. */
  readonly keyWithoutClaims?: string;
}

interface UserRefusals {
  readonly scopes: Map<string, RefusedScope>;
  readonly requests: Map<string, RefusedRequest>;
}

const FIRST_PAUSE_MS = 5_000;
const MAX_PAUSE_MS = 5 * 60_000;
/** Shorter, because one correction of the registration helps every user, and the service is not notified of it. */
const MAX_REGISTRATION_PAUSE_MS = 60_000;
/** Per user. More than a policy usually names. */
const MAX_SCOPES = 64;
const MAX_REQUESTS = 16;
/**
 * After this many refusals of different claims, any other claims for the same scopes are refused too, because an API that
 * demands other claims each time accepts no token.
 */
const MAX_REFUSED_CLAIMS = 4;

const consentReasons: ReadonlySet<string> = new Set(['consent_required', 'admin_consent_required']);

/**
 * For these reasons, Entra ID refuses the refresh token or the user, so the refusal applies to every request of the
 * session.
 */
const signInEndReasons: ReadonlySet<string> = new Set([
  'refresh_token_expired',
  'refresh_token_revoked',
  'sign_in_required',
  'password_expired',
  'account_disabled',
  'not_assigned',
]);

export function createRefusals({ monotonicMs, now, pace }: RefusalsDependencies): Refusals {
  const users = createPerUser<UserRefusals>(monotonicMs, () => ({ scopes: new Map(), requests: new Map() }));
  const isLive = ({ untilMs, untilDate }: RememberedRefusal) => monotonicMs() < untilMs && now() < untilDate;

  return {
    forgetOutdated(session) {
      const remembered = users.find(userKey(session));
      if (remembered !== undefined) removeOutdated(remembered, session);
    },

    find(session, request) {
      const remembered = users.find(userKey(session));
      if (remembered === undefined) return undefined;
      removeOutdated(remembered, session);
      const missing = missingScopesOf(session, request);
      return (
        findSetRefusal(remembered.scopes, missing, isLive) ??
        findRequestRefusal(remembered.requests, session, request, isLive)
      );
    },

    remember(session, request, refusal) {
      pace.startLimit(session, request);
      const { scopes, requests } = users.findOrCreate(userKey(session));
      const missing = missingScopesOf(session, request);
      if (missing.length > 0 && consentReasons.has(reasonOf(refusal))) {
        for (const scope of missing) {
          const before = scopes.get(scope);
          const times = countRefusal(before);
          const refusedSetSize = Math.min(before?.refusedSetSize ?? missing.length, missing.length);
          setBounded(
            scopes,
            scope,
            { ...toRemembered(session, refusal, times, times), refusedSetSize },
            MAX_SCOPES,
          );
        }
        return;
      }
      const key = signInEndReasons.has(reasonOf(refusal)) ? rowIdOf(session) : requestKey(session, request);
      const before = requests.get(key);
      const times =
        before !== undefined && reasonOf(before.refusal) === reasonOf(refusal) ? countRefusal(before) : 1;
      const keyWithoutClaims = requestKeyWithoutClaims(session, request);
      // An administrator or the user can correct the cause elsewhere at any moment, for example a policy or a password.
      // A single refusal therefore causes no pause, except after a claims challenge or if this app is at fault.
      const pausesAtOnce = keyWithoutClaims !== undefined || refusal.kind === 'registration-invalid';
      const pauses = pausesAtOnce ? times : times - 1;
      const entry = {
        ...toRemembered(session, refusal, times, pauses),
        ...(keyWithoutClaims === undefined ? {} : { keyWithoutClaims }),
      };
      setBounded(requests, key, entry, MAX_REQUESTS);
    },
  };

  /** Returns how many refusals there were in a row, including the new one. */
  function countRefusal(before: RememberedRefusal | undefined): number {
    if (before === undefined) return 1;
    return isLive(before) ? before.times : before.times + 1;
  }

  function toRemembered(
    session: Session,
    refusal: Refusal,
    times: number,
    pauses: number,
  ): RememberedRefusal {
    const maxPauseMs = refusal.kind === 'registration-invalid' ? MAX_REGISTRATION_PAUSE_MS : MAX_PAUSE_MS;
    const pauseMs = pauses === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (pauses - 1), maxPauseMs);
    const { tokenGeneration } = session;
    const untilDate = new Date(now().getTime() + pauseMs);
    const rowId = rowIdOf(session);
    return { refusal, untilMs: monotonicMs() + pauseMs, untilDate, times, rowId, tokenGeneration };
  }
}

/** Two refusals of the same request for the same reason count as refusals in a row. */
const reasonOf = (refusal: Refusal): string =>
  refusal.kind === 'interaction-required' ? refusal.reason : refusal.kind;

type IsLive = (remembered: RememberedRefusal) => boolean;

/**
 * Finds the refusal of a set of which the request lacks at least one permission. If the request lacks at most half as many
 * permissions as the set has, Entra ID may be asked, and nothing is returned.
 */
function findSetRefusal(
  scopes: UserRefusals['scopes'],
  missing: readonly string[],
  isLive: IsLive,
): Refusal | undefined {
  const suspected = missing.flatMap((scope) => scopes.get(scope) ?? []).filter(isLive);
  const narrowest = suspected.toSorted((left, right) => left.refusedSetSize - right.refusedSetSize)[0];
  if (narrowest === undefined || 2 * missing.length <= narrowest.refusedSetSize) return undefined;
  return narrowest.refusal;
}

/**
 * Finds a refusal of the same request, of the session's refresh token or user, or of the same scopes with many
 * different claims.
 */
function findRequestRefusal(
  requests: UserRefusals['requests'],
  session: Session,
  request: TokenRequest,
  isLive: IsLive,
): Refusal | undefined {
  const same = [requestKey(session, request), rowIdOf(session)].flatMap((key) => requests.get(key) ?? []);
  const live = same.find(isLive);
  if (live !== undefined) return live.refusal;
  const keyWithoutClaims = requestKeyWithoutClaims(session, request);
  if (keyWithoutClaims === undefined) return undefined;
  const others = [...requests.values()].filter(
    (other) => other.keyWithoutClaims === keyWithoutClaims && isLive(other),
  );
  return others.length < MAX_REFUSED_CLAIMS ? undefined : others.at(-1)?.refusal;
}

/**
 * Removes the refusals that this session shows to be outdated: all refusals of permissions that it has been granted, and
 * this session's refusals from before its current tokens.
 */
function removeOutdated({ scopes, requests }: UserRefusals, session: Session): void {
  const rowId = rowIdOf(session);
  const isOutdated = (refusal: RememberedRefusal) =>
    refusal.rowId === rowId && refusal.tokenGeneration < session.tokenGeneration;
  for (const scope of session.facts.grantedScopes) scopes.delete(toComparable(scope));
  for (const map of [scopes, requests]) {
    for (const [key, refusal] of map) if (isOutdated(refusal)) map.delete(key);
  }
}

function missingScopesOf({ facts }: Session, { scopes }: TokenRequest): string[] {
  return missingScopes(scopes, facts.grantedScopes).map(toComparable);
}

function rowIdOf({ locator: { rowId } }: Session): string {
  return rowId.toString('base64url');
}

/** A hash, because claims may be long. */
function requestKey(session: Session, { scopes, challenge, identityNotBefore }: TokenRequest): string {
  const claims = challenge === undefined ? undefined : removeNotBefore(challenge.claims);
  const about = [rowIdOf(session), scopes.toSorted(), claims, identityNotBefore !== undefined];
  return createHash('sha256').update(JSON.stringify(about)).digest('base64');
}

/**
 * Removes the earliest allowed issue time, which may differ in each claims challenge. Challenges that differ only in this
 * time count as the same, because any new token satisfies them.
 */
function removeNotBefore(claims: string): string {
  return claims.replaceAll(/"nbf"\s*:\s*\{[^{}]*\}/g, '"nbf":{}');
}

function requestKeyWithoutClaims(session: Session, { scopes, challenge }: TokenRequest): string | undefined {
  return challenge === undefined ? undefined : requestKey(session, { scopes });
}
