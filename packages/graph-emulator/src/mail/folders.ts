import type { User } from '@entra-bff/directory';
import { type GraphCall, itemNotFound, me } from '../call.ts';
import { type Collection, itemsOf, toId } from '../collection.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { GraphError, type GraphObject } from '../reply.ts';
import { mailPaging } from './message-type.ts';

/** The folders that every mailbox has. Their names stand for their ids in paths. */
const wellKnownFolders = {
  inbox: 'Inbox',
  drafts: 'Drafts',
  sentitems: 'Sent Items',
  deleteditems: 'Deleted Items',
  archive: 'Archive',
  junkemail: 'Junk Email',
  outbox: 'Outbox',
} as const;

export type WellKnownFolder = keyof typeof wellKnownFolders;

export function folderId({ id }: User, name: WellKnownFolder): string {
  return toId(`${id} ${name}`);
}

const rootId = (call: GraphCall) => toId(`${me(call).id} msgfolderroot`);

const folderType: EntityType = {
  name: 'mailFolder',
  properties: {
    id: '',
    childFolderCount: 0,
    displayName: '',
    isHidden: true,
    parentFolderId: '',
    sizeInBytes: 0,
    totalItemCount: 0,
    unreadItemCount: 0,
  },
  always: ['id'],
  paging: mailPaging,
};

/** @param childrenOf returns the folders in a folder, for `$expand` */
export function folderTypeWith(childrenOf: (folder: GraphObject) => readonly GraphObject[]): EntityType {
  const type: EntityType = {
    ...folderType,
    navigations: { childFolders: { type: () => type, read: childrenOf } },
  };
  return type;
}

/** The folders of all levels. Their counts are added when they are read. */
export const folders: Collection = {
  path: '/me/mailFolders',
  set: 'mailFolders',
  type: folderType,
  reads: ['Mail.ReadBasic', 'Mail.Read', 'Mail.ReadWrite'],
  writes: ['Mail.ReadWrite'],
  given: (call) =>
    Object.entries(wellKnownFolders).map(([name, displayName]) => ({
      id: toId(`${me(call).id} ${name}`),
      displayName,
      parentFolderId: rootId(call),
      isHidden: false,
    })),
  create(call, { displayName }) {
    if (typeof displayName !== 'string' || displayName === '')
      throw new GraphError(400, 'ErrorInvalidRequest', 'The name of the folder is missing.');
    return { displayName, parentFolderId: rootId(call), isHidden: false };
  },
};

/** Finds a folder by its id, or by the name of a well-known one in any letter case. */
export function requireFolder(call: GraphCall, key: string): GraphObject {
  const isWellKnown = Object.hasOwn(wellKnownFolders, key.toLowerCase());
  const id = isWellKnown ? toId(`${me(call).id} ${key.toLowerCase()}`) : key;
  const folder = itemsOf(call, folders).find((one) => one['id'] === id);
  if (folder === undefined) throw itemNotFound();
  return folder;
}

/** @param parent undefined stands for the folders at the top */
export function foldersIn(call: GraphCall, parent: string | undefined): GraphObject[] {
  return itemsOf(call, folders).filter((one) => one['parentFolderId'] === (parent ?? rootId(call)));
}

export function isWellKnownFolder(call: GraphCall, folder: GraphObject): boolean {
  return Object.keys(wellKnownFolders).some((name) => toId(`${me(call).id} ${name}`) === folder['id']);
}
