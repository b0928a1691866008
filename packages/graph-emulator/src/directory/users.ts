import {
  type Directory,
  findUserByObjectId,
  type Group,
  groupsOf,
  isAdministratorOf,
  objectIdIn,
  type User,
} from '@entra-bff/directory';
import type { Caller } from '../access-token.ts';
import type { GraphObject } from '../reply.ts';
import { fullProfiles } from './permissions.ts';

/** What every app that may read a user at all can read of others. */
const basicFields = ['displayName', 'givenName', 'id', 'mail', 'surname', 'userPrincipalName'];

/**
 * Returns the user as Graph shows it to the caller: other users have only their basic properties unless the app may read
 * full profiles.
 * @see https://learn.microsoft.com/graph/permissions-reference#userreadbasicall
 */
export function toGraphUser(directory: Directory, user: User, caller: Caller): GraphObject {
  const whole = toWholeUser(directory, user, caller.tenantId);
  const isFull = whole['id'] === caller.userId || fullProfiles.some((scope) => caller.scopes.has(scope));
  if (isFull) return whole;
  return Object.fromEntries(
    Object.entries(whole).map(([name, value]) => {
      if (basicFields.includes(name)) return [name, value];
      return [name, Array.isArray(value) ? [] : null];
    }),
  );
}

/** A guest has another object id and principal name in this tenant. */
function toWholeUser(directory: Directory, user: User, tenantId: string): GraphObject {
  const isGuest = user.homeTenantId !== tenantId;
  return {
    accountEnabled: true,
    assignedLicenses: [],
    businessPhones: user.businessPhones,
    city: null,
    companyName: directory.tenants.find(({ id }) => id === user.homeTenantId)?.name ?? null,
    country: null,
    createdDateTime: '2026-01-05T08:00:00Z',
    creationType: isGuest ? 'Invitation' : null,
    department: orNull(user.department),
    displayName: user.name,
    employeeId: null,
    externalUserState: isGuest ? 'Accepted' : null,
    faxNumber: null,
    givenName: orNull(user.givenName),
    imAddresses: isGuest ? [] : [user.username],
    jobTitle: orNull(user.jobTitle),
    mail: user.mail,
    mailNickname: user.username.split('@')[0],
    mobilePhone: orNull(user.mobilePhone),
    officeLocation: orNull(user.officeLocation),
    onPremisesSyncEnabled: null,
    otherMails: isGuest ? [user.mail] : [],
    postalCode: null,
    preferredLanguage: user.preferredLanguage,
    proxyAddresses: [`SMTP:${user.mail}`],
    state: null,
    streetAddress: null,
    surname: orNull(user.surname),
    usageLocation: null,
    userPrincipalName: principalNameIn(directory, user, tenantId),
    userType: isGuest ? 'Guest' : 'Member',
    id: objectIdIn(user, tenantId),
  };
}

/** Graph has null for what the directory does not say. */
export const orNull = (text: string): string | null => (text === '' ? null : text);

/** The `#` of a guest's name must be escaped in a path. */
function principalNameIn({ tenants }: Directory, { username, homeTenantId }: User, tenantId: string): string {
  if (homeTenantId === tenantId) return username;
  const domain = tenants.find(({ id }) => id === tenantId)?.domain;
  return `${username.replace('@', '_')}#EXT#@${domain}`;
}

export function findUser(directory: Directory, tenantId: string, idOrName: string): User | undefined {
  const key = idOrName.toLowerCase();
  return (
    findUserByObjectId(directory, tenantId, key) ??
    usersIn(directory, tenantId).find(
      (user) => principalNameIn(directory, user, tenantId).toLowerCase() === key,
    )
  );
}

/** Members and guests of a tenant. */
export function usersIn({ users }: Directory, tenantId: string): User[] {
  return users.filter((user) => objectIdIn(user, tenantId) !== undefined);
}

/** Returns the manager, if the user has one in this tenant. */
export function managerOf(directory: Directory, user: User, tenantId: string): User | undefined {
  return usersIn(directory, tenantId).find(({ id }) => id === user.managerId);
}

export function directReportsOf(directory: Directory, user: User, tenantId: string): User[] {
  return usersIn(directory, tenantId).filter(({ managerId }) => managerId === user.id);
}

const globalAdministrator = {
  id: '6f1d2c3b-5a4e-4d7c-9b8a-7e6f5d4c3b2a',
  templateId: '62e90394-69f5-4237-9190-012177145e10',
};

/** Returns the ids that name a group or directory role of the user, direct or nested. A role has the id of its template too. */
export function memberObjectsAmong(user: User, tenantId: string, ids: readonly string[]): string[] {
  const held = new Set(groupsOf(user, tenantId).map(({ id }) => id));
  if (isAdministratorOf(user, tenantId)) for (const id of Object.values(globalAdministrator)) held.add(id);
  return ids.filter((id) => held.has(id.toLowerCase()));
}

/**
 * Returns groups and directory roles. An app that may not read their names gets ids and nulls.
 * @param nested also the groups that contain the user's groups
 */
export function membershipsOf(
  user: User,
  tenantId: string,
  scopes: ReadonlySet<string>,
  nested: boolean,
): GraphObject[] {
  const namesAllowed = scopes.has('GroupMember.Read.All') || scopes.has('Directory.Read.All');
  const own = nested ? groupsOf(user, tenantId) : directGroupsOf(user, tenantId);
  const groups = own.map((group) => {
    const { id, ...rest } = toGraphGroup(group);
    const shown = namesAllowed ? rest : Object.fromEntries(Object.keys(rest).map((name) => [name, null]));
    return { '@odata.type': '#microsoft.graph.group', id, ...shown };
  });
  const roles = isAdministratorOf(user, tenantId)
    ? [
        {
          '@odata.type': '#microsoft.graph.directoryRole',
          id: globalAdministrator.id,
          displayName: namesAllowed ? 'Global Administrator' : null,
          description: null,
        },
      ]
    : [];
  return [...groups, ...roles];
}

function directGroupsOf({ groups }: User, tenantId: string): Group[] {
  return groups.filter((group) => group.tenantId === tenantId);
}

/** Returns every group that has a member in the tenant. */
export function groupsIn(directory: Directory, tenantId: string): Group[] {
  const groups = usersIn(directory, tenantId).flatMap((user) => directGroupsOf(user, tenantId));
  return [...new Map(groups.map((group) => [group.id, group])).values()];
}

export function toGraphGroup({ id, name, description, team }: Group): GraphObject {
  return {
    id,
    createdDateTime: '2026-01-05T08:00:00Z',
    description,
    displayName: name,
    groupTypes: team === undefined ? [] : ['Unified'],
    mail: team?.mail ?? null,
    mailEnabled: team !== undefined,
    mailNickname: name.replaceAll(/\W/g, ''),
    proxyAddresses: team === undefined ? [] : [`SMTP:${team.mail}`],
    securityEnabled: team === undefined,
    visibility: team === undefined ? null : 'Private',
  };
}

/** Returns the members of a group. */
export function membersOf(directory: Directory, caller: Caller, groupId: string): GraphObject[] {
  return usersIn(directory, caller.tenantId)
    .filter(({ groups }) => groups.some(({ id }) => id === groupId))
    .map((user) => asMember(toGraphUser(directory, user, caller)));
}

/** Returns a user as a member of a list that can contain other objects too. */
export function asMember(user: GraphObject): GraphObject {
  return { '@odata.type': '#microsoft.graph.user', ...user };
}
