import { entityReply, listReply } from '../answer.ts';
import { isObject, parseEntity, parseObject, parseParameters } from '../body.ts';
import { type GraphCall, itemNotFound } from '../call.ts';
import { collectionRoutes, storeOf } from '../collection.ts';
import { entityOptions, listOptions } from '../odata/options.ts';
import { GraphError, type GraphObject, type GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';
import { attachmentsOf, toAttachments } from './attachments.ts';
import { requireFolder } from './folders.ts';
import { attachmentType, messageBodyType } from './message-type.ts';
import {
  allMessages,
  basicReads,
  messages,
  requireMessage,
  saveMessage,
  typeOfMessages,
  visibleMessage,
} from './messages.ts';
import { parseMime, toMime } from './mime.ts';

const { reads, writes } = messages;
const sends = ['Mail.Send'];
const one = '/me/messages/{message}';
const set = ({ caller }: GraphCall) => `users('${caller.userId}')/messages`;

/** Messages of all folders, their attachments, and what can be done with one. */
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
  {
    method: 'POST',
    path: `${one}/send`,
    scopes: sends,
    handle(call, id = '') {
      const { isDraft, ...draft } = requireMessage(call, id);
      if (isDraft !== true) throw new GraphError(400, 'ErrorInvalidRequest', 'The message is not a draft.');
      saveMessage(call, withoutIds(draft), 'sentitems');
      storeOf(call, messages, []).remove(id);
      return { status: 202 };
    },
  },
  ...answerRoutes('reply', (message) => ({ toRecipients: [message['from']] }), 'RE: '),
  ...answerRoutes('replyAll', toAll, 'RE: '),
  ...answerRoutes('forward', () => ({ toRecipients: [] }), 'FW: '),
  {
    method: 'GET',
    path: `${one}/attachments`,
    scopes: reads,
    options: listOptions,
    handle: (call, id = '') =>
      listReply(call, {
        set: `${set(call)}('${id}')/attachments`,
        type: attachmentType,
        items: attachmentsOf(call, requireMessage(call, id)),
      }),
  },
  {
    method: 'POST',
    path: `${one}/attachments`,
    scopes: writes,
    handle(call, id = '') {
      const message = requireMessage(call, id);
      const before = attachmentsOf(call, message);
      const all = [...before, ...toAttachments(`${id} ${before.length}`, [parseObject(call.body)])];
      const changed = { ...message, hasAttachments: true, emulatedAttachments: all };
      storeOf(call, messages, []).save(changed);
      return entityReply(call, `${set(call)}('${id}')/attachments`, attachmentType, all.at(-1) ?? {}, 201);
    },
  },
  {
    method: 'GET',
    path: `${one}/attachments/{attachment}`,
    scopes: reads,
    options: entityOptions,
    handle: (call, id = '', attachmentId = '') =>
      entityReply(
        call,
        `${set(call)}('${id}')/attachments`,
        attachmentType,
        requireAttachment(call, id, attachmentId),
      ),
  },
  {
    method: 'DELETE',
    path: `${one}/attachments/{attachment}`,
    scopes: writes,
    handle(call, id = '', attachmentId = '') {
      requireAttachment(call, id, attachmentId);
      const message = requireMessage(call, id);
      const left = attachmentsOf(call, message).filter((one) => one['id'] !== attachmentId);
      storeOf(call, messages, []).save({
        ...message,
        hasAttachments: left.length > 0,
        emulatedAttachments: left,
      });
      return { status: 204 };
    },
  },
  {
    method: 'GET',
    path: `${one}/attachments/{attachment}/$value`,
    scopes: reads,
    handle(call, id = '', attachmentId = '') {
      const { contentType, contentBytes } = requireAttachment(call, id, attachmentId);
      return {
        status: 200,
        headers: { 'content-type': String(contentType) },
        body: Buffer.from(String(contentBytes), 'base64'),
      };
    },
  },
  { method: 'POST', path: '/me/sendMail', scopes: sends, handle: sendMail },
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

/** An answer that is sent at once, and one that becomes a draft. */
function answerRoutes(
  action: 'reply' | 'replyAll' | 'forward',
  recipients: (message: GraphObject) => GraphObject,
  prefix: string,
): Route[] {
  const answer = (call: GraphCall, id: string): GraphObject => {
    const given = parseParameters(call.body, ['message', 'comment', 'toRecipients']);
    const original = requireMessage(call, id);
    const own = isObject(given.message)
      ? parseEntity(messageBodyType, Buffer.from(JSON.stringify(given.message)))
      : {};
    const to = given.toRecipients === undefined ? {} : { toRecipients: given.toRecipients };
    return {
      subject: `${prefix}${String(original['subject']).replace(/^(?:RE|FW): /i, '')}`,
      body: { contentType: 'text', content: String(given.comment ?? '') },
      conversationId: original['conversationId'],
      ...recipients(original),
      ...to,
      ...own,
    };
  };
  const draftAction = `create${action.charAt(0).toUpperCase()}${action.slice(1)}`;
  return [
    {
      method: 'POST',
      path: `${one}/${action}`,
      scopes: sends,
      handle(call, id = '') {
        saveMessage(call, answer(call, id), 'sentitems');
        return { status: 202 };
      },
    },
    {
      method: 'POST',
      path: `${one}/${draftAction}`,
      scopes: writes,
      handle: (call, id = '') => messageReply(call, saveMessage(call, answer(call, id), 'drafts'), 201),
    },
  ];
}

function toAll(message: GraphObject): GraphObject {
  const to = Array.isArray(message['toRecipients']) ? message['toRecipients'] : [];
  return { toRecipients: [message['from'], ...to], ccRecipients: message['ccRecipients'] };
}

function sendMail(call: GraphCall): GraphReply {
  const mime = parseMime(call.body);
  if (mime !== undefined) {
    saveMessage(call, mime, 'sentitems');
    return { status: 202 };
  }
  const { message, saveToSentItems } = parseParameters(call.body, ['message', 'saveToSentItems']);
  if (!isObject(message)) throw new GraphError(400, 'BadRequest', "Missing required parameter 'message'.");
  const body = parseEntity(messageBodyType, Buffer.from(JSON.stringify(message)));
  if (saveToSentItems !== false) saveMessage(call, body, 'sentitems');
  return { status: 202 };
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

function withoutIds(message: GraphObject): GraphObject {
  const { id: _id, '@odata.etag': _etag, changeKey: _key, parentFolderId: _folder, ...rest } = message;
  return rest;
}

function requireAttachment(call: GraphCall, messageId: string, id: string): GraphObject {
  const attachment = attachmentsOf(call, requireMessage(call, messageId)).find((one) => one['id'] === id);
  if (attachment === undefined) throw itemNotFound();
  return attachment;
}
