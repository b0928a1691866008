import type { ICachePlugin, TokenCacheContext } from '@azure/msal-node';
import type { SessionFacts } from '../session/facts.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/store.ts';
import { pruneMsalCache } from './msal-cache.ts';

export interface TableCachePluginOptions {
  readonly session: Session;
  readonly store: Pick<SessionStore, 'write'>;
  /** The lease under which the refresh token is redeemed. It ends when the new cache is stored. */
  readonly leaseId: string;
  /**
   * Returns the session's facts after a renewal, from the ID token in MSAL's new cache.
   * Throws if the cache must not be stored, for example because of another account or an invalid ID token.
   */
  readonly renewFacts: (session: Session, msalCache: string) => Promise<SessionFacts>;
  readonly now: () => Date;
}

/**
 * Loads MSAL's cache from a session and stores it in the session's row, for one renewal.
 *
 * A write is conditional on the version that was read, merges on a conflict and never creates a row. Signing out
 * therefore wins over a renewal in progress. The plugin never throws, because MSAL would then lose the tokens that it has
 * just received. `failure` and `gone` hold the outcome instead.
 */
export class TableCachePlugin implements ICachePlugin {
  /** The session as it was last read or written. */
  session: Session;
  /** True if the row was deleted meanwhile. */
  gone = false;
  /** Why the cache was not stored. */
  failure: unknown;
  readonly #options: TableCachePluginOptions;

  constructor(options: TableCachePluginOptions) {
    this.#options = options;
    this.session = options.session;
  }

  async beforeCacheAccess({ tokenCache }: TokenCacheContext): Promise<void> {
    tokenCache.deserialize(this.session.msalCache);
  }

  async afterCacheAccess({ cacheHasChanged, tokenCache }: TokenCacheContext): Promise<void> {
    if (!cacheHasChanged || this.gone) return;
    const { leaseId, store, renewFacts, now } = this.#options;
    try {
      const msalCache = pruneMsalCache(tokenCache.serialize(), now());
      const facts = await renewFacts(this.session, msalCache);
      const content = { facts, msalCache, tokenGeneration: this.session.generation };
      const written = await store.write(this.session, content, leaseId);
      if (written.kind === 'gone') this.gone = true;
      else this.session = written.session;
    } catch (error) {
      this.failure = error;
    }
  }
}
