import { entityReply, listReply } from '../answer.ts';
import { parseParameters } from '../body.ts';
import type { GraphCall } from '../call.ts';
import { collectionRoutes, storeOf } from '../collection.ts';
import { entityOptions, listOptions } from '../odata/options.ts';
import { GraphError, type GraphObject, type GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';
import { attachmentsOf } from './attachments.ts';
import { requireFolder } from './folders.ts';
import {
  allMessages,
  basicReads,
  messages,
  requireMessage,
  saveMessage,
  typeOfMessages,
  visibleMessage,
  withoutIds,
} from './messages.ts';
import { toMime } from './mime.ts';

const { reads, writes } = messages;
const one = '/me/messages/{message}';
const set = ({ caller }: GraphCall) => `users('${caller.userId}')/messages`;

/** Messages of all folders, and their copies in other folders. */
export const messageRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/me/messages',
    scopes: basicReads,
    options: listOptions,
    handle: (call) => messageList(call, allMessages(call)),
  },
  {
    method: 'GET',
    path: one,
    scopes: basicReads,
    options: entityOptions,
    handle: (call, id = '') => messageReply(call, requireMessage(call, id)),
  },
  {
    method: 'GET',
    path: `${one}/$value`,
    scopes: reads,
    handle: (call, id = '') => ({
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: toMime(requireMessage(call, id)),
    }),
  },
  ...collectionRoutes(messages).filter(({ method }) => method !== 'GET'),
  {
    method: 'POST',
    path: `${one}/move`,
    scopes: writes,
    handle(call, id = '') {
      const moved = copyTo(call, requireMessage(call, id));
      storeOf(call, messages, []).remove(id);
      return messageReply(call, moved, 201);
    },
  },
  {
    method: 'POST',
    path: `${one}/copy`,
    scopes: writes,
    handle: (call, id = '') => messageReply(call, copyTo(call, requireMessage(call, id)), 201),
  },
];

export function messageList(
  call: GraphCall,
  items: readonly GraphObject[],
  linkPath = call.path,
): GraphReply {
  const visible = items.map((message) => visibleMessage(call, message));
  return listReply(call, { set: set(call), type: typeOfMessages(call), items: visible, linkPath });
}

export function messageReply(call: GraphCall, message: GraphObject, status = 200): GraphReply {
  return entityReply(call, set(call), typeOfMessages(call), visibleMessage(call, message), status);
}

/** A message has another id in another folder. */
function copyTo(call: GraphCall, message: GraphObject): GraphObject {
  const { destinationId } = parseParameters(call.body, ['destinationId']);
  if (typeof destinationId !== 'string')
    throw new GraphError(400, 'ErrorInvalidRequest', 'The destination folder is missing.');
  const folder = requireFolder(call, destinationId);
  const copy = saveMessage(call, withoutIds(message), 'drafts');
  const moved = {
    ...copy,
    emulatedAttachments: attachmentsOf(call, message),
    hasAttachments: message['hasAttachments'],
    isDraft: message['isDraft'],
    parentFolderId: folder['id'],
  };
  storeOf(call, messages, []).save(moved);
  return moved;
}
