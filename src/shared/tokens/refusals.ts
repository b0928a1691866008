import { createHash } from 'node:crypto';
import { missingScopes, toComparable } from '../entra/scopes.ts';
import type { Session } from '../session/session.ts';
import { createPerUser, setBounded, userKey } from './per-user.ts';
import type { RedemptionPace } from './redemption-pace.ts';
import type { InteractionRequired, TokenRequest } from './token-request.ts';

/**
 * Remembers refusals on this worker for a while and repeats them instead of asking Entra ID again. Without
 * this, a page that repeats a refused call would redeem the refresh token each time, until Entra ID throttles
 * the user.
 *
 * The refusal of a permission that was never granted applies to the user, whatever else is requested with it.
 * Entra ID does not say which permission of a set it means. A set is therefore requested only if it lacks at
 * most half as many as each refused set that it overlaps. This narrows down the refused permission in a few
 * steps. Every other refusal applies to one session. It also applies to one request only, unless the session's
 * sign-in is over.
 *
 * The first pause is short and each further pause is twice as long. A refusal is forgotten if a session of the
 * user was granted the permission since, or if the session has received tokens since.
 */
export interface Refusals {
  /** Forgets, for all sessions of the user, the refusals that this session in use shows to be outdated. */
  forgetOutdated(session: Session): void;
  /** The refusal to repeat. Undefined: Entra ID may be asked. */
  find(session: Session, request: TokenRequest): InteractionRequired | undefined;
  /** @param session the session's state after the refusal */
  remember(session: Session, request: TokenRequest, refusal: InteractionRequired): void;
}

export interface RefusalsDependencies {
  readonly monotonicMs: () => number;
  /** The wall clock is needed too: if the machine suspends a worker, its elapsed time stands still. */
  readonly now: () => Date;
  /** Limits the user's redemptions after a refusal. */
  readonly pace: Pick<RedemptionPace, 'startLimit'>;
}

interface RememberedRefusal {
  readonly refusal: InteractionRequired;
  /** The refusal expires when either clock reaches its limit. */
  readonly untilMs: number;
  readonly untilDate: Date;
  /** The number of refusals in a row. */
  readonly times: number;
  readonly rowId: string;
  readonly tokenGeneration: number;
}

interface RefusedScope extends RememberedRefusal {
  /** The size of the smallest refused set with this scope. At least one scope of that set is refused. */
  readonly refusedSetSize: number;
}

interface RefusedRequest extends RememberedRefusal {
  /** For a challenge: the key of the session and the scopes, without the requested claims. */
  readonly family?: string;
}

interface UserRefusals {
  readonly scopes: Map<string, RefusedScope>;
  readonly requests: Map<string, RefusedRequest>;
}

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** A policy names fewer. */
const MAX_SCOPES = 64;
const MAX_REQUESTS = 16;
/** An API that asks for different claims each time accepts no token at all. */
const MAX_CLAIMS = 4;

const consentReasons: ReadonlySet<string> = new Set(['consent_required', 'admin_consent_required']);

/** With these reasons Entra ID refuses the refresh token itself, so they apply to every request of the session. */
const endOfSignIn: ReadonlySet<string> = new Set([
  'refresh_token_expired',
  'refresh_token_revoked',
  'sign_in_required',
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
        refusalOfSet(remembered.scopes, missing, isLive) ??
        refusalOfRequest(remembered.requests, session, request, isLive)
      );
    },

    remember(session, request, refusal) {
      pace.startLimit(session, request);
      const { scopes, requests } = users.findOrCreate(userKey(session));
      const missing = missingScopesOf(session, request);
      if (missing.length > 0 && consentReasons.has(refusal.reason)) {
        for (const scope of missing) {
          const before = scopes.get(scope);
          const times = timesOf(before);
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
      const key = endOfSignIn.has(refusal.reason) ? rowKey(session) : requestKey(session, request);
      const before = requests.get(key);
      const times = before?.refusal.reason === refusal.reason ? timesOf(before) : 1;
      const family = familyKey(session, request);
      // A policy or a password can be corrected elsewhere at any moment. A single such refusal therefore causes
      // no pause.
      const pauses = family === undefined ? times - 1 : times;
      const entry = {
        ...toRemembered(session, refusal, times, pauses),
        ...(family === undefined ? {} : { family }),
      };
      setBounded(requests, key, entry, MAX_REQUESTS);
    },
  };

  /** Several refusals within one pause count as one. */
  function timesOf(before: RememberedRefusal | undefined): number {
    if (before === undefined) return 1;
    return isLive(before) ? before.times : before.times + 1;
  }

  function toRemembered(
    session: Session,
    refusal: InteractionRequired,
    times: number,
    pauses: number,
  ): RememberedRefusal {
    const pauseMs = pauses === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (pauses - 1), LONGEST_PAUSE_MS);
    const { tokenGeneration } = session;
    const untilDate = new Date(now().getTime() + pauseMs);
    const rowId = rowKey(session);
    return { refusal, untilMs: monotonicMs() + pauseMs, untilDate, times, rowId, tokenGeneration };
  }
}

type IsLive = (remembered: RememberedRefusal) => boolean;

/** The refusal of a set that overlaps, unless the request lacks at most half as many permissions. */
function refusalOfSet(
  scopes: UserRefusals['scopes'],
  missing: readonly string[],
  isLive: IsLive,
): InteractionRequired | undefined {
  const suspected = missing.flatMap((scope) => scopes.get(scope) ?? []).filter(isLive);
  const narrowest = suspected.toSorted((left, right) => left.refusedSetSize - right.refusedSetSize)[0];
  if (narrowest === undefined || 2 * missing.length <= narrowest.refusedSetSize) return undefined;
  return narrowest.refusal;
}

/** The refusal of the same request, of the session's sign-in, or of many other claims. */
function refusalOfRequest(
  requests: UserRefusals['requests'],
  session: Session,
  request: TokenRequest,
  isLive: IsLive,
): InteractionRequired | undefined {
  const same = [requestKey(session, request), rowKey(session)].flatMap((key) => requests.get(key) ?? []);
  const live = same.find(isLive);
  if (live !== undefined) return live.refusal;
  const family = familyKey(session, request);
  if (family === undefined) return undefined;
  const others = [...requests.values()].filter((other) => other.family === family && isLive(other));
  return others.length < MAX_CLAIMS ? undefined : others.at(-1)?.refusal;
}

/**
 * Removes what this session shows to be outdated: refused permissions that it has been granted, in any session
 * of the user, and refusals from before its current tokens.
 */
function removeOutdated({ scopes, requests }: UserRefusals, session: Session): void {
  const rowId = rowKey(session);
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

function rowKey({ locator: { rowId } }: Session): string {
  return rowId.toString('base64url');
}

/** The hash of the request, because claims may be long. */
function requestKey(session: Session, { scopes, challenge, identityNotBefore }: TokenRequest): string {
  const claims = challenge === undefined ? undefined : withoutInstants(challenge.claims);
  const about = [rowKey(session), scopes.toSorted(), claims, identityNotBefore !== undefined];
  return createHash('sha256').update(JSON.stringify(about)).digest('base64');
}

/**
 * A claims challenge contains the earliest allowed issue time, which may differ each time. A token redeemed for
 * one of these challenges is as new as a token redeemed for another.
 */
function withoutInstants(claims: string): string {
  return claims.replaceAll(/"nbf"\s*:\s*\{[^{}]*\}/g, '"nbf":{}');
}

function familyKey(session: Session, { scopes, challenge }: TokenRequest): string | undefined {
  return challenge === undefined ? undefined : requestKey(session, { scopes });
}
