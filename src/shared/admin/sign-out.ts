import { BffError } from '../errors.ts';
import type { Session } from '../session/store.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import type { TargetOf } from './administered-user.ts';
import { needs } from './administration.ts';
import { type GraphCalls, toRecord } from './graph-calls.ts';
import { recordingLost } from './lost-change.ts';
import type { UserSessions } from './user-sessions.ts';

/**
 * Signs somebody out everywhere: of Entra, which then redeems none of their refresh tokens, and of this app.
 * @throws {BffError} those of a call of Graph, with nothing done; storage_unavailable with `sign_ins_revoked`, half done
 */
export type SignOutUser = (
  session: Session,
  objectId: string,
  log: Log,
) => ReturnType<UserSessions['endAll']>;

export interface SignOutUserNeeds {
  readonly graph: GraphCalls;
  readonly userSessions: UserSessions;
  readonly targetOf: TargetOf;
}

export function createSignOutUser({ graph, userSessions, targetOf }: SignOutUserNeeds): SignOutUser {
  return async (session, objectId, log) => {
    const record = { event: 'admin-sign-ins-revoked', target: targetOf(session, objectId) } as const;
    let isAsked = false;
    // Graph first: it may want the administrator's consent, and then nothing has happened yet.
    const asking = graph.use(session, needs.signIns, log, (client) => {
      isAsked = true;
      return client.api(`/users/${objectId}/revokeSignInSessions`).post(undefined);
    });
    const answer = await asking.catch((error: unknown) => {
      if (isAsked) recordingLost(log, record)(error);
      throw error;
    });
    if (toRecord(answer)['value'] === false) {
      throw new BffError('upstream_answer_refused', { detail: 'Microsoft did not sign the person out.' });
    }
    audit(log, { ...record, outcome: 'done' });
    try {
      return await userSessions.endAll(session, objectId, log);
    } catch (error) {
      if (!(error instanceof BffError) || error.code !== 'storage_unavailable') throw error;
      throw new BffError('storage_unavailable', {
        cause: error.cause,
        detail:
          'Microsoft has signed the person out. Their sessions here have not all ended: try again, or they end by themselves.',
        extensions: { sign_ins_revoked: true },
        ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
      });
    }
  };
}
