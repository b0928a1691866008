import type { GraphObject } from './answers.ts';

/** What callers have made, changed and deleted since the emulator started, laid over what is always there. */
export interface SavedItems {
  /** One collection of one person, by any name. */
  of(collection: string): SavedCollection;
}

interface SavedCollection {
  /** Newest first, then what was there. */
  apply(items: readonly GraphObject[]): GraphObject[];
  /** Makes it, or changes the one with its id. */
  save(item: GraphObject & { readonly id: string }): void;
  remove(id: string): void;
}

export function createSavedItems(): SavedItems {
  const collections = new Map<string, Map<string, GraphObject | 'deleted'>>();
  return {
    of(collection) {
      const saved = collections.get(collection) ?? new Map<string, GraphObject | 'deleted'>();
      collections.set(collection, saved);
      return {
        apply(items) {
          const isThere = (item: GraphObject | 'deleted'): item is GraphObject => item !== 'deleted';
          const known = new Set(items.map(({ id }) => id));
          const made = [...saved].filter(([id]) => !known.has(id)).map(([, item]) => item);
          const there = items.map((item) => saved.get(String(item['id'])) ?? item);
          return [...made.reverse(), ...there].filter(isThere);
        },
        save: (item) => void saved.set(item.id, item),
        remove: (id) => void saved.set(id, 'deleted'),
      };
    },
  };
}
