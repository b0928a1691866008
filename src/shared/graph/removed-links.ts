import type { Log } from '../telemetry/log.ts';

/** Why a link was removed from a response. A table in `docs/graph-proxy.md` explains them. */
export const removalReasons = ['other-host', 'not-allowed', 'other-call', 'unverified', 'too-long'] as const;

export type RemovalReason = (typeof removalReasons)[number];

/** A link as the browser gets it, or why it is removed. */
export type LinkEdit =
  | { readonly kind: 'own'; readonly url: string }
  | { readonly kind: 'removed'; readonly reason: RemovalReason };

export const removed = (reason: RemovalReason): LinkEdit => ({ kind: 'removed', reason });

/** Names removed links to further pages: `nextLink=not-allowed`. No header of an API with this name passes. */
const removedLinksHeader = 'bff-removed-links';

/** Links of the response itself, or of a property: `members@odata.nextLink`. OData 4.01 omits `odata.`. */
const pageLinkName = /@(?:odata\.)?(?:nextLink|deltaLink)$/;

export const isPageLinkName = (name: string): boolean => pageLinkName.test(name);

/**
 * The links that were removed from one response. Without its link, a list looks complete. The log tells the author of the
 * policy that it is not, and a header tells the page.
 */
export interface RemovedLinks {
  /** @param depth depth of the link's object; 0 for the outermost */
  addPageLink(name: string, depth: number, reason: RemovalReason): void;
  addFileLink(name: string, reason: RemovalReason): void;
  writeLog(log: Log, feature: string): void;
  /** The header for the browser. Empty if it needs none. */
  headers(): Readonly<Record<string, string>>;
}

export function createRemovedLinks(): RemovedLinks {
  const entries = new Set<string>();
  const records = new Map<string, { readonly name: string; readonly reason: RemovalReason }>();
  const add = (name: string, reason: RemovalReason) => {
    const shortName = name.slice(name.lastIndexOf('@') + 1);
    records.set(`${shortName} ${reason}`, { name: shortName, reason });
  };
  return {
    addPageLink(name, depth, reason) {
      add(name, reason);
      // Of the link of an inner list, only that is said, because the API chose the name of the property.
      const isInner = depth > 0 || name.lastIndexOf('@') > 0;
      const kind = name.endsWith('deltaLink') ? 'deltaLink' : 'nextLink';
      entries.add(`${isInner ? 'nested-' : ''}${kind}=${reason}`);
    },
    addFileLink: add,
    writeLog(log, feature) {
      for (const record of records.values()) log('warn', { event: 'link-removed', ...record, feature });
    },
    headers: () => (entries.size === 0 ? {} : { [removedLinksHeader]: [...entries].join(', ') }),
  };
}
