import { missingScopes } from '../entra/scopes.ts';
import type { ConsentDenial } from '../session/facts.ts';
import type { Session } from '../session/session.ts';

const FIRST_PAUSE_MS: Record<ConsentDenial['by'], number> = {
  user: 60 * 60_000,
  // Shorter, because an administrator may consent at any moment and the service is not notified.
  administrator: 5 * 60_000,
};
const PAUSE_FACTOR = 4;
const MAX_PAUSE_MS = 24 * 60 * 60_000;

/**
 * Returns the record of a denial. Until its `askAgainAt`, the service does not ask for the feature's permissions by itself.
 * Each further denial by the same side makes the pause four times as long, up to 24 hours.
 * @param before the previous denial of the feature
 */
export function nextDenial(
  before: ConsentDenial | undefined,
  by: ConsentDenial['by'],
  now: Date,
): ConsentDenial {
  const count = before?.by === by ? before.count + 1 : 1;
  const pauseMs = Math.min(FIRST_PAUSE_MS[by] * PAUSE_FACTOR ** (count - 1), MAX_PAUSE_MS);
  return { by, count, askAgainAt: new Date(now.getTime() + pauseMs).toISOString() };
}

/** Returns the feature's denial if its pause is not over. */
export function activeDenial({ facts }: Session, feature: string, now: Date): ConsentDenial | undefined {
  const denial = Object.hasOwn(facts.consentDenials, feature) ? facts.consentDenials[feature] : undefined;
  return denial !== undefined && Date.parse(denial.askAgainAt) > now.getTime() ? denial : undefined;
}

/** True if one of the scopes was not granted. If all have been granted since a denial, the denial has no effect. */
export function isMissingScopes({ facts }: Session, scopes: readonly string[]): boolean {
  return missingScopes(scopes, facts.grantedScopes).length > 0;
}
