import type { Interaction, InteractionRequest } from './interaction.ts';
import { type OpenPopup, readOutcome, show } from './interaction-display.ts';
import type { InteractionResult } from './interaction-failed.ts';
import { orUndefined } from './or-undefined.ts';
import type { Page } from './page.ts';
import { readLink } from './read-untrusted.ts';
import type { RedirectLoopGuard } from './redirect-loop-guard.ts';
import { hasSignedInSince, type Session, signInTime } from './session.ts';
import type { SessionWatch } from './session-watch.ts';

/**
 * The one interaction in progress: an open popup, a popup that waits for a click, or a redirect that leaves this page.
 */
export interface ActiveInteraction {
  /** Undefined if no interaction is in progress. */
  readonly view: Interaction | undefined;
  /** The link for an administrator that the last popup reported. */
  readonly adminConsentUrl: string | undefined;
  /**
   * @param proceed what the page calls in a click, to start the request again
   * @returns false if nothing was started: the browser blocks the popup and the request may neither wait nor redirect, or
   * no safe redirect is possible
   */
  start(request: InteractionRequest, proceed: () => void): boolean;
  /** If this interaction waits for a click, stops waiting, so that another request can start. */
  pause(): void;
  focus(): void;
  /** Handles a message of a popup. Ignores every message that is not from the open popup. */
  onMessage(message: unknown): void;
  /** Handles new information about the session, which may show that the user is done although no message arrived. */
  onSession(session: Session): void;
  end(result: InteractionResult): void;
}

const popupLimitMs = 10 * 60 * 1000; // the lifetime of an interaction ticket
const redirectLimitMs = 30 * 1000; // after that, the user has stopped the navigation or is offline

/** Receives the key of the request, its result, and whether it was shown in a popup. */
export type OnEnd = (key: string, result: InteractionResult, wasPopup: boolean) => void;

/** @param onLimit called at the time limit, to end this interaction and all that wait for it */
export function createActiveInteraction(
  page: Page,
  guard: RedirectLoopGuard,
  sessions: SessionWatch,
  onEnd: OnEnd,
  onLimit: (result: InteractionResult) => void,
): ActiveInteraction {
  /** Undefined if no interaction is in progress. */
  let view: Interaction | undefined;
  let key = '';
  let popup: OpenPopup | undefined;
  let timer: unknown;
  /** The user's sign-in time before the popup opened. A later time shows that the user is done. Undefined until known. */
  let signedInAtBefore: string | undefined;
  /** A popup has ended, and the session has not been read since. */
  let isSessionStale = false;
  let adminConsentUrl: string | undefined;

  function end(result: InteractionResult): void {
    if (!view) return;
    view = undefined;
    page.clearTimeout(timer);
    // If the browser has cut the popup off from this page, the popup's last page closes itself.
    orUndefined(() => popup?.window.close());
    if (popup) {
      isSessionStale = true;
      void sessions.tryRead().then((session) => {
        if (session) isSessionStale = false;
      });
    }
    onEnd(key, result, !!popup);
  }

  return {
    get view() {
      return view;
    },
    get adminConsentUrl() {
      return adminConsentUrl;
    },
    start(request, proceed) {
      const shown = show(page, request, guard, sessions);
      if (!shown) return false;
      popup = typeof shown === 'object' ? shown : undefined;
      const isPopup = shown !== 'redirect';
      const limitMs = isPopup ? popupLimitMs : redirectLimitMs;
      const started = toView(page, request, limitMs, isPopup, shown === 'wait' ? proceed : undefined);
      view = started;
      key = request.key;
      timer = page.setTimeout(() => onLimit(isPopup ? 'timed_out' : 'canceled'), limitMs);
      signedInAtBefore = isPopup && !isSessionStale ? signInTime(sessions.current) : undefined;
      if (isPopup && signedInAtBefore === undefined) {
        void sessions.tryRead().then((session) => {
          if (view === started) signedInAtBefore = signInTime(session);
        });
      }
      return true;
    },
    pause() {
      if (!view?.proceed) return;
      view = undefined;
      page.clearTimeout(timer);
    },
    focus: () => void orUndefined(() => view && popup?.window.focus()),
    onMessage(message) {
      const outcome = view && popup && readOutcome(message, popup);
      if (!outcome) return;
      adminConsentUrl = readLink(message, 'admin_consent_url');
      end(outcome);
    },
    onSession(session) {
      // The session shows a completed sign-in (the empty key, for any feature) and granted features, also from another tab.
      // Whether the sign-in had the second factor or the claims, only the popup's message reports.
      const isVisibleInSession = /^(consent|$)/.test(key);
      if (view && isVisibleInSession && hasSignedInSince(signedInAtBefore, session, key && view.feature))
        end('signed_in');
    },
    end,
  };
}

function toView(
  page: Page,
  { feature, reason, scopes = [] }: InteractionRequest,
  limitMs: number,
  isPopup: boolean,
  proceed: Interaction['proceed'],
): Interaction {
  const endsAt = new Date(page.Date.now() + limitMs);
  return { display: isPopup ? 'popup' : 'redirect', feature, reason, scopes, endsAt, proceed };
}
