import { randomUUID } from 'node:crypto';
import type { GraphObject } from './reply.ts';

/** The items that callers have created, changed and deleted since the start, on top of the items that always exist. */
export interface SavedItems {
  /** Returns one collection, by any unique name. */
  of(collection: string): SavedCollection;
  /** Grows with every change. */
  version(): number;
  /** Distinguishes this run of the emulator, since its start or its last reset, from others. */
  readonly run: string;
  /** Forgets every change. */
  clear(): void;
}

export interface SavedCollection {
  /** Returns created items, newest first, then the given items with their changes. */
  apply(items: readonly GraphObject[]): GraphObject[];
  create(item: GraphObject): void;
  /** Replaces the item with the same id. */
  save(item: GraphObject): void;
  remove(id: string): void;
  /** Whether callers created the item after a version. */
  isNewSince(id: string, version: number): boolean;
  /** Returns what the item was at a version, or undefined if callers had not saved it by then. */
  itemAt(id: string, version: number): GraphObject | undefined;
  /** Returns the ids of the items that were created, changed or deleted after a version, oldest change first. */
  changedSince(version: number): string[];
}

interface Saved {
  /** The version at which callers created it; 0 if it always existed. */
  readonly createdAt: number;
  /** Undefined if the item was deleted. */
  readonly item: GraphObject | undefined;
  readonly version: number;
  /** The items before this one, oldest first. */
  readonly earlier: readonly { readonly item: GraphObject | undefined; readonly version: number }[];
}

export function createSavedItems(): SavedItems {
  const collections = new Map<string, Map<string, Saved>>();
  let version = 0;
  let run = randomUUID();
  return {
    get run() {
      return run;
    },
    clear() {
      for (const saved of collections.values()) saved.clear();
      run = randomUUID();
    },
    version: () => version,
    of(collection) {
      const saved = collections.get(collection) ?? new Map<string, Saved>();
      collections.set(collection, saved);
      const put = (id: string, item: GraphObject | undefined, isNew = false): void => {
        version++;
        const before = saved.get(id);
        const createdAt = isNew ? version : (before?.createdAt ?? 0);
        const earlier = before === undefined ? [] : [...before.earlier, before];
        saved.set(id, { item, version, createdAt, earlier });
      };
      return {
        apply(items) {
          const isThere = (item: GraphObject | undefined) => item !== undefined;
          const known = new Set(items.map(({ id }) => id));
          const made = [...saved].filter(([id]) => !known.has(id)).map(([, { item }]) => item);
          const there = items.map((item) => {
            const own = saved.get(String(item['id']));
            return own === undefined ? item : own.item;
          });
          return [...made.reverse(), ...there].filter(isThere);
        },
        create: (item) => put(String(item['id']), item, true),
        isNewSince: (id, since) => (saved.get(id)?.createdAt ?? 0) > since,
        itemAt(id, at) {
          const one = saved.get(id);
          const states = one === undefined ? [] : [...one.earlier, one];
          return states.findLast((state) => state.version <= at)?.item;
        },
        save: (item) => put(String(item['id']), item),
        remove: (id) => put(id, undefined),
        changedSince: (since) =>
          [...saved]
            .filter(([, one]) => one.version > since)
            .sort(([, left], [, right]) => left.version - right.version)
            .map(([id]) => id),
      };
    },
  };
}
