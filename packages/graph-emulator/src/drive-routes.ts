import type { DriveFile } from './drives.ts';
import { GraphError, type GraphObject } from './reply.ts';
import { entityReply, type GraphCall, itemNotFound, listReply, me, type Route, toId } from './route.ts';

const reads = ['Files.Read', 'Files.ReadWrite', 'Files.Read.All', 'Files.ReadWrite.All'];
const set = 'driveItems';

interface DriveItem {
  readonly item: GraphObject;
  readonly parentId: string | undefined;
}

/** The user's files, and a folder with the files of a journey. */
function itemsOf(call: GraphCall): readonly DriveItem[] {
  const folderId = `01F${toId(`${me(call).id} folder`)
    .slice(4, 20)
    .toUpperCase()}!1`;
  const files = call.drives.filesOf(call.caller.userId);
  const isOfJourney = ({ name }: DriveFile) => name.endsWith('for Oslo.txt');
  const folder = {
    id: folderId,
    name: 'Travel',
    size: 1024,
    folder: { childCount: files.filter(isOfJourney).length },
    lastModifiedDateTime: '2026-03-02T09:30:00Z',
  };
  return [
    ...files.map((file) => ({
      item: toItem(call, file),
      parentId: isOfJourney(file) ? folderId : undefined,
    })),
    { item: folder, parentId: undefined },
  ];
}

function toItem({ drives }: GraphCall, file: DriveFile): GraphObject {
  const { id, name, content } = file;
  return {
    '@microsoft.graph.downloadUrl': drives.downloadUrl(file),
    id,
    name,
    size: content.length,
    file: { mimeType: 'text/plain' },
    lastModifiedDateTime: '2026-03-02T09:30:00Z',
  };
}

function childrenReply(call: GraphCall, parentId?: string) {
  const children = itemsOf(call).filter((one) => one.parentId === parentId);
  return listReply(
    call,
    set,
    children.map(({ item }) => item),
    '$skiptoken',
  );
}

function find(call: GraphCall, id: string): GraphObject {
  const found = itemsOf(call).find(({ item }) => item['id'] === id);
  if (found === undefined) throw itemNotFound();
  return found.item;
}

/** OneDrive. The URLs of file contents need no token. */
export const driveRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/me\/drive$/,
    scopes: reads,
    handle: (call) =>
      entityReply(call, 'drives', {
        id: `b!${toId(`${me(call).id} drive`).slice(4, 40)}`,
        driveType: 'business',
        name: 'OneDrive',
        owner: { user: { displayName: me(call).name } },
        quota: { total: 1_099_511_627_776, used: 5120 },
      }),
  },
  {
    method: 'GET',
    path: /^\/me\/drive\/root\/children$/,
    scopes: reads,
    handle: (call) => childrenReply(call),
  },
  {
    method: 'GET',
    path: /^\/me\/drive\/root\/search\(q='([^']*)'\)$/,
    scopes: reads,
    handle(call, words = '') {
      const found = itemsOf(call).filter(({ item }) =>
        String(item['name']).toLowerCase().includes(words.toLowerCase()),
      );
      return listReply(
        call,
        set,
        found.map(({ item }) => item),
      );
    },
  },
  {
    method: 'GET',
    path: /^\/me\/drive\/items\/([^/]+)$/,
    scopes: reads,
    handle: (call, id = '') => entityReply(call, set, find(call, id)),
  },
  {
    method: 'GET',
    path: /^\/me\/drive\/items\/([^/]+)\/children$/,
    scopes: reads,
    handle(call, id = '') {
      find(call, id);
      return childrenReply(call, id);
    },
  },
  {
    method: 'GET',
    path: /^\/me\/drive\/items\/([^/]+)\/content$/,
    scopes: reads,
    handle({ drives, caller }, key = '') {
      const file = drives.filesOf(caller.userId).find(({ id }) => id === key);
      if (file === undefined) throw new GraphError(404, 'itemNotFound', 'The resource could not be found.');
      return { status: 302, headers: { Location: drives.downloadUrl(file) } };
    },
  },
  {
    method: 'POST',
    path: /^\/me\/drive\/root:\/([^/]+):\/createUploadSession$/,
    scopes: ['Files.ReadWrite', 'Files.ReadWrite.All'],
    handle: ({ drives, caller, now }, name = '') => ({
      status: 200,
      body: drives.createUploadSession(caller.userId, name, now),
    }),
  },
];
