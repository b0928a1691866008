import { type GraphCall, itemNotFound, me } from '../call.ts';
import { type Collection, itemsOf, storeOf, toId } from '../collection.ts';
import type { EntityType } from '../odata/entity-type.ts';
import type { GraphObject } from '../reply.ts';
import { attachmentsOf, toAttachments } from './attachments.ts';
import { folderId, type WellKnownFolder } from './folders.ts';
import { messagesOf } from './mailbox.ts';
import { messageBodyType, messageType, toMessage } from './message-type.ts';

/** The messages of all folders. */
export const messages: Collection = {
  path: '/me/messages',
  set: 'messages',
  // Bodies have properties that queries do not have.
  type: messageBodyType,
  reads: ['Mail.Read', 'Mail.ReadWrite'],
  writes: ['Mail.ReadWrite'],
  given: (call) => messagesOf(me(call), call.now),
  create: (call, body) => newMessage(call, body, 'drafts'),
  change: (call, message, body) => ({ ...message, ...body, lastModifiedDateTime: call.now.toISOString() }),
};

/** Reads messages without their text and attachments too. */
export const basicReads = ['Mail.ReadBasic', ...messages.reads];

/** Returns a message as the app may see it: without its text if it has only `Mail.ReadBasic`. */
export function visibleMessage({ caller }: GraphCall, message: GraphObject): GraphObject {
  if (messages.reads.some((scope) => caller.scopes.has(scope))) return message;
  const { body: _body, bodyPreview: _preview, uniqueBody: _unique, ...rest } = message;
  return rest;
}

export function typeOfMessages(call: GraphCall): EntityType {
  return messageType((message) => attachmentsOf(call, message));
}

/** Returns the messages of all folders, newest first. */
export function allMessages(call: GraphCall): GraphObject[] {
  const instantOf = (message: GraphObject) => Date.parse(String(message['receivedDateTime']));
  return itemsOf(call, messages).sort((left, right) => instantOf(right) - instantOf(left));
}

export function requireMessage(call: GraphCall, id: string): GraphObject {
  const message = itemsOf(call, messages).find((one) => one['id'] === id);
  if (message === undefined) throw itemNotFound();
  return message;
}

/** Creates a message in a folder. */
export function saveMessage(call: GraphCall, body: GraphObject, folder: WellKnownFolder): GraphObject {
  const message = newMessage(call, body, folder);
  storeOf(call, messages, []).create(message);
  return message;
}

function newMessage(call: GraphCall, body: GraphObject, folder: WellKnownFolder): GraphObject {
  const user = me(call);
  const from = { emailAddress: { name: user.name, address: user.mail } };
  const { attachments = [], ...properties } = body;
  const id = toId(`${user.id} message ${call.saved.version()} ${call.saved.run}`);
  const files = toAttachments(id, attachments);
  return toMessage(
    {
      isDraft: folder === 'drafts',
      ...(folder === 'sentitems' ? { from, sender: from } : {}),
      ...properties,
      hasAttachments: files.length > 0,
      emulatedAttachments: files,
    },
    { id, parentFolderId: folderId(user, folder), instant: call.now },
  );
}

/** Returns what a copy of a message takes over. */
export function withoutIds(message: GraphObject): GraphObject {
  const { id: _id, '@odata.etag': _etag, changeKey: _key, parentFolderId: _folder, ...rest } = message;
  return rest;
}
