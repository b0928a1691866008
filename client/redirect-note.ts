import { orUndefined } from './or-undefined.ts';
import type { Page } from './page.ts';
import { readMember, readText, readTexts } from './read-untrusted.ts';
import { toOwnUrl } from './urls.ts';

/** Why the user was sent away. Read by the page that loads on return. */
export interface ResumedInteraction {
  readonly feature: string | undefined;
  readonly reason: string | undefined;
}

/** What the redirect-loop guard of one page passes to the page that loads on return. */
export interface RedirectHistory {
  /**
   * The keys of the interactions that were asked for without a click. The last one is that of the redirect. Blocked
   * keys occur twice.
   */
  readonly keys: readonly string[];
  /** The call that needed the last redirect: method and path. */
  readonly call?: string | undefined;
  /** The user's sign-in time before the last redirect; empty if signed out, undefined if not known. */
  readonly signedInAtBefore?: string | undefined;
}

export interface RedirectNote {
  readonly history: RedirectHistory;
  /** The user of the page that was left. */
  readonly user: string | undefined;
  /** Set if the browser has returned to the intended URL. */
  readonly resumed: ResumedInteraction | undefined;
}

const noteKey = 'entra-bff:redirect';
const silentKey = 'entra-bff:silent';
const maxAgeMs = 15 * 60 * 1000; // the lifetime of a login transaction

/**
 * Stores why the user is sent away and where to return. The fragment is stored because the server never receives it.
 * @returns whether the browser stored the note
 */
export function writeRedirectNote(
  page: Page,
  returnUrl: URL,
  note: ResumedInteraction & Partial<RedirectHistory> & { readonly user: string | undefined },
): boolean {
  const { pathname, search, hash } = returnUrl;
  return writeNote(page, noteKey, { ...note, path: pathname + search, hash });
}

/**
 * Reads the note, removes it, and restores the fragment of the URL. If the service did not accept the path to return to,
 * it has sent the browser to `/`. The browser then continues to that path, and the note stays for the page there.
 */
export function consumeRedirectNote(page: Page): RedirectNote {
  const { document, location } = page;
  // A page that is rendered on a server has neither storage nor a URL.
  const note = document && readNote(page, noteKey);
  removeNote(page, noteKey);
  const text = (name: string) => readText(note, name);
  const path = text('path');
  const here = document && location.pathname + location.search;
  const isReturn = here && path === here;
  if (isReturn) restoreFragment(page, text('hash'));
  else if (path && here === '/' && isRefusedReturnPath(path)) continueTo(page, path, note);
  return {
    history: {
      keys: readTexts(note, 'keys'),
      call: text('call'),
      signedInAtBefore: text('signedInAtBefore'),
    },
    user: text('user'),
    resumed: isReturn ? { feature: text('feature'), reason: text('reason') } : undefined,
  };
}

/**
 * Whether the service refuses the path of a URL of this origin as a return path: a server in front of the service could
 * decode the path once more, or the path is too long for a cookie. A test compares this function with the service's
 * `parseReturnPath`.
 */
export function isRefusedReturnPath(path: string): boolean {
  return (
    /^.{513}|\\|^[^?]*(\/\/|%(2f|5c|25|0|1|7f))/i.test(path) || !orUndefined(() => decodeURI(path)) // not UTF-8
  );
}

/** Continues once only: a path that leads back to `/` must not become a loop. */
function continueTo(page: Page, path: string, note: unknown): void {
  if (readMember(note, 'once') || !writeNote(page, noteKey, { ...(note as object), once: true })) return;
  orUndefined(() => page.location.replace(toOwnUrl(page, page.location.origin + path)));
}

function restoreFragment({ location, history }: Page, hash: string | undefined): void {
  if (!hash?.startsWith('#') || location.hash !== '') return;
  history.replaceState(history.state, '', location.origin + location.pathname + location.search + hash);
}

/** Records a silent sign-in. While the record is valid, a tab makes no further attempt, because that could cause a loop. */
export function noteSilentAttempt(page: Page): boolean {
  return writeNote(page, silentKey, {});
}

export function hasSilentAttempt(page: Page): boolean {
  return readNote(page, silentKey) !== undefined;
}

export function forgetSilentAttempt(page: Page): void {
  removeNote(page, silentKey);
}

function writeNote(page: Page, key: string, note: object): boolean {
  const text = JSON.stringify({ at: page.Date.now(), ...note });
  const isStored = orUndefined(() => {
    page.sessionStorage.setItem(key, text);
    return true;
  });
  return isStored ?? false;
}

/** Returns undefined if there is no note or if it is older than `maxAgeMs`. */
function readNote(page: Page, key: string): unknown {
  const note: unknown = orUndefined(() => JSON.parse(page.sessionStorage.getItem(key) ?? ''));
  const ageMs = page.Date.now() - Number(readMember(note, 'at'));
  return ageMs >= 0 && ageMs < maxAgeMs ? note : undefined;
}

function removeNote(page: Page, key: string): void {
  orUndefined(() => page.sessionStorage.removeItem(key));
}
