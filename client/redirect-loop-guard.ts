import { covers } from './interaction-key.ts';
import type { Page } from './page.ts';
import { forgetSilentAttempt, type RedirectHistory } from './redirect-note.ts';
import { hasSignedInSince, type Session, signInTime } from './session.ts';

/** Decides what a page may ask for without a click. Otherwise a page that redirects by itself could loop forever. */
export interface RedirectLoopGuard {
  /** Whether only a click may ask for this. */
  isBlocked(key: string, feature?: string): boolean;
  /** Blocks a key that the user has refused, or whose interaction did not help. */
  block(key: string): void;
  /** Allows a key again because the user has clicked. */
  reset(key: string): void;
  /** @returns the history to store for the page that comes back from one more redirect */
  historyAfter(key: string, call: string | undefined, session: Session | undefined): RedirectHistory;
  /** A call has succeeded, so the interaction for it has helped. */
  succeeded(call: string): void;
  onSession(session: Session): void;
}

/** How long a page must have been open before it may ask again for something that the user has already done. */
const quietMs = 60 * 1000;

/** @param past the redirects before this page */
export function createRedirectLoopGuard(page: Page, past: RedirectHistory): RedirectLoopGuard {
  const lastKey = past.keys.at(-1);
  const openedAt = page.Date.now();
  /** A key that is listed once has been asked for and may be asked for once more. Listed twice, it is blocked. */
  let { keys } = past;
  /** Whether the call behind the last redirect has succeeded. Other calls prove nothing: they may need other things. */
  let hasSucceeded = false;
  let lastSignedIn: Session | undefined;

  return {
    isBlocked(key, feature) {
      const isQuiet = page.Date.now() - openedAt >= quietMs;
      // The interaction helped, so its key is allowed again. Not at once, because a result that lasts only a moment
      // would loop.
      if (isQuiet && hasSucceeded) keys = keys.filter((asked) => asked !== lastKey);
      // The session proves less than a call, because it also changes after an interaction that did not help. That shows
      // at once.
      const isAnswered =
        (hasSucceeded && key === lastKey) || (isQuiet && hasSignedInSince(past.since, lastSignedIn, feature));
      return keys.filter((asked) => covers(asked, key)).length > (isAnswered ? 1 : 0);
    },
    block(key) {
      keys = [key, key, ...keys];
      hasSucceeded = false;
    },
    reset(key) {
      keys = keys.filter((asked) => !covers(key, asked));
    },
    historyAfter: (key, call, session) => ({ keys: [...keys, key], call, since: signInTime(session) }),
    succeeded(call) {
      if (call !== past.call) return;
      hasSucceeded = true;
      forgetSilentAttempt(page);
    },
    onSession(session) {
      if (session.signed_in) lastSignedIn = session;
    },
  };
}
