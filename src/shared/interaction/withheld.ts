import { lackingScopes } from '../entra/scopes.ts';
import type { ConsentDenial } from '../session/facts.ts';
import type { Session } from '../session/store.ts';

const FIRST_PAUSE_MS: Record<ConsentDenial['by'], number> = {
  user: 60 * 60_000,
  // An administrator may agree at any moment, and nobody tells us.
  administrator: 5 * 60_000,
};
const LONGER_EACH_TIME = 4;
const LONGEST_PAUSE_MS = 24 * 60 * 60_000;

/** A feature that was withheld once more: each time the pause before it is asked for by itself is four times as long. */
export function withholdAgain(
  before: ConsentDenial | undefined,
  by: ConsentDenial['by'],
  now: Date,
): ConsentDenial {
  const count = before?.by === by ? before.count + 1 : 1;
  const pauseMs = Math.min(FIRST_PAUSE_MS[by] * LONGER_EACH_TIME ** (count - 1), LONGEST_PAUSE_MS);
  return { by, count, askAgainAt: new Date(now.getTime() + pauseMs).toISOString() };
}

/** Who withholds the feature for now; undefined when nobody does, or it is time to ask again. */
export function withheldNow({ facts }: Session, feature: string, now: Date): ConsentDenial | undefined {
  const withheld = Object.hasOwn(facts.consentDenials, feature) ? facts.consentDenials[feature] : undefined;
  return withheld !== undefined && Date.parse(withheld.askAgainAt) > now.getTime() ? withheld : undefined;
}

/** What was granted counts, whatever was said before. */
export function isLacking({ facts }: Session, scopes: readonly string[]): boolean {
  return lackingScopes(scopes, facts.grantedScopes).length > 0;
}
