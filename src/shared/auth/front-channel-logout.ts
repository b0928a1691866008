import { guidPatternAnyCase } from '../guid.ts';
import type { SessionStore } from '../session/store.ts';
import { auditPseudonym } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import { createSignOutQueue } from './sign-out-queue.ts';

/** Ends the sessions that belong to one session at Entra ID. */
export interface FrontChannelLogout {
  /**
   * If `sid` is not valid or the issuer is another one, no session ends and nothing is thrown.
   * @throws {BffError} rate_limited, storage_unavailable
   */
  end(sid: string | undefined, issuer: string | undefined, log: Log): Promise<void>;
}

export interface FrontChannelLogoutDependencies {
  readonly store: SessionStore;
  readonly isAllowedIssuer: (issuer: string) => boolean;
  readonly monotonicMs: () => number;
}

/** @see OpenID Connect Front-Channel Logout 1.0, 2. Entra ID sends `sid` without `iss`. */
export function createFrontChannelLogout(dependencies: FrontChannelLogoutDependencies): FrontChannelLogout {
  const { store, isAllowedIssuer, monotonicMs } = dependencies;
  const queue = createSignOutQueue({ monotonicMs });
  return {
    async end(sid, issuer, log) {
      // Entra ID's `sid` is a GUID. Any other value is ignored without a query of the table.
      if (sid === undefined || !guidPatternAnyCase.test(sid)) return;
      if (issuer !== undefined && !isAllowedIssuer(issuer)) return;
      await queue.run(sid, async () => {
        const ended = await store.endBySid(sid);
        recordEnded(ended.map(auditPseudonym), log);
      });
    },
  };
}

/** @param users one entry per session that ended */
function recordEnded(users: readonly string[], log: Log): void {
  for (const user of new Set(users)) {
    const sessions = users.filter((other) => other === user).length;
    audit(log, { event: 'session-ended', by: 'entra', sessions, user });
  }
}
