import type { Page } from './page.ts';
import type { Session } from './session.ts';
import type { SessionEvent } from './session-event.ts';

export interface ExpiryTimer {
  /**
   * Waits for the end of this session instead of the last one.
   * @param serverOffsetMs how far the server's clock is ahead. The server decides when a session ends, and the clock here
   * may be wrong.
   * @param isNew whether listeners are notified of a new or changed session, and must be warned again
   */
  watch(session: Session, serverOffsetMs: number, isNew: boolean): void;
  /** Checks immediately whether a warning still holds, because the session may have been used. */
  recheck(): void;
}

const longestDelayMs = 60 * 60 * 1000; // a timer of more than 24 days would fire immediately
const retryMs = 60 * 1000;

/**
 * Warns before a session ends, after it has asked the server whether calls have extended the session.
 * @param warningSeconds how long before the end to warn
 * @param refresh requests the session from the server
 */
export function createExpiryTimer(
  page: Page,
  warningSeconds: number,
  refresh: () => Promise<unknown>,
  notify: (event: SessionEvent) => void,
): ExpiryTimer {
  /** The end of the session for which `expiring` was sent, in epoch ms; 0 for none. */
  let announcedEndMs = 0;
  let timer: unknown;

  function refreshIn(ms: number): void {
    page.clearTimeout(timer);
    timer = page.setTimeout(() => refresh().catch(() => refreshIn(retryMs)), Math.min(ms, longestDelayMs));
  }

  return {
    watch(session, serverOffsetMs, isNew) {
      page.clearTimeout(timer);
      if (isNew) announcedEndMs = 0;
      if (!session.signed_in) return;
      const limitMs = Date.parse(session.expires_at);
      const endMs = Math.min(limitMs, Date.parse(session.idle_expires_at));
      const leftMs = endMs - page.Date.now() - serverOffsetMs;
      if (Number.isNaN(leftMs)) return;
      const untilWarningMs = leftMs - warningSeconds * 1000;
      if (untilWarningMs > 0) {
        // Use of the session has postponed its end after a warning.
        if (announcedEndMs > 0) notify({ type: 'changed', session, userChanged: false });
        announcedEndMs = 0;
      } else if (leftMs > 0 && announcedEndMs !== endMs) {
        announcedEndMs = endMs;
        // The server never sets the idle end after `expires_at`. If the two are equal, use postpones neither.
        const reason = endMs < limitMs ? 'session_idle' : 'session_expired';
        notify({
          type: 'expiring',
          session,
          secondsLeft: Math.round(leftMs / 1000),
          reason,
          userChanged: false,
        });
      }
      refreshIn(untilWarningMs > 0 ? untilWarningMs : leftMs > 0 ? leftMs + 1000 : retryMs);
    },
    recheck() {
      if (announcedEndMs > 0) refreshIn(0);
    },
  };
}
