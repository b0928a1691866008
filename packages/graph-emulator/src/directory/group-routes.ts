import type { Group } from '@entra-bff/directory';
import { entityReply, listReply } from '../answer.ts';
import { type GraphCall, notFound } from '../call.ts';
import { entityOptions, listOptions } from '../odata/options.ts';
import type { Route } from '../route.ts';
import { typesFor } from './directory-of.ts';
import { groupsRead, membersRead } from './permissions.ts';
import { groupsIn, membersOf, toGraphGroup, toGraphUser, usersIn } from './users.ts';

/** Groups and their members. */
export const groupRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/groups',
    scopes: groupsRead,
    options: listOptions,
    handle(call) {
      const items = groupsIn(call.directory, call.caller.tenantId).map(toGraphGroup);
      return listReply(call, { set: 'groups', type: typesFor(call).group, items });
    },
  },
  {
    method: 'GET',
    path: '/groups/{group}',
    scopes: groupsRead,
    options: entityOptions,
    handle: (call, key = '') =>
      entityReply(call, 'groups', typesFor(call).group, toGraphGroup(requireGroup(call, key))),
  },
  ...['members', 'transitiveMembers'].flatMap((relation): Route[] => [
    {
      method: 'GET',
      path: `/groups/{group}/${relation}`,
      scopes: membersRead,
      options: listOptions,
      handle: (call, key = '') =>
        listReply(call, {
          set: 'directoryObjects',
          type: typesFor(call).directoryObject,
          items: membersOf(call.directory, call.caller, requireGroup(call, key).id),
        }),
    },
    {
      method: 'GET',
      path: `/groups/{group}/${relation}/microsoft.graph.user`,
      scopes: membersRead,
      options: listOptions,
      handle(call, key = '') {
        const { directory, caller } = call;
        const { id } = requireGroup(call, key);
        const items = usersIn(directory, caller.tenantId)
          .filter(({ groups }) => groups.some((group) => group.id === id))
          .map((user) => toGraphUser(directory, user, caller));
        return listReply(call, { set: 'users', type: typesFor(call).user, items });
      },
    },
  ]),
];

export function requireGroup({ directory, caller }: GraphCall, key: string): Group {
  const group = groupsIn(directory, caller.tenantId).find(({ id }) => id === key.toLowerCase());
  if (group === undefined) throw notFound(key);
  return group;
}
