import { entityReply, listReply } from '../answer.ts';
import { type GraphCall, me } from '../call.ts';
import { deltaReply, type Tokens } from '../delta.ts';
import { entityOptions, listOptions } from '../odata/options.ts';
import type { GraphObject, GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';
import {
  type Address,
  type Addressed,
  addresses,
  requireAddressed,
  requireDrive,
  resolveAddress,
} from './address.ts';
import { contentRoutes } from './content-routes.ts';
import type { DriveNode } from './drive.ts';
import { itemReply } from './item-replies.ts';
import { driveType, thumbnailType } from './item-type.ts';
import { driveOf, identityOf, thumbnailsOf, toItem, typeOfItems } from './items.ts';
import { ownSearch } from './search.ts';
import { itemWriteRoutes } from './write-routes.ts';

const driveReads = ['Files.Read', 'Files.ReadWrite', 'Files.Read.All', 'Files.ReadWrite.All'];
const tokens: Tokens = { page: 'token', delta: 'token' };
const deltaOptions = ['$select', '$top', 'token', '$skiptoken', '$deltatoken'];

/** The drive of the user, its files and folders, and their changes. */
export const driveRoutes: readonly Route[] = [
  { method: 'GET', path: '/me/drive', scopes: driveReads, options: entityOptions, handle: driveReply },
  {
    method: 'GET',
    path: '/drives/{drive}',
    scopes: driveReads,
    options: entityOptions,
    handle(call, id = '') {
      requireDrive(call, id);
      return driveReply(call);
    },
  },
  {
    method: 'GET',
    path: '/me/drives',
    scopes: driveReads,
    options: listOptions,
    handle: (call) => listReply(call, { set: 'drives', type: driveType, items: [toDrive(call)] }),
  },
  {
    method: 'GET',
    path: '/me/drive/recent',
    scopes: driveReads,
    options: listOptions,
    handle: (call) => itemList(call, filesOf(call)),
  },
  {
    method: 'GET',
    path: '/me/drive/sharedWithMe',
    scopes: ['Files.Read.All', 'Files.ReadWrite.All'],
    options: listOptions,
    handle: (call) => itemList(call, []),
  },
  ...addresses.flatMap(routesOfItem),
  ...["/me/drive/search(q='{words}')", "/drives/{drive}/search(q='{words}')"].map(
    (path): Route => ({
      method: 'GET',
      path,
      scopes: driveReads,
      options: listOptions,
      handle: (call, ...keys) => itemList(call, ownSearch(call, keys.at(-1) ?? '')),
    }),
  ),
  ...['/me/drive/root', '/drives/{drive}/root'].flatMap((root): Route[] => [
    {
      method: 'GET',
      path: `${root}/delta`,
      scopes: driveReads,
      options: deltaOptions,
      handle: (call) => changesReply(call, undefined),
    },
    {
      method: 'GET',
      path: `${root}/delta(token='{token}')`,
      scopes: driveReads,
      options: deltaOptions,
      handle: (call, ...keys) => changesReply(call, keys.at(-1)),
    },
  ]),
  ...contentRoutes,
  ...itemWriteRoutes,
];

function routesOfItem(address: Address): Route[] {
  const read = (
    suffix: string,
    options: readonly string[],
    reply: (call: GraphCall, found: Addressed) => GraphReply,
  ): Route => ({
    method: 'GET',
    path: `${address.path}${suffix}`,
    scopes: driveReads,
    options,
    handle: (call, ...keys) => reply(call, resolveAddress(call, address, keys)),
  });
  return [
    read('', entityOptions, (call, found) => itemReply(call, requireAddressed(found))),
    read('/children', listOptions, (call, found) => {
      const { id } = requireAddressed(found);
      const drive = driveOf(call);
      // SharePoint writes ids in parentheses in its links, however the call was written.
      const linkPath = `/drives('${encodeURIComponent(drive.id)}')/items('${id}')/children`;
      return itemList(call, drive.childrenOf(id), linkPath);
    }),
    read("/search(q='{words}')", listOptions, (call, found) => {
      const below = requireAddressed(found);
      return itemList(
        call,
        ownSearch(call, found.rest[0] ?? '').filter((node) => isBelow(call, node, below)),
      );
    }),
    read('/thumbnails', listOptions, (call, found) =>
      listReply(call, {
        set: 'thumbnails',
        type: thumbnailType,
        items: thumbnailsOf(call, requireAddressed(found)),
      }),
    ),
  ];
}

/** Lists by their names, as OneDrive does. */
function itemList(call: GraphCall, nodes: readonly DriveNode[], linkPath = call.path): GraphReply {
  const items = nodes
    .toSorted((left, right) => left.name.localeCompare(right.name))
    .map((node) => toItem(call, node));
  return listReply(call, { set: 'Collection(driveItem)', type: typeOfItems(call), items, linkPath });
}

function driveReply(call: GraphCall): GraphReply {
  return entityReply(call, 'drives', driveType, toDrive(call));
}

function toDrive(call: GraphCall): GraphObject {
  const owner = identityOf(me(call));
  const used = filesOf(call).reduce((size, { content }) => size + (content?.length ?? 0), 0);
  const total = 1_099_511_627_776;
  return {
    createdBy: owner,
    createdDateTime: '2026-01-05T08:00:00Z',
    description: '',
    driveType: 'business',
    id: driveOf(call).id,
    lastModifiedBy: owner,
    lastModifiedDateTime: '2026-03-02T09:30:00Z',
    name: 'OneDrive',
    owner,
    quota: { total, used, remaining: total - used, deleted: 0, state: 'normal' },
    webUrl: `https://contoso-my.sharepoint.example/personal/${me(call).id}/Documents`,
  };
}

function filesOf(call: GraphCall): DriveNode[] {
  return driveOf(call)
    .all()
    .filter(({ content }) => content !== undefined);
}

function isBelow(call: GraphCall, node: DriveNode, folder: DriveNode): boolean {
  if (node.parentId === undefined) return false;
  if (node.parentId === folder.id) return true;
  const parent = driveOf(call).find(node.parentId);
  return parent !== undefined && isBelow(call, parent, folder);
}

function changesReply(call: GraphCall, token: string | undefined): GraphReply {
  const drive = driveOf(call);
  return deltaReply(
    call,
    tokens,
    () => ({
      set: 'Collection(driveItem)',
      type: typeOfItems(call),
      items: drive.all().map((node) => toItem(call, node)),
      linkPath: '/me/drive/root/delta',
      changes: drive.changes,
      removed: (id) => ({ id, deleted: { state: 'deleted' } }),
      pageSize: 200,
    }),
    token,
  );
}
