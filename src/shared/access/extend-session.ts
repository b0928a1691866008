import { sessionRequired } from '../interaction/interaction.ts';
import { type Caller, sessionOf, toCaller } from '../session/caller.ts';
import type { SessionStore } from '../session/store.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { Log } from '../telemetry/log.ts';

/**
 * Extends the session's idle limit. If the store does not respond, the call continues without an extension.
 * @returns the caller to use from now on
 * @throws {BffError} session_required if the session was ended elsewhere
 */
export type ExtendSession = (caller: Caller, log: Log) => Promise<Caller>;

export function createExtendSession(store: Pick<SessionStore, 'extend'>): ExtendSession {
  return async (caller, log) => {
    const session = sessionOf(caller);
    const extended = await store.extend(session).catch((error: unknown) => {
      log('warn', { event: 'session-not-extended', error: describeError(error) });
      return undefined;
    });
    if (extended === undefined) return caller;
    if (extended.kind === 'gone') throw sessionRequired('session_ended');
    return extended.session === session ? caller : toCaller(extended.session);
  };
}
