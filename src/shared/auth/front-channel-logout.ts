import { guidPatternAnyCase } from '../guid.ts';
import type { ClientAddress } from '../limits/client-address.ts';
import type { RateLimits } from '../limits/rate-limits.ts';
import type { SessionStore } from '../session/store.ts';
import { auditPseudonym } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import { createSignOutQueue } from './sign-out-queue.ts';

/** When Entra ID reports the end of one of its sessions, ends the sessions of this service that belong to it. */
export interface FrontChannelLogout {
  /**
   * If `sid` is not valid or the issuer is not an allowed one, does nothing.
   * @throws {BffError} rate_limited, storage_unavailable
   */
  end(request: FrontChannelLogoutRequest, log: Log): Promise<void>;
}

export interface FrontChannelLogoutRequest {
  readonly sid: string | undefined;
  readonly issuer: string | undefined;
  readonly address: ClientAddress | undefined;
}

export interface FrontChannelLogoutDependencies {
  readonly store: SessionStore;
  readonly isAllowedIssuer: (issuer: string) => boolean;
  readonly rateLimits: Pick<RateLimits, 'waitForAddress'>;
  readonly monotonicMs: () => number;
}

/**
 * Entra ID sends `sid` without `iss`, so the issuer is checked only if it is present.
 * @see OpenID Connect Front-Channel Logout 1.0, section 2
 */
export function createFrontChannelLogout(dependencies: FrontChannelLogoutDependencies): FrontChannelLogout {
  const { store, isAllowedIssuer, rateLimits, monotonicMs } = dependencies;
  const queue = createSignOutQueue({ monotonicMs });
  return {
    async end({ sid, issuer, address }, log) {
      // Entra ID's `sid` is a GUID. For any other value, the table is not queried.
      if (sid === undefined || !guidPatternAnyCase.test(sid)) return;
      if (issuer !== undefined && !isAllowedIssuer(issuer)) return;
      // Last, so that only requests that query the table count. Entra ID does not repeat a refused one, so it waits first.
      await rateLimits.waitForAddress('front-channel-logout', address);
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
