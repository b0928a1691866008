import type { SessionStore } from '../session/store.ts';
import { auditPseudonym } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import { createSignOutQueue } from './sign-out-queue.ts';

/** Ends the sessions that Entra calls by one `sid`, of one browser at Entra and maybe several here. */
export interface FrontChannelLogout {
  /**
   * What is no `sid`, or comes from another issuer, ends nothing and is no error.
   * @throws {BffError} rate_limited, storage_unavailable
   */
  end(sid: string | undefined, issuer: string | undefined, log: Log): Promise<void>;
}

export interface FrontChannelLogoutNeeds {
  readonly store: SessionStore;
  readonly isOwnIssuer: (issuer: string) => boolean;
  readonly monotonicMs: () => number;
}

/** Entra ID's `sid` is a GUID. Any other value is ignored without a query. */
const sidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @see OpenID Connect Front-Channel Logout 1.0, 2; Entra sends `sid` alone, without `iss` */
export function createFrontChannelLogout({
  store,
  isOwnIssuer,
  monotonicMs,
}: FrontChannelLogoutNeeds): FrontChannelLogout {
  const queue = createSignOutQueue({ monotonicMs });
  return {
    async end(sid, issuer, log) {
      if (sid === undefined || !sidForm.test(sid)) return;
      if (issuer !== undefined && !isOwnIssuer(issuer)) return;
      await queue.run(sid, async () => {
        const ended = await store.endBySid(sid);
        const users = ended.map(auditPseudonym);
        for (const user of new Set(users)) {
          const sessions = users.filter((one) => one === user).length;
          audit(log, { event: 'session-ended', by: 'entra', sessions, user });
        }
      });
    },
  };
}
