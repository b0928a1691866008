import { covers } from './interaction-key.ts';
import type { Page } from './page.ts';
import { forgetSilentAttempt, type RedirectHistory } from './redirect-note.ts';
import { hasSignedInSince, type Session, signInTime } from './session.ts';

/** Decides what a page may ask for without a click. Otherwise a page that redirects by itself could loop forever. */
export interface RedirectLoopGuard {
  /** Whether only a click may ask for this. */
  isBlocked(key: string, feature?: string): boolean;
  /** Blocks a key because its interaction failed, was not possible or did not help. */
  block(key: string): void;
  /** Allows a key again because the user has clicked. */
  reset(key: string): void;
  /** @returns the history to store before one more redirect, for the page that loads on return */
  historyAfter(key: string, call: string | undefined, session: Session | undefined): RedirectHistory;
  /** A call has succeeded, so the interaction for it has helped. */
  succeeded(call: string): void;
  onSession(session: Session): void;
}

/** How long a page must have been open before it may ask again for something that the user has already done. */
const settledAfterMs = 60 * 1000;

/** @param past the redirects before this page */
export function createRedirectLoopGuard(page: Page, past: RedirectHistory): RedirectLoopGuard {
  const lastKey = past.keys.at(-1);
  const openedAt = page.Date.now();
  /**
   * A key that is listed once has been asked for. It may be asked for once more if the interaction has helped. A key
   * that is listed twice is blocked.
   */
  let { keys } = past;
  /** Whether the call that caused the last redirect has succeeded. Other calls may need other things. */
  let hasSucceeded = false;
  let lastSignedIn: Session | undefined;

  return {
    isBlocked(key, feature) {
      const isSettled = page.Date.now() - openedAt >= settledAfterMs;
      // The interaction has helped, so its key is allowed again, but only on a settled page: a permission that lasts only
      // a moment would otherwise cause a loop.
      if (isSettled && hasSucceeded) keys = keys.filter((asked) => asked !== lastKey);
      // A new sign-in proves less than a successful call. If the sign-in has not helped, the page asks again before it
      // is settled. A sign-in therefore counts only on a settled page.
      const hasHelped =
        (hasSucceeded && key === lastKey) ||
        (isSettled && hasSignedInSince(past.signedInAtBefore, lastSignedIn, feature));
      return keys.filter((asked) => covers(asked, key)).length > (hasHelped ? 1 : 0);
    },
    block(key) {
      keys = [key, key, ...keys];
      hasSucceeded = false;
    },
    reset(key) {
      keys = keys.filter((asked) => !covers(key, asked));
    },
    historyAfter: (key, call, session) => ({
      keys: [...keys, key],
      call,
      signedInAtBefore: signInTime(session),
    }),
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
