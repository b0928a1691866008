import type { GraphObject } from './reply.ts';

/** The items that callers have created, changed and deleted since the start, on top of the items that always exist. */
export interface SavedItems {
  /** Returns one collection, by any unique name. */
  of(collection: string): SavedCollection;
}

interface SavedCollection {
  /** Returns created items, newest first, then the given items with their changes. */
  apply(items: readonly GraphObject[]): GraphObject[];
  /** Creates the item, or replaces the one with the same id. */
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
