import type { Page } from './page.ts';
import { hasSignedIn, type Session, signInTime } from './session.ts';
import { forgetSilentRound } from './way-back.ts';

/** The rounds by which pages of this tab were left without a click: what a page that is back has to know. */
export interface Rounds {
  /** The question of each round, the last one last. */
  readonly keys: readonly string[];
  /** The call that needed the last one: method and path. */
  readonly call?: string | undefined;
  /** When the person had signed in before the last one; empty for nobody, undefined when that was not known. */
  readonly since?: string | undefined;
}

/** Decides what may be asked for without a click: a page that is left by itself must not go round and round. */
export interface RoundLimit {
  /** Whether this must not be asked for again without a click. */
  isSpent(key: string, feature?: string): boolean;
  /** Refused by the person, or given in vain: from now on it takes a click. */
  spend(key: string): void;
  /** The person clicked for it. */
  forgive(key: string): void;
  /** @returns what the page that comes back from one round more has to know */
  next(key: string, call: string | undefined, before: Session | undefined): Rounds;
  /** A call has its answer: what it needs is there. */
  worked(call: string): void;
  noticed(session: Session): void;
}

const calmMs = 60 * 1000;

/** @param past the rounds before this page */
export function limitRounds(page: Page, past: Rounds): RoundLimit {
  const lastKey = past.keys.at(-1);
  const startedAt = page.Date.now();
  /** Here once: asked for, so that one round more is left. Here twice: spent. */
  let { keys } = past;
  /** The call that needed the last round. No other one can tell: they may need something else. */
  let hasWorked = false;
  let latest: Session | undefined;

  return {
    isSpent(key, feature) {
      const isCalm = page.Date.now() - startedAt >= calmMs;
      // Asked and answered: from here on it arises anew. Not at once, else answers that last for a moment make a loop.
      if (isCalm && hasWorked) keys = keys.filter((asked) => asked !== lastKey);
      // The session's word is believed later: it is the same where the answer was in vain, which shows at once.
      const isAnswered =
        (hasWorked && key === lastKey) || (isCalm && hasSignedIn(latest, past.since, feature));
      return keys.filter((asked) => gives(asked, key)).length > (isAnswered ? 1 : 0);
    },
    spend(key) {
      keys = [key, key, ...keys];
      hasWorked = false;
    },
    forgive(key) {
      keys = keys.filter((asked) => !gives(key, asked));
    },
    next: (key, call, before) => ({ keys: [...keys, key], call, since: signInTime(before) }),
    worked(call) {
      if (call !== past.call) return;
      hasWorked = true;
      forgetSilentRound(page);
    },
    noticed(session) {
      if (session.signed_in) latest = session;
    },
  };
}

/** Whether the one question's answer is the other's too: it is the same, or a part of it. */
export function gives(asked: string, wanted: string): boolean {
  return asked === wanted || asked === wanted.split(':')[0];
}
