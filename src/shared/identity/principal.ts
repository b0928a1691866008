/** The only pair that identifies a user. */
export interface UserId {
  readonly tenantId: string;
  readonly objectId: string;
}

/** The signed-in user of a verified ID token. Tenant and object id are the identity; the rest is for display. */
export interface Principal extends UserId {
  readonly name: string;
  readonly username: string;
}

/** The claims of a verified ID token. Those on which a decision depends are typed. */
export interface VerifiedClaims {
  readonly principal: Principal;
  /** App roles, exactly as in the token. Empty if the claim is absent or not an array of strings. */
  readonly roles: readonly string[];
  /** Object ids of groups. Empty if the claim is absent, not an array of strings, or replaced by the overage claim. */
  readonly groups: readonly string[];
  /** The user is in more groups than a token can hold. Entra ID names an endpoint instead. */
  readonly hasGroupOverage: boolean;
  /** Authentication contexts of Conditional Access that the sign-in satisfies. Optional claim `acrs`. */
  readonly authContexts: readonly string[];
  /** The user's home is another tenant, and this one has invited them. */
  readonly isGuest: boolean;
  /** `iat`: when Entra ID issued the token. */
  readonly issuedAt: Date;
  /** When the user last signed in at Entra ID. Optional claim `auth_time`. */
  readonly authenticatedAt?: Date;
  /** Entra ID's session, for front-channel logout. Optional claim `sid`. */
  readonly entraSessionId?: string;
  /** Sent back as `logout_hint` at sign-out. Optional claim `login_hint`. */
  readonly loginHint?: string;
  /** All claims, to show to the user and to administrators. */
  readonly all: Readonly<Record<string, unknown>>;
}

/** Compares tenant and object id. Email addresses and names are reassigned to other users (CVE-2023-3128). */
export function isSamePrincipal(left: UserId, right: UserId): boolean {
  return left.tenantId === right.tenantId && left.objectId === right.objectId;
}

/**
 * Claims that belong to the sign-in behind the tokens and cannot have changed since. Roles, groups and contexts
 * can change.
 */
const claimsOfSignIn = {
  sid: 'entraSessionId',
  auth_time: 'authenticatedAt',
  login_hint: 'loginHint',
} as const;

/**
 * Returns the claims of a renewed ID token, completed with the claims of the sign-in that it omits.
 * @see OpenID Connect Core 1.0, 12.2: a renewed token may omit them, and `auth_time` stays the original one
 */
export function carryOverSignInClaims(before: VerifiedClaims, renewed: VerifiedClaims): VerifiedClaims {
  const missing = Object.entries(claimsOfSignIn)
    .filter(([, member]) => renewed[member] === undefined && before[member] !== undefined)
    .map(([claim]) => [claim, before.all[claim]] as const);
  if (missing.length === 0) return renewed;
  return readVerifiedClaims({ ...renewed.all, ...Object.fromEntries(missing) });
}

/** Anything but an array of strings yields no values: the string `"Admin"` must not match letter by letter. */
function parseStrings(value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every((text): text is string => typeof text === 'string')) return [];
  return value;
}

/** @see https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference: groups overage claim */
function hasGroupOverage({ _claim_names: names, hasgroups }: Readonly<Record<string, unknown>>): boolean {
  return (
    hasgroups === true || (typeof names === 'object' && names !== null && Object.hasOwn(names, 'groups'))
  );
}

/**
 * Decided by `acct`, an optional claim, if it is present. Any value other than 0 (member) counts as a guest,
 * including a value that is not understood. Otherwise by `idp`, which Entra ID adds if the user signed in with
 * an identity provider other than the issuer.
 * @see https://learn.microsoft.com/entra/identity-platform/optional-claims-reference
 */
function isGuest({ acct, idp, iss, tid }: Readonly<Record<string, unknown>>): boolean {
  if (acct !== undefined) return acct !== 0;
  return idp !== undefined && idp !== iss && idp !== `https://sts.windows.net/${String(tid)}/`;
}

/** Reads a verified token's payload, or the payload that a session stored. */
export function readVerifiedClaims(payload: Readonly<Record<string, unknown>>): VerifiedClaims {
  const text = (claim: string) => {
    const value = payload[claim];
    return typeof value === 'string' ? value : undefined;
  };
  const instant = (claim: string) => {
    const value = payload[claim];
    return typeof value === 'number' && Number.isFinite(value) ? new Date(value * 1000) : undefined;
  };
  const username = text('preferred_username') ?? '';
  const authenticatedAt = instant('auth_time');
  const entraSessionId = text('sid');
  const loginHint = text('login_hint');
  return {
    principal: {
      tenantId: text('tid') ?? '',
      objectId: text('oid') ?? '',
      name: text('name') ?? username,
      username,
    },
    roles: parseStrings(payload['roles']),
    groups: parseStrings(payload['groups']),
    hasGroupOverage: hasGroupOverage(payload),
    authContexts: parseStrings(payload['acrs']),
    isGuest: isGuest(payload),
    issuedAt: instant('iat') ?? new Date(0),
    ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
    ...(entraSessionId === undefined ? {} : { entraSessionId }),
    ...(loginHint === undefined ? {} : { loginHint }),
    all: payload,
  };
}
