import { entityReply, listReply } from '../answer.ts';
import { parseObject } from '../body.ts';
import { type GraphCall, itemNotFound } from '../call.ts';
import { storeOf } from '../collection.ts';
import { entityOptions, listOptions } from '../odata/options.ts';
import type { GraphObject } from '../reply.ts';
import type { Route } from '../route.ts';
import { attachmentsOf, toAttachments } from './attachments.ts';
import { attachmentType } from './message-type.ts';
import { messages, requireMessage } from './messages.ts';

const { reads, writes } = messages;
const one = '/me/messages/{message}';
const set = ({ caller }: GraphCall) => `users('${caller.userId}')/messages`;

/** Files that are attached to messages. */
export const attachmentRoutes: readonly Route[] = [
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
];

function requireAttachment(call: GraphCall, messageId: string, id: string): GraphObject {
  const attachment = attachmentsOf(call, requireMessage(call, messageId)).find((one) => one['id'] === id);
  if (attachment === undefined) throw itemNotFound();
  return attachment;
}
