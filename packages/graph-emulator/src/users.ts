import {
  type Directory,
  findUserByObjectId,
  groupsOf,
  isAdministratorOf,
  objectIdIn,
  type User,
} from '@entra-bff/directory';
import type { GraphObject } from './reply.ts';

/** Returns the user as Graph shows it in this tenant. A guest has another object id and principal name there. */
export function toGraphUser(directory: Directory, user: User, tenantId: string): GraphObject {
  return {
    businessPhones: user.businessPhones,
    displayName: user.name,
    givenName: user.givenName,
    jobTitle: user.jobTitle,
    mail: user.mail,
    mobilePhone: user.mobilePhone,
    officeLocation: user.officeLocation,
    preferredLanguage: user.preferredLanguage,
    surname: user.surname,
    userPrincipalName: principalNameIn(directory, user, tenantId),
    department: user.department,
    id: objectIdIn(user, tenantId),
  };
}

/** The `#` of a guest's name must be escaped in a path. */
function principalNameIn({ tenants }: Directory, { username, homeTenantId }: User, tenantId: string): string {
  if (homeTenantId === tenantId) return username;
  const domain = tenants.find(({ id }) => id === tenantId)?.domain;
  return `${username.replace('@', '_')}#EXT#@${domain}`;
}

/** The properties that `$filter` supports for users. */
export const filterableUserFields = [
  'id',
  'displayName',
  'givenName',
  'surname',
  'mail',
  'userPrincipalName',
  'jobTitle',
  'department',
] as const;

/** The properties of a user that Graph returns without `$select`. */
export const defaultUserFields = [
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
  'id',
] as const;

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

/** Returns groups and directory roles. An app that may not read their names gets ids and nulls. */
export function membershipsOf(user: User, tenantId: string, scopes: ReadonlySet<string>): GraphObject[] {
  const namesAllowed = scopes.has('GroupMember.Read.All') || scopes.has('Directory.Read.All');
  const groups = directGroupsOf(user, tenantId).map(({ id, name, description }) => ({
    '@odata.type': '#microsoft.graph.group',
    id,
    displayName: namesAllowed ? name : null,
    description: namesAllowed ? description : null,
  }));
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

function directGroupsOf({ groups }: User, tenantId: string) {
  return groups.filter((group) => group.tenantId === tenantId);
}

/** Returns every group that has a member in the tenant. */
export function groupsIn(directory: Directory, tenantId: string): GraphObject[] {
  const groups = usersIn(directory, tenantId).flatMap((user) => directGroupsOf(user, tenantId));
  const byId = new Map(groups.map((group) => [group.id, group]));
  return [...byId.values()].map(({ id, name, description }) => ({ id, displayName: name, description }));
}

/** Returns the members of a group. */
export function membersOf(directory: Directory, tenantId: string, groupId: string): GraphObject[] {
  return usersIn(directory, tenantId)
    .filter(({ groups }) => groups.some(({ id }) => id === groupId))
    .map((user) => ({
      '@odata.type': '#microsoft.graph.user',
      id: objectIdIn(user, tenantId),
      displayName: user.name,
      givenName: user.givenName,
      surname: user.surname,
      mail: user.mail,
      userPrincipalName: principalNameIn(directory, user, tenantId),
    }));
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
