import { BffError } from '../errors.ts';
import type { SessionStore } from '../session/session-store.ts';
import { userKeyOf } from '../session/user-key.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';

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
}

/** Anybody can send these, and each is a read of the table. */
const MAX_AT_A_TIME = 32;
/** Entra's are GUIDs. */
const sidForm = /^[A-Za-z0-9._~+/=-]{1,128}$/;

/** @see OpenID Connect Front-Channel Logout 1.0, 2; Entra sends `sid` alone, without `iss` */
export function createFrontChannelLogout({
  store,
  isOwnIssuer,
}: FrontChannelLogoutNeeds): FrontChannelLogout {
  let underWay = 0;
  return {
    async end(sid, issuer, log) {
      if (sid === undefined || !sidForm.test(sid)) return;
      if (issuer !== undefined && !isOwnIssuer(issuer)) return;
      if (underWay >= MAX_AT_A_TIME) {
        throw new BffError('rate_limited', {
          rules: ['sign-outs'],
          detail: 'Too many sign-outs are under way.',
          retryAfterSeconds: 1,
        });
      }
      underWay++;
      try {
        const ended = await store.endBySid(sid);
        const users = ended.map(userKeyOf);
        for (const user of new Set(users)) {
          const sessions = users.filter((one) => one === user).length;
          audit(log, { event: 'session-ended', by: 'entra', sessions, user });
        }
      } finally {
        underWay--;
      }
    },
  };
}
