import type { Session } from './session.ts';

/** The content of the user's verified ID token, by claim name. Deeply frozen. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The signed-in user on whose behalf a handler runs. It holds no token and no secret of the session. Pass on this
 * object itself. Calls on behalf of the user refuse a copy.
 */
export interface Caller {
  /** Tenant id and object id: the only pair that identifies a user. */
  readonly user: { readonly tenantId: string; readonly objectId: string };
  /** Display name. It may change, and two users may share it. */
  readonly name: string | undefined;
  /** Sign-in name, usually an email address. It may be reassigned to another user. */
  readonly username: string | undefined;
  /** App roles as Entra ID last stated them. The endpoint's `access` decides how old that statement may be. */
  readonly roles: readonly string[];
  /** When the user signed in here. */
  readonly signedInAt: Date;
  readonly claims: Claims;
}

/** Sessions by caller. A weak map keeps the session out of reach of serialization and inspection. */
const sessions = new WeakMap<Caller, Session>();

/** Creates a caller that stands for this session. A handler can change neither the session nor another call's caller. */
export function toCaller(session: Session): Caller {
  const { claims, signedInAt } = session.facts;
  const { tenantId, objectId, name, username } = claims.principal;
  const caller: Caller = Object.freeze({
    user: Object.freeze({ tenantId, objectId }),
    name: name === '' ? undefined : name,
    username: username === '' ? undefined : username,
    roles: frozen(claims.roles),
    // A date cannot be frozen, so each caller has its own.
    signedInAt: new Date(signedInAt),
    claims: frozen(claims.all),
  });
  sessions.set(caller, session);
  return caller;
}

/**
 * Returns the session of a caller.
 * @throws {TypeError} if the object was not created by {@link toCaller}, for example a copy of a caller
 */
export function sessionOf(caller: Caller): Session {
  const session = sessions.get(caller);
  if (session === undefined) {
    throw new TypeError("Not a caller. Pass the handler's own caller object, not a copy.");
  }
  return session;
}

/** Values that {@link frozen} has frozen at every level. `Object.isFrozen` looks at one level only. */
const deeplyFrozen = new WeakSet<object>();

/**
 * Freezes parsed JSON in place and returns it. Callers of one session share its claims: a copy for each call cost more than
 * the rest of the caller.
 */
function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || deeplyFrozen.has(value)) return value;
  for (const member of Object.values(value)) frozen(member);
  deeplyFrozen.add(Object.freeze(value));
  return value;
}
