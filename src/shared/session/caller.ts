import type { Session } from './session.ts';

/** The content of the user's verified ID token, by claim name. */
export type Claims = Readonly<Record<string, unknown>>;

/** The signed-in user on whose behalf a handler runs. It never holds a token, nor anything that opens the session. */
export interface Caller {
  /** Tenant id and object id: the only pair that identifies a user. */
  readonly user: { readonly tenantId: string; readonly objectId: string };
  /** Display name. It may change, and two users may share it. */
  readonly name: string | undefined;
  /** Sign-in name, usually an email address. It may be reassigned to another user. */
  readonly username: string | undefined;
  /** App roles as Entra ID last stated them; the endpoint's `access` decides how old that statement may be. */
  readonly roles: readonly string[];
  readonly signedInAt: Date;
  readonly claims: Claims;
}

/** Sessions by caller. A weak map keeps the session out of reach of serialization and inspection. */
const sessions = new WeakMap<Caller, Session>();

/** Creates the caller that stands for this session. */
export function toCaller(session: Session): Caller {
  const { claims, signedInAt } = session.facts;
  const { tenantId, objectId, name, username } = claims.principal;
  const caller: Caller = {
    user: { tenantId, objectId },
    name: name === '' ? undefined : name,
    username: username === '' ? undefined : username,
    roles: [...claims.roles],
    signedInAt: new Date(signedInAt),
    claims: structuredClone(claims.all),
  };
  sessions.set(caller, session);
  return caller;
}

/**
 * Returns the session behind a caller.
 * @throws {TypeError} if the object was not created by {@link toCaller}, for example a copy of a caller
 */
export function sessionOf(caller: Caller): Session {
  const session = sessions.get(caller);
  if (session === undefined) throw new TypeError('Not a caller: pass on the object that the endpoint gave.');
  return session;
}
