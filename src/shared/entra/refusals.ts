import { createHash } from 'node:crypto';
import type { Session } from '../session/session-store.ts';
import { createPerUser, setBounded, userOf } from './per-user.ts';
import type { RedemptionPace } from './redemption-pace.ts';
import { lackingScopes, toComparable } from './scopes.ts';
import type { TokenAcquisition } from './silent-attempt.ts';
import type { TokenWish } from './token-wish.ts';

/** What only the user can give, as Entra or an API has said it. */
export type Refusal = Extract<TokenAcquisition, { kind: 'interaction-required' }>;

/**
 * Refusals that are given again for a while instead of asking Entra anew, in this worker: a page that repeats a refused
 * call would otherwise redeem the refresh token with every repetition, until Entra throttles the user.
 *
 * A permission that was never granted is refused to the user, whatever else is asked for with it. Entra does not say which
 * of several it means: a set is asked for only when it lacks at most half as many as each refused set that it shares one
 * with, so that what was refused is narrowed down in few steps. Every other refusal is of one session, and of one wish unless its sign-in is over.
 *
 * The first pause is short and each further one is twice as long. A permission that a session of the user has been granted
 * meanwhile, or tokens that a session got since, end what was kept about them.
 */
export interface Refusals {
  /** What a session that is in use shows to be over is forgotten, for all sessions of the user. */
  see(session: Session): void;
  find(session: Session, wish: TokenWish): Refusal | undefined;
  /** @param session as it stands after the refusal */
  keep(session: Session, wish: TokenWish, refusal: Refusal): void;
}

export interface RefusalsNeeds {
  readonly monotonicMs: () => number;
  /** A worker that its machine stopped for a while has an elapsed time that stood still meanwhile. */
  readonly now: () => Date;
  /** Who has been refused something redeems at a pace from then on. */
  readonly pace: Pick<RedemptionPace, 'refused'>;
}

interface Kept {
  readonly refusal: Refusal;
  /** On either clock. */
  readonly untilMs: number;
  readonly untilDate: Date;
  /** How often in a row. */
  readonly times: number;
  readonly rowId: string;
  readonly tokenGeneration: number;
}

interface RefusedScope extends Kept {
  /** Of the smallest refused set that it was in: one of so many is refused. */
  readonly among: number;
}

interface RefusedWish extends Kept {
  /** Of a challenge: the session and scopes, whatever claims were asked for. */
  readonly family?: string;
}

interface UserRefusals {
  readonly scopes: Map<string, RefusedScope>;
  readonly wishes: Map<string, RefusedWish>;
}

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** More than a policy names. */
const MAX_SCOPES = 64;
const MAX_WISHES = 16;
/** An API that asks for other claims each time is not satisfied by any. */
const MAX_CLAIMS = 4;

const consentReasons: ReadonlySet<string> = new Set(['consent_required', 'admin_consent_required']);

/** Whatever is asked for: the refresh token itself is refused. */
const endOfSignIn: ReadonlySet<string> = new Set([
  'refresh_token_expired',
  'refresh_token_revoked',
  'sign_in_required',
]);

