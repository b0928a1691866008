import { createListeners } from './listeners.ts';
import type { Page } from './page.ts';
import { parseSession, type Session, type SignedIn, type SignedOut, userOf } from './session.ts';

/**
 * `expiring` comes once per end, in time for a warning, and again behind a `changed` that leaves the end where it was. Use
 * moves a `session_idle` end, and a `changed` alone takes the warning back; nothing moves `session_expired`.
 */
export type SessionEvent =
  | {
      readonly type: 'signed_in' | 'changed';
      readonly session: SignedIn;
      /**
       * True if the user differs from the last user this page knew. The client makes no call for the new user
       * until the page calls `client.session()`. Clear what the page shows and start anew, for example with
       * `location.reload()`.
       */
      readonly userChanged: boolean;
    }
  | { readonly type: 'signed_out'; readonly session: SignedOut; readonly userChanged: false }
  | {
      readonly type: 'expiring';
      readonly session: SignedIn;
      readonly secondsLeft: number;
      readonly reason: 'session_idle' | 'session_expired';
      readonly userChanged: false;
    };

export interface SessionWatch {
  readonly known: Session | undefined;
  /** The last user who was signed in, even if the session has ended. */
  readonly user: string | undefined;
  /** Resolves after the first answer from the server. Never rejects. */
  begun(): Promise<unknown>;
  /** Asks the server. An answer that has been overtaken gives what is known since. */
  read(): Promise<Session>;
  /** What this page knows without asking; answers still under way are overtaken by it. */
  learn(session: Session): void;
  /** The session may have been used: asks whether a warning still holds. */
  used(): void;
  subscribe(listener: (event: SessionEvent) => void): () => void;
}

const longestSleepMs = 60 * 60 * 1000; // timers of more than 24 days fire at once
const retryMs = 60 * 1000;

/**
 * Holds the last session answer, the listeners for changes, and the timer that runs before the session ends.
 * @param user the user of this page before the page was left for a sign-in
 */
export function watchSession(
  page: Page,
  warningSeconds: number,
  ask: () => Promise<Response>,
  noticed: (session: Session, userChanged: boolean) => void,
  user?: string,
): SessionWatch {
  const { subscribe, tell } = createListeners<SessionEvent>();
  let known: Session | undefined;
  let reading: Promise<Session> | undefined;
  let asked = 0;
  let learned = 0;
  let print = '';
  /** The end that was announced; 0 for none. */
  let warnedOf = 0;
  /** The server's clock decides; the person's may be wrong. */
  let aheadMs = 0;
  let timer: unknown;

  return {
    get known() {
      return known;
    },
    get user() {
      return user;
    },
    begun: async () => known ?? (reading ?? read()).catch(() => {}),
    read,
    learn(session) {
      take(session, ++asked);
    },
    used() {
      if (warnedOf > 0) wake(0);
    },
    subscribe,
  };

  function read(): Promise<Session> {
    const mine = readNow().finally(() => {
      if (reading === mine) reading = undefined;
    });
    reading = mine;
    return mine;
  }

  async function readNow(): Promise<Session> {
    const turn = ++asked;
    const response = await ask();
    const session = parseSession(await response.json());
    if (turn < learned && known !== undefined) return known;
    aheadMs = Date.parse(response.headers.get('date') ?? '') - page.Date.now() || 0;
    take(session, turn);
    return session;
  }

  function take(session: Session, turn: number): void {
    const before = known;
    let userChanged = false;
    if (session.signed_in) {
      userChanged = user !== undefined && user !== userOf(session);
      user = userOf(session);
    }
    known = session;
    learned = turn;
    // Every call moves the idle end: that alone is no news.
    const now = JSON.stringify(session, (name, value) => (name === 'idle_expires_at' ? undefined : value));
    if (now !== print) {
      print = now;
      warnedOf = 0;
      if (session.signed_in)
        tell({ type: before?.signed_in ? 'changed' : 'signed_in', session, userChanged });
      else tell({ type: 'signed_out', session, userChanged: false });
    }
    page.clearTimeout(timer);
    if (session.signed_in) awaitEnd(session);
    noticed(session, userChanged);
  }

  function awaitEnd(session: SignedIn): void {
    const limitMs = Date.parse(session.expires_at);
    const endMs = Math.min(limitMs, Date.parse(session.idle_expires_at));
    const leftMs = endMs - page.Date.now() - aheadMs;
    if (Number.isNaN(leftMs)) return;
    const calmMs = leftMs - warningSeconds * 1000;
    if (calmMs > 0) {
      if (warnedOf > 0) tell({ type: 'changed', session, userChanged: false });
      warnedOf = 0;
    } else if (leftMs > 0 && warnedOf !== endMs) {
      warnedOf = endMs;
      // The service puts no idle end behind the limit: both are the same when use moves neither.
      const reason = endMs < limitMs ? 'session_idle' : 'session_expired';
      tell({ type: 'expiring', session, secondsLeft: Math.round(leftMs / 1000), reason, userChanged: false });
    }
    wake(calmMs > 0 ? calmMs : leftMs > 0 ? leftMs + 1000 : retryMs);
  }

  /** Asks again before anybody is warned: calls have moved the end meanwhile. */
  function wake(ms: number): void {
    page.clearTimeout(timer);
    timer = page.setTimeout(() => read().catch(() => wake(retryMs)), Math.min(ms, longestSleepMs));
  }
}
