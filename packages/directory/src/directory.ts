/** The types of a directory, which all emulators read. */

export interface Directory {
  readonly tenants: readonly Tenant[];
  readonly users: readonly User[];
  readonly resources: readonly Resource[];
  readonly registrations: readonly Registration[];
}

export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
}

export interface Group {
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  readonly description: string;
  /** A Microsoft 365 group with a mailbox and a team. Groups without it are security groups. */
  readonly team?: { readonly mail: string };
  /** Groups that contain this one. Its members are members of them too. */
  readonly partOf?: readonly Group[];
}

export interface User {
  /** Object id in the home tenant. The forms of the sign-in pages send it as the account. */
  readonly id: string;
  readonly homeTenantId: string;
  readonly username: string;
  readonly name: string;
  readonly givenName: string;
  readonly surname: string;
  readonly mail: string;
  readonly jobTitle: string;
  readonly department: string;
  readonly officeLocation: string;
  readonly mobilePhone: string;
  readonly businessPhones: readonly string[];
  readonly preferredLanguage: string;
  /** Direct memberships. Groups that contain these need not be listed. */
  readonly groups: readonly Group[];
  /** Object id of the manager; absent at the top. */
  readonly managerId?: string;
  /** May consent for the whole home tenant. */
  readonly isTenantAdministrator: boolean;
  /** Every sign-in of this user asks for a second factor. */
  readonly asksForSecondFactor: boolean;
  /** The tenants in which the user is a guest. A guest has another object id there. */
  readonly guestIn: readonly { readonly tenantId: string; readonly objectId: string }[];
  /** The inbox. If absent, the Graph emulator invents messages. */
  readonly messages?: readonly Letter[];
  /** The files of the drive. If absent, the Graph emulator invents two. */
  readonly files?: readonly TextFile[];
}

/** A message in an inbox. */
export interface Letter {
  readonly from: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly isRead: boolean;
  readonly hoursAgo: number;
}

export interface TextFile {
  /** Folders and name, separated by slashes. */
  readonly path: string;
  readonly text: string;
}

/** An API whose permissions (scopes) an app can request. */
export interface Resource {
  /** Becomes `aud` in its access tokens. */
  readonly id: string;
  readonly name: string;
  /** Prefix of the permission in a full scope such as `api://contoso-orders/Orders.Read`. Optional for Microsoft Graph. */
  readonly uri: string;
  readonly permissions: readonly Permission[];
}

/** A delegated permission as the consent page shows it. */
export interface Permission {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly administratorMustConsent: boolean;
}

export interface Registration {
  readonly clientId: string;
  readonly displayName: string;
  readonly publisher: { readonly name: string; readonly domain: string; readonly isVerified: boolean };
  /** The tenant that owns the registration. */
  readonly tenantId: string;
  readonly accounts: 'this-tenant' | 'any-tenant';
  readonly secrets: readonly string[];
  /** PEM public keys (SPKI) that sign client assertions, instead of a secret. */
  readonly publicKeysPem: readonly string[];
  /** As in Entra ID, the port of `http://localhost` is not compared. */
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly frontChannelLogoutUrl?: string;
  readonly appRoles: readonly AppRole[];
  readonly roleAssignments: readonly { readonly userId: string; readonly role: string }[];
  /** Claims that Entra ID puts into an ID token only if the registration lists them. */
  readonly optionalIdTokenClaims: readonly OptionalClaim[];
  /** Permissions that an administrator has already granted for a whole tenant. */
  readonly organizationConsents: readonly { readonly tenantId: string; readonly scopes: readonly string[] }[];
}

interface AppRole {
  readonly value: string;
  readonly title: string;
  readonly description: string;
}

/** The claims that a registration can list. */
export const optionalClaims = ['sid', 'login_hint', 'auth_time', 'acrs', 'acct', 'groups'] as const;

type OptionalClaim = (typeof optionalClaims)[number];

/** Returns the user's object id in the tenant, or undefined if the user is neither a member nor a guest. */
export function objectIdIn(user: User, tenantId: string): string | undefined {
  return user.homeTenantId === tenantId
    ? user.id
    : user.guestIn.find((guest) => guest.tenantId === tenantId)?.objectId;
}

/** Whether the user may consent for the whole tenant and holds the directory role that Graph requires of administrators. */
export function isAdministratorOf(user: User, tenantId: string): boolean {
  return user.isTenantAdministrator && user.homeTenantId === tenantId;
}

/** Returns the groups of the tenant that contain the user, directly or through another group. */
export function groupsOf(user: User, tenantId: string): Group[] {
  const found = new Set<Group>();
  const add = (group: Group): void => {
    if (found.has(group)) return;
    found.add(group);
    group.partOf?.forEach(add);
  };
  user.groups.filter((group) => group.tenantId === tenantId).forEach(add);
  return [...found];
}

/** Finds the user that the claims `tid` and `oid` of a token identify. */
export function findUserByObjectId(from: Directory, tenantId: string, objectId: string): User | undefined {
  return from.users.find((user) => objectIdIn(user, tenantId) === objectId);
}
