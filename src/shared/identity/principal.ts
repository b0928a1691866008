/** Who is signed in, from a validated ID token. The pair of tenant and object id is the identity; the rest is for display. */
export interface Principal {
  readonly tenantId: string;
  readonly objectId: string;
  readonly name: string;
  readonly username: string;
}

/** The claims of an ID token after its verification: typed where a decision hangs on them. */
export interface VerifiedClaims {
  readonly principal: Principal;
  /** App roles, exactly as Entra said them; empty when the claim is absent or has any other shape. */
  readonly roles: readonly string[];
  /** Object ids of groups; empty when the claim is absent, has any other shape, or there are too many for a token. */
  readonly groups: readonly string[];
  /** The person is in more groups than a token holds: Entra names a place to ask instead. */
  readonly hasGroupOverage: boolean;
  /** The authentication contexts of Conditional Access that the sign-in satisfies; optional claim. */
  readonly authContexts: readonly string[];
  /** At home in another tenant, and invited into this one. */
  readonly isGuest: boolean;
  /** When Entra issued the token. */
  readonly issuedAt: Date;
  /** When the person last signed in at Entra; only when the registration lists the optional claim. */
  readonly authenticatedAt?: Date;
  /** Entra's session, for front-channel logout; optional claim. */
  readonly entraSessionId?: string;
  /** What Entra wants back as `logout_hint`; optional claim. */
  readonly loginHint?: string;
  /** All claims, for the person and the administrator to see. */
  readonly all: Readonly<Record<string, unknown>>;
}

/** Same person in the same tenant. Never by address or name: those are reassigned (CVE-2023-3128 and its kind). */
export function isSamePrincipal(left: Principal, right: Principal): boolean {
  return left.tenantId === right.tenantId && left.objectId === right.objectId;
}

/**
 * Claims that belong to the sign-in behind the tokens and cannot have changed since. Roles, groups and contexts
 * can change.
 */
const ofSignIn = { sid: 'entraSessionId', auth_time: 'authenticatedAt', login_hint: 'loginHint' } as const;

/**
 * Returns the claims of a renewed ID token, completed with the claims of the sign-in that it omits.
 * @see OpenID Connect Core 1.0, 12.2: a renewed token may omit them, and `auth_time` stays the original one
 */
export function carryOver(before: VerifiedClaims, renewed: VerifiedClaims): VerifiedClaims {
  const missing = Object.entries(ofSignIn)
    .filter(([, member]) => renewed[member] === undefined && before[member] !== undefined)
    .map(([claim]) => [claim, before.all[claim]] as const);
  if (missing.length === 0) return renewed;
  return readVerifiedClaims({ ...renewed.all, ...Object.fromEntries(missing) });
}

/** Anything but an array of strings is no role at all: a string `"Admin"` must not match letter by letter. */
function parseTexts(value: unknown): readonly string[] {
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

/** The typed view of a verified token's payload. Pure: also used for the payload that a session keeps. */
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
    roles: parseTexts(payload['roles']),
    groups: parseTexts(payload['groups']),
    hasGroupOverage: hasGroupOverage(payload),
    authContexts: parseTexts(payload['acrs']),
    isGuest: isGuest(payload),
    issuedAt: instant('iat') ?? new Date(0),
    ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
    ...(entraSessionId === undefined ? {} : { entraSessionId }),
    ...(loginHint === undefined ? {} : { loginHint }),
    all: payload,
  };
}
