import type { Page } from './page.ts';
import { read } from './tabs.ts';

/** Why the page was left, told to the page that came back. */
export interface Resumed {
  readonly feature: string | undefined;
  readonly reason: string | undefined;
}

interface WayBack {
  /** What may not be asked again without a click. */
  readonly keys: readonly string[];
  /** Set when the browser is where it was to come back to. */
  readonly resumed: Resumed | undefined;
}

const entryName = 'entra-bff:redirect';
const silentName = 'entra-bff:silent';
const limitMs = 15 * 60 * 1000; // as long as a login transaction

/** Notes where the person was. The fragment waits here: it is not the server's business. @returns whether it was noted */
export function writeWayBack(page: Page, place: URL, keys: readonly string[], reason: Resumed): boolean {
  const { pathname, search, hash } = place;
  const at = page.Date.now();
  return write(page, entryName, JSON.stringify({ at, path: pathname + search, hash, keys, ...reason }));
}

/** Reads the note once, and puts the fragment back. */
export function readWayBack(page: Page): WayBack {
  let note: unknown;
  try {
    note = JSON.parse(page.sessionStorage.getItem(entryName) ?? '');
    page.sessionStorage.removeItem(entryName);
  } catch {
    // none, not ours, or no storage
  }
  if (!isFresh(page, read(note, 'at'))) return { keys: [], resumed: undefined };
  const { location, history } = page;
  const here = location.pathname + location.search;
  const keys = read(note, 'keys');
  const known = Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
  if (read(note, 'path') !== here) return { keys: known, resumed: undefined };
  const hash = read(note, 'hash');
  if (typeof hash === 'string' && hash.startsWith('#') && location.hash === '') {
    history.replaceState(history.state, '', location.origin + here + hash);
  }
  return { keys: known, resumed: { feature: text(note, 'feature'), reason: text(note, 'reason') } };
}

/** One silent round at most: without this note an app that signs in silently would go round and round. */
export const silentRound = {
  wasTried(page: Page): boolean {
    try {
      return isFresh(page, Number(page.sessionStorage.getItem(silentName) ?? Number.NaN));
    } catch {
      return false;
    }
  },
  begin: (page: Page): boolean => write(page, silentName, String(page.Date.now())),
  forget(page: Page): void {
    try {
      page.sessionStorage.removeItem(silentName);
    } catch {
      // then there is no note either
    }
  },
};

function write(page: Page, name: string, value: string): boolean {
  try {
    page.sessionStorage.setItem(name, value);
    return true;
  } catch {
    return false;
  }
}

function isFresh(page: Page, at: unknown): boolean {
  const ageMs = page.Date.now() - (typeof at === 'number' ? at : Number.NaN);
  return ageMs >= 0 && ageMs < limitMs;
}

function text(note: unknown, name: string): string | undefined {
  const value = read(note, name);
  return typeof value === 'string' ? value : undefined;
}
