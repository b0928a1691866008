import { TokenCacheContext } from '@azure/msal-node';
import { describe, expect, it } from 'vitest';
import type { SessionFacts } from '../../../src/shared/session/facts.ts';
import type { Session } from '../../../src/shared/session/session.ts';
import type { SessionStore } from '../../../src/shared/session/store.ts';
import type { WriteSessionResult } from '../../../src/shared/session/writing.ts';
import { TableCachePlugin } from '../../../src/shared/tokens/table-cache-plugin.ts';
import { sessionContent } from '../../support/session-content.ts';

const session: Session = {
  ...sessionContent({ msalCache: '{"stored":true}' }),
  locator: {
    userHash: Buffer.alloc(32, 1),
    rowId: Buffer.alloc(32, 2),
    secret: Buffer.alloc(32, 3),
    expiresAt: new Date('2026-08-02T00:00:00Z'),
  },
  lastUsedAt: new Date('2026-08-01T12:00:00Z'),
  idleExpiresAt: new Date('2026-08-01T13:00:00Z'),
  generation: 0,
  etag: 'first',
};

/** The context that MSAL passes to a plugin, with a record of its use. */
function playMsal(options: {
  changed?: boolean;
  renewed?: (facts: SessionFacts) => SessionFacts;
  write?: (session: Session) => Promise<WriteSessionResult>;
}) {
  const events: string[] = [];
  const store: Pick<SessionStore, 'write'> = {
    write(base, content) {
      events.push(`write against ${base.etag}: ${content.msalCache}`);
      return (
        options.write?.(base) ??
        Promise.resolve({ kind: 'written', session: { ...base, ...content, etag: `after ${base.etag}` } })
      );
    },
  };
  const plugin = new TableCachePlugin({
    session,
    store,
    leaseId: 'lease',
    now: () => new Date('2026-08-01T12:00:00Z'),
    renewFacts: async ({ facts }) => options.renewed?.(facts) ?? facts,
  });
  const tokenCache = {
    deserialize: (text: string) => void events.push(`load ${text}`),
    serialize: () => '{"fresh":true}',
  };
  const context = new TokenCacheContext(tokenCache, options.changed ?? true);
  return { plugin, context, events };
}

describe('the cache plugin', () => {
  it('writes nothing if nothing has changed', async () => {
    const { plugin, context, events } = playMsal({ changed: false });
    await plugin.afterCacheAccess(context);
    expect(events).toEqual([]);
    expect(plugin.session).toBe(session);
  });

  it('writes with the version that it read, then with the one that it wrote', async () => {
    const { plugin, context, events } = playMsal({});
    await plugin.afterCacheAccess(context);
    await plugin.beforeCacheAccess(context);
    await plugin.afterCacheAccess(context);
    expect(events).toEqual([
      'write against first: {"fresh":true}',
      'load {"fresh":true}',
      'write against after first: {"fresh":true}',
    ]);
  });

  it('stores the renewed facts together with the cache', async () => {
    const { plugin, context } = playMsal({
      renewed: (facts) => ({ ...facts, grantedScopes: ['Mail.Read'] }),
    });
    await plugin.afterCacheAccess(context);
    expect(plugin.session.facts.grantedScopes).toEqual(['Mail.Read']);
  });

  it('reports that the row was deleted, and never writes again', async () => {
    const { plugin, context, events } = playMsal({ write: () => Promise.resolve({ kind: 'gone' }) });
    await plugin.afterCacheAccess(context);
    await plugin.afterCacheAccess(context);
    expect(plugin.gone).toBe(true);
    expect(events).toHaveLength(1);
  });

  it('does not throw into MSAL if a write fails, because MSAL would lose the new tokens', async () => {
    const failure = new Error('table');
    const { plugin, context } = playMsal({ write: () => Promise.reject(failure) });
    await expect(plugin.afterCacheAccess(context)).resolves.toBeUndefined();
    expect(plugin).toMatchObject({ failure, gone: false, session });
  });

  it('stores nothing if the new tokens are not trusted', async () => {
    const failure = new Error('another account');
    const { plugin, context, events } = playMsal({
      renewed: () => {
        throw failure;
      },
    });
    await plugin.afterCacheAccess(context);
    expect(plugin.failure).toBe(failure);
    expect(events).toEqual([]);
  });
});
