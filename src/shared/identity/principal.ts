/** Identifies a user. No other claim does. */
export interface UserId {
  readonly tenantId: string;
  readonly objectId: string;
}

/** The user of a verified ID token. Tenant and object id are the identity. The other members are for display. */
export interface Principal extends UserId {
  readonly name: string;
  readonly username: string;
}

/** The claims of a verified ID token. Each claim on which a decision depends has a member. */
export interface VerifiedClaims {
  readonly principal: Principal;
  /** App roles, exactly as in the token. Empty if the claim is absent or not an array of strings. */
  readonly roles: readonly string[];
  /** Object ids of groups. Empty if the claim is absent, not an array of strings, or replaced by the overage claim. */
  readonly groups: readonly string[];
  /** True if the user is in more groups than a token can hold. The token then does not list the groups. */
  readonly hasGroupOverage: boolean;
  /** Authentication contexts of Conditional Access that the sign-in satisfies. Optional claim `acrs`. */
  readonly authContexts: readonly string[];
  /** True if the user is a guest: invited to this tenant, with an account of another tenant or identity provider. */
  readonly isGuest: boolean;
  /** `iat`: when Entra ID issued the token. */
  readonly issuedAt: Date;
  /** When the user last signed in at Entra ID. Optional claim `auth_time`. */
  readonly authenticatedAt?: Date;
  /** The id of the session at Entra ID, for front-channel logout. Optional claim `sid`. */
  readonly entraSessionId?: string;
  /** Sent to Entra ID as `logout_hint` at sign-out. Optional claim `login_hint`. */
  readonly loginHint?: string;
  /** All claims, to show to the user and to administrators. */
  readonly all: Readonly<Record<string, unknown>>;
}

/** Compares tenant and object id. Email addresses and names are reassigned to other users (CVE-2023-3128). */
export function isSamePrincipal(left: UserId, right: UserId): boolean {
  return left.tenantId === right.tenantId && left.objectId === right.objectId;
}

/**
 * The claims that describe the sign-in itself. Unlike roles, groups and authentication contexts, they still hold if a
 * renewed token omits them.
 */
const signInClaims = {
  sid: 'entraSessionId',
  auth_time: 'authenticatedAt',
  login_hint: 'loginHint',
} as const;

/**
 * Returns the claims of a renewed ID token. Claims of the sign-in that the token omits are added.
 * @see OpenID Connect Core 1.0, 12.2: a renewed token may omit them, and `auth_time` must be the original one
 */
export function carryOverSignInClaims(before: VerifiedClaims, renewed: VerifiedClaims): VerifiedClaims {
  const missing = Object.entries(signInClaims)
    .filter(([, member]) => renewed[member] === undefined && before[member] !== undefined)
    .map(([claim]) => [claim, before.all[claim]] as const);
  if (missing.length === 0) return renewed;
  return readVerifiedClaims({ ...renewed.all, ...Object.fromEntries(missing) });
}

/** Returns no values for anything but an array of strings. Otherwise the string `"Admins"` would include `Admin`. */
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
 * If the optional claim `acct` is present, it decides: 0 is a member, and any other value counts as a guest. If it is
 * absent, `idp` decides. Entra ID adds `idp` if the user signed in with an identity provider other than the issuer. The
 * `sts.windows.net` URL is an older name of the tenant itself.
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
