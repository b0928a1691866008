import { noSidKeys } from '../session/index-rows.ts';
import type { Table } from '../storage/table.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { Log } from '../telemetry/log.ts';

/**
 * Says that front-channel logout is off: where the app registration does not list `sid`, Entra's call at a sign-out
 * elsewhere finds nothing. Only a sign-in shows it, so a row remembers it for the workers that start later.
 * Nothing here fails a sign-in or a start.
 */
export interface MissingSid {
  /** What the last sign-ins have shown. */
  atStart(log: Log): Promise<void>;
  /** @param sid of the sign-in that has just succeeded */
  signedIn(sid: string | undefined, log: Log): Promise<void>;
}

export interface MissingSidNeeds {
  readonly table: Table;
  readonly now: () => Date;
}

const off = { event: 'front-channel-logout-off', cure: 'add the optional claim sid to ID tokens' } as const;

export function createMissingSid({ table, now }: MissingSidNeeds): MissingSid {
  let isMissing = false;
  const unlessItFails = async (action: () => Promise<unknown>, log: Log) => {
    try {
      await action();
    } catch (error) {
      log('warn', { event: 'front-channel-logout-not-known', error: describeError(error) });
    }
  };
  return {
    atStart: (log) =>
      unlessItFails(async () => {
        if ((await table.read(noSidKeys, ['since'])).kind === 'missing') return;
        isMissing = true;
        log('warn', off);
      }, log),
    async signedIn(sid, log) {
      const wasMissing = isMissing;
      isMissing = sid === undefined;
      if (isMissing === wasMissing) return;
      if (isMissing) log('warn', off);
      const row = { ...noSidKeys, columns: { since: now() } };
      await unlessItFails(() => (isMissing ? table.insert(row) : table.remove(noSidKeys)), log);
    },
  };
}
