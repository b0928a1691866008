import { entityReply, listReply } from '../answer.ts';
import { parseEntity } from '../body.ts';
import { type GraphCall, itemNotFound } from '../call.ts';
import { changeItem, createItem, itemsOf as foldersOf, storeOf } from '../collection.ts';
import { deltaReply, outlookDeltaOptions, outlookTokens, removedItem } from '../delta.ts';
import { parseFilter } from '../odata/filter.ts';
import { entityOptions, listOptions, type QueryOptions } from '../odata/options.ts';
import { GraphError, type GraphObject, type GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';
import { folders, foldersIn, folderTypeWith, isWellKnownFolder, requireFolder } from './folders.ts';
import { messageList, messageReply } from './message-routes.ts';
import {
  allMessages,
  basicReads,
  messages,
  requireMessage,
  saveMessage,
  typeOfMessages,
  visibleMessage,
} from './messages.ts';

const { writes } = messages;
const readsBasics = folders.reads;
const one = '/me/mailFolders/{folder}';
const set = ({ caller }: GraphCall) => `users('${caller.userId}')/mailFolders`;
const folderOptions = [...listOptions, 'includeHiddenFolders'];

/** Mail folders and the messages in them. */
export const folderRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/me/mailFolders',
    scopes: readsBasics,
    options: folderOptions,
    handle: (call) => folderList(call, undefined),
  },
  {
    method: 'POST',
    path: '/me/mailFolders',
    scopes: writes,
    handle: (call) => folderReply(call, createItem(call, folders, []), 201),
  },
  {
    method: 'GET',
    path: one,
    scopes: readsBasics,
    options: entityOptions,
    handle: (call, key = '') => folderReply(call, requireFolder(call, key)),
  },
  {
    method: 'PATCH',
    path: one,
    scopes: writes,
    handle: (call, key = '') => folderReply(call, changeItem(call, folders, [], idOf(call, key))),
  },
  {
    method: 'DELETE',
    path: one,
    scopes: writes,
    handle(call, key = '') {
      if (isWellKnownFolder(call, requireFolder(call, key)))
        throw new GraphError(
          403,
          'ErrorDeleteDistinguishedFolder',
          'Distinguished folders cannot be deleted.',
        );
      const id = idOf(call, key);
      for (const message of inFolder(call, id)) storeOf(call, messages, []).remove(String(message['id']));
      storeOf(call, folders, []).remove(id);
      return { status: 204 };
    },
  },
  {
    method: 'GET',
    path: `${one}/childFolders`,
    scopes: readsBasics,
    options: folderOptions,
    handle: (call, key = '') => folderList(call, idOf(call, key)),
  },
  {
    method: 'POST',
    path: `${one}/childFolders`,
    scopes: writes,
    handle(call, key = '') {
      const parentFolderId = idOf(call, key);
      const folder = { ...createItem(call, folders, []), parentFolderId };
      storeOf(call, folders, []).save(folder);
      return folderReply(call, folder, 201);
    },
  },
  {
    method: 'GET',
    path: `${one}/messages`,
    scopes: basicReads,
    options: listOptions,
    handle(call, key = '') {
      // Outlook writes the folder in parentheses in its links, however the call was written.
      const linkPath = `/me/mailFolders('${encodeURIComponent(key)}')/messages`;
      return messageList(call, inFolder(call, idOf(call, key)), linkPath);
    },
  },
  {
    method: 'POST',
    path: `${one}/messages`,
    scopes: writes,
    handle(call, key = '') {
      const parentFolderId = idOf(call, key);
      const message = {
        ...saveMessage(call, parseEntity(messages.type, call.body), 'drafts'),
        parentFolderId,
      };
      storeOf(call, messages, []).save(message);
      return messageReply(call, message, 201);
    },
  },
  {
    method: 'GET',
    path: `${one}/messages/{message}`,
    scopes: basicReads,
    options: entityOptions,
    handle(call, key = '', id = '') {
      const message = requireMessage(call, id);
      if (message['parentFolderId'] !== idOf(call, key)) throw itemNotFound();
      return messageReply(call, message);
    },
  },
  {
    method: 'GET',
    path: `${one}/messages/delta`,
    scopes: basicReads,
    options: [...outlookDeltaOptions, '$filter', '$orderby'],
    handle: (call, key = '') =>
      messageChanges(call, `/me/mailFolders('${encodeURIComponent(key)}')/messages/delta`, idOf(call, key)),
  },
  {
    method: 'GET',
    path: '/me/mailFolders/delta',
    scopes: readsBasics,
    options: outlookDeltaOptions,
    handle: (call) =>
      deltaReply(call, outlookTokens, () => ({
        set: set(call),
        type: typeOfFolders(call),
        items: foldersOf(call, folders).map((folder) => withCounts(call, folder)),
        linkPath: '/me/mailFolders/delta',
        changes: storeOf(call, folders, []),
        removed: removedItem,
      })),
  },
  {
    method: 'GET',
    path: '/me/messages/delta',
    scopes: basicReads,
    options: [...outlookDeltaOptions, '$filter', '$orderby'],
    handle: (call) => messageChanges(call, '/me/messages/delta', undefined),
  },
];

