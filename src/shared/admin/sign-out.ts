import { BffError } from '../errors.ts';
import type { Caller } from '../session/caller.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import {
  type AdministratorGraph,
  type AuditTarget,
  permissions,
  recordIfUncertainAndRethrow,
} from './administration.ts';
import type { UserSessions } from './user-sessions.ts';

/**
 * Signs a user out everywhere: revokes their refresh tokens at Entra ID, and ends their sessions in this app.
 * @throws {BffError} any code of `withExplainedRefusals`, if the revocation failed or its result is unknown;
 * storage_unavailable with `sign_ins_revoked` if only the revocation succeeded
 */
export type SignOutUser = (
  administrator: Caller,
  objectId: string,
  log: Log,
) => ReturnType<UserSessions['endAll']>;

export interface SignOutUserDependencies {
  readonly graph: AdministratorGraph;
  readonly userSessions: UserSessions;
  readonly auditTarget: AuditTarget;
}

export function createSignOutUser(dependencies: SignOutUserDependencies): SignOutUser {
  const { graph, userSessions, auditTarget } = dependencies;
  return async (administrator, objectId, log) => {
    const record = {
      event: 'admin-sign-ins-revoked',
      target: auditTarget(administrator, objectId),
    } as const;
    // Graph first: if the administrator must consent, nothing has been changed yet.
    const response = await graph
      .post(administrator, `/users/${objectId}/revokeSignInSessions`, undefined, {
        ...permissions.signIns,
        log,
      })
      .catch(recordIfUncertainAndRethrow(log, record));
    if (response?.['value'] === false) {
      throw new BffError('upstream_answer_refused', {
        detail: 'Microsoft did not sign the user out.',
      });
    }
    audit(log, { ...record, outcome: 'done' });
    return userSessions.endAll(administrator, objectId, log).catch((error: unknown) => {
      throw toPartialFailure(error);
    });
  };
}

function toPartialFailure(error: unknown): unknown {
  if (!(error instanceof BffError) || error.code !== 'storage_unavailable') return error;
  return new BffError('storage_unavailable', {
    cause: error.cause,
    detail:
      "Microsoft has revoked the user's sign-ins, but some of their sessions in this app may still be active. Try again; otherwise they end when they expire.",
    extensions: { sign_ins_revoked: true },
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
  });
}
