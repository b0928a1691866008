import { createListeners } from './listeners.ts';
import type { Page } from './page.ts';
import { parseSession, type Session, toUserKey } from './session.ts';
import type { SessionEvent } from './session-event.ts';
import { createExpiryTimer } from './session-expiry.ts';

export interface SessionWatch {
  /** What this page last learned about the session. Undefined until the first response. */
  readonly current: Session | undefined;
  /** The last user who was signed in, even if the session has ended. */
  readonly user: string | undefined;
  /**
   * Identifies the page's session in each call. With `none`, the server refuses the call if the browser has a session that
   * this page does not know yet.
   */
  readonly tag: string;
  /** Resolves after the first request for the session, even if it fails. Never rejects. */
  ready(): Promise<unknown>;
  /** Requests the session. If newer information has arrived meanwhile, it returns that instead. */
  read(): Promise<Session>;
  /** Like `read`, but resolves to undefined if the request fails. */
  tryRead(): Promise<Session | undefined>;
  /** Sets the session that this page knows. No request is sent, and responses to earlier requests are dropped. */
  set(session: Session): void;
  /** Checks whether a warning still holds, because the session may have been used. */
  recheckExpiry(): void;
  subscribe(listener: (event: SessionEvent) => void): () => void;
  /** Calls `observer` within every update, before any listener. */
  observe(observer: (session: Session, userChanged: boolean) => void): void;
}

/**
 * Holds what this page last learned about the session. Notifies listeners of changes and shortly before the session ends.
 * @param request requests the session from the server
 * @param user the user of this page before the page was left for a sign-in
 */
export function watchSession(
  page: Page,
  warningSeconds: number,
  request: () => Promise<Response>,
  user: string | undefined,
): SessionWatch {
  const { subscribe, notify } = createListeners<SessionEvent>();
  const expiry = createExpiryTimer(page, warningSeconds, read, notify);
  let observer: (session: Session, userChanged: boolean) => void = () => {};
  let current: Session | undefined;
  let reading: Promise<Session> | undefined;
  /** Requests are numbered: a response that is older than `current` is dropped. */
  let requested = 0;
  let applied = 0;
  let fingerprint = '';
  let serverOffsetMs = 0;

  function read(): Promise<Session> {
    const mine = readNow().finally(() => {
      if (reading === mine) reading = undefined;
    });
    reading = mine;
    return mine;
  }

  async function readNow(): Promise<Session> {
    const number = ++requested;
    const response = await request();
    const session = parseSession(await response.json().catch(() => undefined), response.status);
    if (number < applied && current) return current;
    serverOffsetMs = Date.parse(response.headers.get('date') ?? '') - page.Date.now() || 0;
    apply(session, number);
    return session;
  }

  function apply(session: Session, number: number): void {
    const wasSignedIn = current?.signed_in;
    const before = user;
    if (session.signed_in) user = toUserKey(session);
    const userChanged = before !== undefined && user !== before;
    current = session;
    applied = number;
    const next = toFingerprint(session);
    const isNew = next !== fingerprint;
    fingerprint = next;
    if (isNew) {
      if (session.signed_in) notify({ type: wasSignedIn ? 'changed' : 'signed_in', session, userChanged });
      else notify({ type: 'signed_out', session, userChanged: false });
    }
    expiry.watch(session, serverOffsetMs, isNew);
    observer(session, userChanged);
  }

  return {
    get current() {
      return current;
    },
    get user() {
      return user;
    },
    get tag() {
      return (current?.signed_in && current.session_tag) || 'none';
    },
    ready: async () => current ?? (reading ?? read()).catch(() => {}),
    read,
    tryRead: () => read().catch(() => undefined),
    set: (session) => apply(session, ++requested),
    recheckExpiry: expiry.recheck,
    subscribe,
    observe(next) {
      observer = next;
    },
  };
}

/** Without the idle end, which every call postpones. Listeners are not notified if nothing else has changed. */
function toFingerprint(session: Session): string {
  return JSON.stringify(session, (name, value) => (name === 'idle_expires_at' ? undefined : value));
}
