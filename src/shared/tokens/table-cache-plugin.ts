import type { ICachePlugin, TokenCacheContext } from '@azure/msal-node';
import type { SessionFacts } from '../session/facts.ts';
import type { Session, SessionStore } from '../session/store.ts';
import { pruneMsalCache, withoutFuture } from './cached-tokens.ts';

export interface TableCachePluginNeeds {
  readonly session: Session;
  readonly store: Pick<SessionStore, 'write'>;
  /** The lease under which the refresh token may be redeemed; it ends when the new cache is stored. */
  readonly leaseId?: string;
  /** Empties MSAL's memory. */
  readonly clearCache: () => void;
  /**
   * The session's facts after an acquisition, from the ID token in MSAL's new cache.
   * Throws when the cache must not be stored: another account, a token that does not verify.
   */
  readonly renewFacts: (session: Session, msalCache: string) => Promise<SessionFacts>;
  readonly now: () => Date;
}

/**
 * MSAL's cache in a user's table row, for one request.
 *
 * Loading replaces what MSAL has in memory, because MSAL's `deserialize` only adds: without clearing first, what the
 * stored cache no longer has would be written back. Saving goes against the version that was read, merges on a
 * conflict and never creates a row, so that signing out wins over a refresh in flight.
 * Nothing is ever thrown into MSAL, which would lose the tokens it just got: `failure` and `gone` tell what happened.
 */
export class TableCachePlugin implements ICachePlugin {
  /** The session as it stands in the table. */
  session: Session;
  /** The row was deleted meanwhile. */
  gone = false;
  /** Why the cache could not be stored. */
  failure: unknown;
  readonly #needs: TableCachePluginNeeds;

  constructor(needs: TableCachePluginNeeds) {
    this.#needs = needs;
    this.session = needs.session;
  }

  async beforeCacheAccess({ tokenCache }: TokenCacheContext): Promise<void> {
    this.#needs.clearCache();
    tokenCache.deserialize(withoutFuture(this.session.msalCache, this.#needs.now()));
  }

  async afterCacheAccess({ cacheHasChanged, tokenCache }: TokenCacheContext): Promise<void> {
    if (!cacheHasChanged || this.gone) return;
    try {
      const msalCache = pruneMsalCache(tokenCache.serialize(), this.#needs.now());
      const facts = await this.#needs.renewFacts(this.session, msalCache);
      const { leaseId, store } = this.#needs;
      const tokenGeneration = leaseId === undefined ? this.session.tokenGeneration : this.session.generation;
      const written = await store.write(this.session, { facts, msalCache, tokenGeneration }, leaseId);
      if (written.kind === 'gone') this.gone = true;
      else this.session = written.session;
    } catch (error) {
      this.failure = error;
    }
  }
}
