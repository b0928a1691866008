import { attempt } from './attempt.ts';
import { type Ending, isOutcome } from './interaction-failed.ts';
import { createListeners } from './listeners.ts';
import type { Page, Popup } from './page.ts';
import { read, readLink } from './read.ts';
import { gives, type RoundLimit } from './rounds.ts';
import { hasSignedIn, type Session, signInTime } from './session.ts';
import type { SessionWatch } from './session-watch.ts';
import { noteSilentRound, writeWayBack } from './way-back.ts';

export type Display = 'popup' | 'redirect';

/** What the person is being asked for, for the page to show, with a way to cancel. */
export interface Interaction {
  readonly display: Display;
  readonly feature: string | undefined;
  readonly reason: string | undefined;
  readonly scopes: readonly string[];
  /** When the client gives up waiting. */
  readonly endsAt: Date;
}

/** Something that only the person can give. */
export interface Need {
  /**
   * Needs with the same key are one: they are asked for once. Any finished sign-in of ours gives what a key without a
   * space stands for; behind one is the feature, and behind a colon what of it.
   */
  readonly key: string;
  readonly url: URL;
  readonly display: Display;
  /** Where a redirect comes back to. */
  readonly place: URL;
  /** The person clicked for it. Everything else must not go round and round. */
  readonly deliberate: boolean;
  readonly feature?: string | undefined;
  readonly reason?: string | undefined;
  readonly scopes?: readonly string[];
  /** What needs it: method and path. */
  readonly call?: string;
}

export interface Interactions {
  readonly current: Interaction | undefined;
  /** A point in time, for `ask`. */
  readonly turn: number;
  /** The link for an administrator that the last window's word had with it. */
  readonly adminConsentUrl: string | undefined;
  /**
   * Asks the person, after whoever is asked for already. Never rejects.
   * @param since the turn in which the call was sent: what has been given after it is not asked for again
   */
  ask(need: Need, since?: number): Promise<Ending>;
  /** Takes what a popup says; everything but the word of our own popup is ignored. */
  hear(message: unknown): void;
  /** A new answer about the session: tells that the person is done even where no message arrives. */
  noticed(session: Session): void;
  /** Ends what is under way and all that waits behind it. */
  endAll(ending: Ending): void;
  subscribe(listener: () => void): () => void;
}

interface Waiting extends Need {
  readonly settle: (ending: Ending) => void;
}

interface Running {
  readonly need: Need;
  readonly id: string;
  readonly view: Interaction;
  readonly popup: Popup | undefined;
  readonly timer: unknown;
  /** When the person had signed in before; undefined until known. */
  since: string | undefined;
}

/** A sign-in, and no more than that. */
export const signInKey = '';
/** The part of it that Microsoft gives without asking: in vain, it does not spend the whole. */
export const silentKey = ':silent';

const popupLimitMs = 10 * 60 * 1000; // as long as a ticket
const redirectLimitMs = 30 * 1000; // by then the page would be gone: stopped by the person, or offline

