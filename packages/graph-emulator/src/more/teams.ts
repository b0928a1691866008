import type { Group } from '@entra-bff/directory';
import { entityReply, listReply } from '../answer.ts';
import { type GraphCall, me, notFound } from '../call.ts';
import { requireGroup } from '../directory/group-routes.ts';
import { usersIn } from '../directory/users.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { entityOptions, listOptions } from '../odata/options.ts';
import type { GraphObject } from '../reply.ts';
import type { Route } from '../route.ts';

const paging = { defaultSize: 100, maxSize: 999, by: '$skiptoken' } as const;

const teamType: EntityType = {
  name: 'team',
  properties: {
    id: '',
    classification: '',
    createdDateTime: '2026-01-01T00:00:00Z',
    description: '',
    displayName: '',
    internalId: '',
    isArchived: true,
    specialization: '',
    tenantId: '',
    visibility: '',
    webUrl: '',
  },
  always: [],
  paging,
};

const channelType: EntityType = {
  name: 'channel',
  properties: {
    id: '',
    createdDateTime: '2026-01-01T00:00:00Z',
    description: '',
    displayName: '',
    email: '',
    isArchived: true,
    membershipType: '',
    tenantId: '',
    webUrl: '',
  },
  always: [],
  paging,
};

const readsTeams = ['Team.ReadBasic.All', 'Group.Read.All', 'Directory.Read.All'];
const readsChannels = ['Channel.ReadBasic.All', 'Group.Read.All', 'Directory.Read.All'];

/** Teams of the user and their channels. Messages of channels are not emulated. */
export const teamRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/me/joinedTeams',
    scopes: readsTeams,
    options: listOptions,
    handle(call) {
      const teams = me(call).groups.filter(({ team, tenantId }) => team && tenantId === call.caller.tenantId);
      return listReply(call, { set: 'teams', type: teamType, items: teams.map((one) => toTeam(call, one)) });
    },
  },
  {
    method: 'GET',
    path: '/teams/{team}',
    scopes: readsTeams,
    options: entityOptions,
    handle: (call, key = '') => entityReply(call, 'teams', teamType, toTeam(call, requireTeam(call, key))),
  },
  {
    method: 'GET',
    path: '/teams/{team}/channels',
    scopes: readsChannels,
    options: listOptions,
    handle: (call, key = '') =>
      listReply(call, {
        set: `teams('${key}')/channels`,
        type: channelType,
        items: channelsOf(call, requireTeam(call, key)),
      }),
  },
  {
    method: 'GET',
    path: '/teams/{team}/channels/{channel}',
    scopes: readsChannels,
    options: entityOptions,
    handle(call, key = '', id = '') {
      const channel = channelsOf(call, requireTeam(call, key)).find((one) => one['id'] === id);
      if (channel === undefined) throw notFound(id);
      return entityReply(call, `teams('${key}')/channels`, channelType, channel);
    },
  },
];

/** Returns the groups of the tenant that have a team. */
export function teamsIn({ directory, caller }: GraphCall): Group[] {
  const groups = usersIn(directory, caller.tenantId).flatMap((user) => user.groups);
  const teams = groups.filter(({ team, tenantId }) => team !== undefined && tenantId === caller.tenantId);
  return [...new Map(teams.map((group) => [group.id, group])).values()];
}

function requireTeam(call: GraphCall, key: string): Group {
  const group = requireGroup(call, key);
  if (group.team === undefined) throw notFound(key);
  return group;
}

function toTeam({ caller }: GraphCall, { id, name, description }: Group): GraphObject {
  return {
    id,
    classification: null,
    createdDateTime: '2026-01-05T08:00:00Z',
    description,
    displayName: name,
    internalId: `19:${id.replaceAll('-', '')}@thread.tacv2`,
    isArchived: false,
    specialization: 'none',
    tenantId: caller.tenantId,
    visibility: 'private',
    webUrl: `https://teams.example/l/team/${id}`,
  };
}

function channelsOf({ caller }: GraphCall, { id, name }: Group): GraphObject[] {
  return ['General', 'Announcements'].map((displayName, at) => ({
    id: `19:${id.replaceAll('-', '').slice(0, 31)}${at}@thread.tacv2`,
    createdDateTime: '2026-01-05T08:00:00Z',
    description: `${displayName} of ${name}`,
    displayName,
    email: null,
    isArchived: false,
    membershipType: 'standard',
    tenantId: caller.tenantId,
    webUrl: `https://teams.example/l/channel/${id}/${at}`,
  }));
}