export function createRefusals({ monotonicMs, now, pace }: RefusalsNeeds): Refusals {
  const users = createPerUser<UserRefusals>(monotonicMs, () => ({ scopes: new Map(), wishes: new Map() }));
  const isLive = ({ untilMs, untilDate }: Kept) => monotonicMs() < untilMs && now() < untilDate;

  return {
    see(session) {
      const known = users.find(userOf(session));
      if (known !== undefined) forgetOutdated(known, session);
    },

    find(session, wish) {
      const known = users.find(userOf(session));
      if (known === undefined) return undefined;
      forgetOutdated(known, session);
      const lacking = lackingOf(session, wish);
      const suspected = lacking.flatMap((scope) => known.scopes.get(scope) ?? []).filter(isLive);
      const narrowest = suspected.toSorted((left, right) => left.among - right.among)[0];
      if (narrowest !== undefined && 2 * lacking.length > narrowest.among) return narrowest.refusal;
      const same = [nameOf(session, wish), rowOf(session)].flatMap((name) => known.wishes.get(name) ?? []);
      const live = same.find(isLive);
      if (live !== undefined) return live.refusal;
      const family = familyOf(session, wish);
      if (family === undefined) return undefined;
      const others = [...known.wishes.values()].filter((kept) => kept.family === family && isLive(kept));
      return others.length < MAX_CLAIMS ? undefined : others.at(-1)?.refusal;
    },

    keep(session, wish, refusal) {
      pace.refused(session, wish);
      const { scopes, wishes } = users.touch(userOf(session));
      const lacking = lackingOf(session, wish);
      if (lacking.length > 0 && consentReasons.has(refusal.reason)) {
        for (const scope of lacking) {
          const before = scopes.get(scope);
          const times = timesOf(before);
          const among = Math.min(before?.among ?? lacking.length, lacking.length);
          setBounded(scopes, scope, { ...keptAt(session, refusal, times, times), among }, MAX_SCOPES);
        }
        return;
      }
      const name = endOfSignIn.has(refusal.reason) ? rowOf(session) : nameOf(session, wish);
      const before = wishes.get(name);
      const times = before?.refusal.reason === refusal.reason ? timesOf(before) : 1;
      const family = familyOf(session, wish);
      // Of what may be put right elsewhere at any moment (a policy, a password) one refusal alone keeps no call back.
      const pauses = family === undefined ? times - 1 : times;
      const kept = {
        ...keptAt(session, refusal, times, pauses),
        ...(family === undefined ? {} : { family }),
      };
      setBounded(wishes, name, kept, MAX_WISHES);
    },
  };

  /** Several refusals within one pause are one. */
  function timesOf(before: Kept | undefined): number {
    if (before === undefined) return 1;
    return isLive(before) ? before.times : before.times + 1;
  }

  function keptAt(session: Session, refusal: Refusal, times: number, pauses: number): Kept {
    const pauseMs = pauses === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (pauses - 1), LONGEST_PAUSE_MS);
    const { tokenGeneration } = session;
    const untilDate = new Date(now().getTime() + pauseMs);
    const rowId = rowOf(session);
    return { refusal, untilMs: monotonicMs() + pauseMs, untilDate, times, rowId, tokenGeneration };
  }
}

/** What this session shows to be over: a grant, whoever of the user's sessions has it, and tokens that it got since. */
function forgetOutdated({ scopes, wishes }: UserRefusals, session: Session): void {
  const rowId = rowOf(session);
  const isOutdated = (kept: Kept) => kept.rowId === rowId && kept.tokenGeneration < session.tokenGeneration;
  for (const scope of session.facts.grantedScopes) scopes.delete(toComparable(scope));
  for (const map of [scopes, wishes]) {
    for (const [name, kept] of map) if (isOutdated(kept)) map.delete(name);
  }
}

function lackingOf({ facts }: Session, { scopes }: TokenWish): string[] {
  return lackingScopes(scopes, facts.grantedScopes).map(toComparable);
}

function rowOf({ address: { rowId } }: Session): string {
  return rowId.toString('base64url');
}

/** A hash, because claims may be long. */
function nameOf(session: Session, { scopes, challenge, identityNotBefore }: TokenWish): string {
  const claims = challenge === undefined ? undefined : withoutInstants(challenge.claims);
  const about = [rowOf(session), scopes.toSorted(), claims, identityNotBefore !== undefined];
  return createHash('sha256').update(JSON.stringify(about)).digest('base64');
}

/**
 * A claims challenge says since when a token has to be issued, and that instant may be another each time. A token that
 * was redeemed for one of them is as new as any.
 */
function withoutInstants(claims: string): string {
  return claims.replaceAll(/"nbf"\s*:\s*\{[^{}]*\}/g, '"nbf":{}');
}

function familyOf(session: Session, { scopes, challenge }: TokenWish): string | undefined {
  return challenge === undefined ? undefined : nameOf(session, { scopes });
}
