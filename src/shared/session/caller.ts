import type { Session } from './session.ts';

/** The content of the user's verified ID token, by claim name. Deeply frozen. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The signed-in user on whose behalf a handler runs. It contains no token and no secret of the session. Pass on this
 * object itself: functions that call an API for the user reject a copy.
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

/** The session of each caller. In a weak map, because a member of the caller could be serialized or logged. */
const sessions = new WeakMap<Caller, Session>();

/**
 * Creates a caller for this session. It is frozen, so that a handler can change neither the session nor another caller.
 */
export function toCaller(session: Session): Caller {
  const { claims, signedInAt } = session.facts;
  const { tenantId, objectId, name, username } = claims.principal;
  const caller: Caller = Object.freeze({
    user: Object.freeze({ tenantId, objectId }),
    name: name === '' ? undefined : name,
    username: username === '' ? undefined : username,
    roles: frozen(claims.roles),
    // A date cannot be frozen, so each caller has a copy.
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
 * Freezes parsed JSON in place and returns it. All callers of a session share its claims, because a copy per call would
 * cost more than everything else in {@link toCaller}.
 */
function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || deeplyFrozen.has(value)) return value;
  for (const member of Object.values(value)) frozen(member);
  deeplyFrozen.add(Object.freeze(value));
  return value;
}
