import { createHash } from 'node:crypto';
import { type Directory, findUserByObjectId, objectIdIn, type User } from '../directory.ts';
import { GraphError, type GraphObject } from './answers.ts';

const globalAdministratorTemplateId = '62e90394-69f5-4237-9190-012177145e10';

/** A user as one tenant sees them: a guest has another object id and user name than at home. */
export interface Member {
  readonly id: string;
  readonly tenantId: string;
  readonly isGuest: boolean;
  readonly userPrincipalName: string;
  readonly user: User;
}

/** Everybody in a tenant, members and guests, in the order of the directory. */
export function listMembers(directory: Directory, tenantId: string): readonly Member[] {
  return directory.users.flatMap((user) => {
    const id = objectIdIn(user, tenantId);
    return id === undefined ? [] : [toMember(directory, user, tenantId, id)];
  });
}

/** The member that the access token's `tid` and `oid` name. */
export function requireCaller(directory: Directory, tenantId: string, userId: string): Member {
  const user = findUserByObjectId(directory, tenantId, userId);
  if (user === undefined) throw resourceNotFound(userId);
  return toMember(directory, user, tenantId, userId);
}

/** The member with that object id or user principal name, in any letter case as in Graph. */
export function requireMember(directory: Directory, tenantId: string, key: string): Member {
  const wanted = key.toLowerCase();
  const member = listMembers(directory, tenantId).find(
    ({ id, userPrincipalName }) => id.toLowerCase() === wanted || userPrincipalName.toLowerCase() === wanted,
  );
  if (member === undefined) throw resourceNotFound(key);
  return member;
}

/** The `user` resource. What `$select` may name beyond these is not emulated. */
export function toUserObject({ id, userPrincipalName, isGuest, user }: Member): GraphObject {
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
    userPrincipalName,
    id,
    accountEnabled: true,
    department: user.department,
    userType: isGuest ? 'Guest' : 'Member',
  };
}

/** What Graph sends of a user when no `$select` asks for more. */
export const defaultUserProperties: readonly string[] = [
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
];

/**
 * Groups and directory roles. With `User.Read` alone Graph names the objects by id and leaves every other property null.
 * @see https://learn.microsoft.com/graph/api/user-list-memberof
 */
export function toMembershipObjects(member: Member, mayReadNames: boolean): readonly GraphObject[] {
  const groups = member.user.groups.map(({ id, name, description }) => ({
    '@odata.type': '#microsoft.graph.group',
    id,
    displayName: mayReadNames ? name : null,
    description: mayReadNames ? description : null,
  }));
  if (!member.user.isTenantAdministrator || member.isGuest) return groups;
  const role = {
    '@odata.type': '#microsoft.graph.directoryRole',
    id: toGuid(`${member.tenantId} global administrator`),
    displayName: mayReadNames ? 'Global Administrator' : null,
    description: mayReadNames ? 'Can manage all aspects of the directory.' : null,
    roleTemplateId: mayReadNames ? globalAdministratorTemplateId : null,
  };
  return [...groups, role];
}

function toMember(directory: Directory, user: User, tenantId: string, id: string): Member {
  const isGuest = user.homeTenantId !== tenantId;
  const domain = directory.tenants.find((tenant) => tenant.id === tenantId)?.domain;
  const userPrincipalName = isGuest ? `${user.username.replace('@', '_')}#EXT#@${domain}` : user.username;
  return { id, tenantId, isGuest, userPrincipalName, user };
}

function toGuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

function resourceNotFound(key: string): GraphError {
  return new GraphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${key}' does not exist or one of its queried reference-property objects are not present.`,
  );
}
