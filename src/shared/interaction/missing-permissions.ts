import { BffError } from '../errors.ts';
import type { Session } from '../session/session.ts';
import type { Log } from '../telemetry/log.ts';
import type { AcquireAccessToken } from '../tokens/access-token.ts';
import { type Interaction, sessionRequired } from './interaction.ts';

/** What a call would use: its feature, and the permissions that were not granted yet. */
export interface LackingCall {
  readonly feature: string;
  readonly scopes: readonly string[];
}

export type PermissionOutcome =
  | { readonly kind: 'granted'; readonly session: Session }
  | {
      readonly kind: 'refused';
      /** False if Entra ID refuses the sign-in or cannot respond, so fewer permissions would be refused too. */
      readonly concernsPermissions: boolean;
      /** The problem that such a call would have alone. */
      readonly problemOf: (call: LackingCall) => BffError;
    };

/**
 * Asks Entra ID for a token with permissions that the session's user has not granted here. An administrator may have granted
 * them since the user signed in.
 * @throws {BffError} session_required
 */
export type RequestPermissions = (
  session: Session,
  scopes: readonly string[],
  log: Log,
) => Promise<PermissionOutcome>;

export interface RequestPermissionsDependencies {
  readonly acquireAccessToken: AcquireAccessToken;
  readonly interaction: Pick<Interaction, 'required'>;
}

export function createRequestPermissions({
  acquireAccessToken,
  interaction,
}: RequestPermissionsDependencies): RequestPermissions {
  return async (session, scopes, log) => {
    try {
      const acquired = await acquireAccessToken(session, scopes, log);
      switch (acquired.kind) {
        case 'token':
          return { kind: 'granted', session: acquired.session };
        case 'session-ended':
          throw sessionRequired('session_ended');
        case 'interaction-required':
          return {
            kind: 'refused',
            concernsPermissions:
              acquired.reason === 'consent_required' || acquired.reason === 'admin_consent_required',
            problemOf: (call) =>
              interaction.required(session, { ...acquired, feature: call.feature, scopes: call.scopes }),
          };
      }
    } catch (error) {
      if (!(error instanceof BffError) || error.is('session_required')) throw error;
      return {
        kind: 'refused',
        concernsPermissions: error.is('registration_invalid'),
        problemOf: () => error,
      };
    }
  };
}
