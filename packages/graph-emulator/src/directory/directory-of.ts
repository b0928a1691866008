import { findUserByObjectId } from '@entra-bff/directory';
import type { GraphCall } from '../call.ts';
import type { GraphObject } from '../reply.ts';
import { type DirectoryTypes, directoryTypes } from './types.ts';
import { asMember, directReportsOf, managerOf, membershipsOf, membersOf, toGraphUser } from './users.ts';

/** Returns the types of the directory, whose relations are those of the caller's tenant. */
export function typesFor({ directory, caller }: GraphCall): DirectoryTypes {
  const { tenantId, scopes } = caller;
  const find = (id: string) => findUserByObjectId(directory, tenantId, id);
  return directoryTypes({
    managerOf(id) {
      const user = find(id);
      const manager = user === undefined ? undefined : managerOf(directory, user, tenantId);
      return manager === undefined ? undefined : toGraphUser(directory, manager, caller);
    },
    directReportsOf(id) {
      const user = find(id);
      if (user === undefined) return [];
      const reports = directReportsOf(directory, user, tenantId);
      return reports.map((one) => asMember(toGraphUser(directory, one, caller)));
    },
    membershipsOf(id) {
      const user = find(id);
      return user === undefined ? [] : membershipsOf(user, tenantId, scopes, false);
    },
    membersOf: (id): readonly GraphObject[] => membersOf(directory, caller, id),
  });
}