/** The one state machine: nothing under way, a popup, or this page being left; whoever comes meanwhile waits in a queue. */
export function createInteractions(
  page: Page,
  rounds: RoundLimit,
  sessions: Pick<SessionWatch, 'known' | 'user' | 'read'>,
  tellTabs: (change: 'signed_in' | 'changed') => void,
): Interactions {
  const { subscribe, tell } = createListeners<void>();
  const given: string[] = [];
  let queue: Waiting[] = [];
  let running: Running | undefined;
  /** What is known of the session is from before the last popup ended. */
  let isStale = false;
  let adminConsentUrl: string | undefined;

  return {
    get current() {
      return running?.view;
    },
    get turn() {
      return given.length;
    },
    get adminConsentUrl() {
      return adminConsentUrl;
    },
    async ask(need, since = given.length) {
      if (given.slice(since).some((key) => isGiven(key, need.key))) return 'signed_in';
      if (running?.view.display === 'redirect') return 'redirecting';
      if (need.deliberate) {
        rounds.forgive(need.key);
        attempt(() => running?.popup?.focus());
      }
      return new Promise((settle) => {
        queue.push({ ...need, settle });
        if (running === undefined) next();
      });
    },
    hear(message) {
      if (read(message, 'type') !== 'entra-bff:interaction') return;
      if (running?.popup === undefined || read(message, 'id') !== running.id) return;
      const outcome = read(message, 'outcome');
      if (!isOutcome(outcome)) return;
      adminConsentUrl = readLink(message, 'admin_consent_url');
      finish(outcome);
    },
    noticed(session) {
      if (running === undefined) return;
      const { key, feature } = running.need;
      // Another tab's sign-in gives these too. Whether a second factor or claims were given, only our window can tell.
      const isToldBySession = /^(consent|$)/.test(key);
      if (isToldBySession && hasSignedIn(session, running.since, key && feature)) finish('signed_in');
    },
    endAll,
    subscribe,
  };

  function next(): void {
    const [need] = queue;
    if (need !== undefined && !(need.display === 'popup' && openPopup(need))) leave(need);
    tell();
  }

  function openPopup(need: Need): boolean {
    const id = page.crypto.randomUUID();
    const url = new URL(need.url);
    url.searchParams.set('display', `popup.${id}`);
    const popup = attempt(() => page.open(url.href, `entra-bff-${id}`, 'popup,width=500,height=680'));
    // Some blockers give a window that is closed already.
    if (!popup || popup.closed) return false;
    run(need, 'popup', popupLimitMs, 'timed_out', id, popup);
    return true;
  }

  function leave(need: Need): void {
    const { url, place, deliberate, key, call, feature, reason } = need;
    const asked = deliberate ? {} : rounds.next(key, call, sessions.known);
    const isSilent = key === silentKey;
    const noted =
      writeWayBack(page, place, { ...asked, feature, reason, user: sessions.user }) &&
      (!isSilent || noteSilentRound(page));
    if (!noted && !deliberate) {
      // Without the note nothing would stop this page from leaving again when it is back.
      rounds.spend(key);
      letGo('blocked', (waiting) => gives(key, waiting));
      next();
      return;
    }
    const target = new URL(url);
    if (isSilent) target.searchParams.set('prompt', 'none');
    target.searchParams.set('return_to', place.pathname + place.search);
    page.location.assign(target.href);
    run(need, 'redirect', redirectLimitMs, 'cancelled');
    letGo('redirecting');
  }

  function run(need: Need, display: Display, limitMs: number, late: Ending, id = '', popup?: Popup): void {
    const { feature, reason, scopes = [] } = need;
    const view = { display, feature, reason, scopes, endsAt: new Date(page.Date.now() + limitMs) };
    const timer = page.setTimeout(() => endAll(late), limitMs);
    const mine: Running = { need, id, view, popup, timer, since: undefined };
    running = mine;
    if (popup === undefined) return;
    if (!isStale) mine.since = signInTime(sessions.known);
    // Not known: asked now, so that the answer after the sign-in differs from it.
    if (mine.since === undefined) {
      sessions.read().then(
        (session) => {
          mine.since = signInTime(session);
        },
        () => {}, // then the popup's own word has to do
      );
    }
  }

  function endAll(ending: Ending): void {
    letGo(ending);
    finish(ending);
  }

  function letGo(ending: Ending, isMeant = (_key: string) => true): void {
    const all = queue;
    queue = [];
    for (const waiting of all) {
      if (isMeant(waiting.key)) waiting.settle(ending);
      else queue.push(waiting);
    }
  }

  function finish(ending: Ending): void {
    if (running === undefined) return;
    const { need, popup, timer } = running;
    running = undefined;
    page.clearTimeout(timer);
    // Where it is cut off, its last page closes itself.
    attempt(() => popup?.close());
    const isDone = ending === 'signed_in';
    if (isDone) {
      given.push(need.key);
    } else if (ending !== 'signed_out_meanwhile' && ending !== 'user_changed') {
      // The person has answered: no call asks the same again, only a click does.
      rounds.spend(need.key);
    }
    letGo(ending, (key) => (isDone ? isGiven : gives)(need.key, key));
    if (popup !== undefined) {
      isStale = true;
      sessions.read().then(
        () => {
          isStale = false;
        },
        () => {}, // who asks next looks again
      );
      tellTabs(isDone ? ending : 'changed');
    }
    next();
  }
}

/** Whether a finished sign-in for the one gives the other too. */
function isGiven(asked: string, wanted: string): boolean {
  return !wanted.includes(' ') || gives(asked, wanted);
}