function idOf(call: GraphCall, key: string): string {
  return String(requireFolder(call, key)['id']);
}

function inFolder(call: GraphCall, id: string): GraphObject[] {
  return allMessages(call).filter((message) => message['parentFolderId'] === id);
}

function folderList(call: GraphCall, parent: string | undefined): GraphReply {
  const items = foldersIn(call, parent).map((folder) => withCounts(call, folder));
  return listReply(call, { set: set(call), type: typeOfFolders(call), items });
}

function folderReply(call: GraphCall, folder: GraphObject, status = 200): GraphReply {
  return entityReply(call, set(call), typeOfFolders(call), withCounts(call, folder), status);
}

function typeOfFolders(call: GraphCall) {
  return folderTypeWith(({ id }) => foldersIn(call, String(id)).map((child) => withCounts(call, child)));
}

function withCounts(call: GraphCall, folder: GraphObject): GraphObject {
  const id = String(folder['id']);
  const content = inFolder(call, id);
  return {
    ...folder,
    childFolderCount: foldersIn(call, id).length,
    sizeInBytes: content.length * 4096,
    totalItemCount: content.length,
    unreadItemCount: content.filter(({ isRead }) => isRead === false).length,
  };
}

/** @see https://learn.microsoft.com/graph/api/message-delta */
function messageChanges(call: GraphCall, linkPath: string, folderId: string | undefined): GraphReply {
  const all = folderId === undefined ? allMessages(call) : inFolder(call, folderId);
  // The messages that every user has are in the inbox.
  const inboxId = idOf(call, 'inbox');
  return deltaReply(call, outlookTokens, (options) => ({
    set: `users('${call.caller.userId}')/mailFolders/messages`,
    type: typeOfMessages(call),
    items: all.filter(deltaFilter(options)).map((message) => visibleMessage(call, message)),
    linkPath,
    changes: storeOf(call, messages, []),
    contained: (before) => folderId === undefined || (before?.['parentFolderId'] ?? inboxId) === folderId,
    removed: removedItem,
  }));
}

/** Messages are newest first, and changes of them can be limited to the newer ones only. @throws {GraphError} */
function deltaFilter(options: QueryOptions): (message: GraphObject) => boolean {
  const order = options.get('$orderby');
  if (order !== undefined && !/^receivedDateTime\s+desc$/i.test(order.trim()))
    throw unsupported(`The order '${order}' is not supported for changes.`);
  const text = options.get('$filter');
  if (text === undefined) return () => true;
  const filter = parseFilter(text, messages.type);
  const isLimit = /^receivedDateTime\s+g[et]\s+\S+$/i.test(text.trim());
  if (!isLimit) throw unsupported(`The filter '${text}' is not supported for changes.`);
  return filter.matches;
}

function unsupported(message: string): GraphError {
  return new GraphError(400, 'ErrorInvalidUrlQuery', message);
}
