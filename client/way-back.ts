import { attempt } from './attempt.ts';
import type { Page } from './page.ts';
import { read, readText, readTexts } from './read.ts';
import type { Rounds } from './rounds.ts';

/** Why the page was left, told to the page that came back. */
export interface Resumed {
  readonly feature: string | undefined;
  readonly reason: string | undefined;
}

interface WayBack {
  readonly rounds: Rounds;
  /** The user the page belonged to. */
  readonly user: string | undefined;
  /** Set when the browser is where it was to come back to. */
  readonly resumed: Resumed | undefined;
}

const entryName = 'entra-bff:redirect';
const silentName = 'entra-bff:silent';
const limitMs = 15 * 60 * 1000; // as long as a login transaction

/** Notes where the person was. The fragment waits here: it is not the server's business. @returns whether it was noted */
export function writeWayBack(
  page: Page,
  place: URL,
  note: Resumed & Partial<Rounds> & { readonly user: string | undefined },
): boolean {
  const { pathname, search, hash } = place;
  return writeNote(page, entryName, { ...note, path: pathname + search, hash });
}

/** Reads the note once, and puts the fragment back. */
export function readWayBack(page: Page): WayBack {
  const note = readNote(page, entryName);
  removeNote(page, entryName);
  const { location, history } = page;
  const here = location.pathname + location.search;
  const rounds = {
    keys: readTexts(note, 'keys'),
    call: readText(note, 'call'),
    since: readText(note, 'since'),
  };
  const user = readText(note, 'user');
  if (read(note, 'path') !== here) return { rounds, user, resumed: undefined };
  const hash = readText(note, 'hash');
  if (hash?.startsWith('#') && location.hash === '') {
    history.replaceState(history.state, '', location.origin + here + hash);
  }
  return { rounds, user, resumed: { feature: readText(note, 'feature'), reason: readText(note, 'reason') } };
}

/** One silent round at most: without this note an app that signs in silently would go round and round. */
export function noteSilentRound(page: Page): boolean {
  return writeNote(page, silentName, {});
}

export function isSilentRoundNoted(page: Page): boolean {
  return readNote(page, silentName) !== undefined;
}

export function forgetSilentRound(page: Page): void {
  removeNote(page, silentName);
}

/** @returns whether the browser lets us keep it */
function writeNote(page: Page, name: string, note: object): boolean {
  const text = JSON.stringify({ at: page.Date.now(), ...note });
  const isKept = attempt(() => {
    page.sessionStorage.setItem(name, text);
    return true;
  });
  return isKept ?? false;
}

/** A note of ours that is not too old. */
function readNote(page: Page, name: string): unknown {
  const note: unknown = attempt(() => JSON.parse(page.sessionStorage.getItem(name) ?? ''));
  const ageMs = page.Date.now() - Number(read(note, 'at'));
  return ageMs >= 0 && ageMs < limitMs ? note : undefined;
}

function removeNote(page: Page, name: string): void {
  attempt(() => page.sessionStorage.removeItem(name));
}
