import { isObject, parseEntity, parseParameters } from '../body.ts';
import type { GraphCall } from '../call.ts';
import { storeOf } from '../collection.ts';
import { GraphError, type GraphObject, type GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';
import { messageReply } from './message-routes.ts';
import { messageBodyType } from './message-type.ts';
import { messages, requireMessage, saveMessage, withoutIds } from './messages.ts';
import { parseMime } from './mime.ts';

const { writes } = messages;
const sends = ['Mail.Send'];
const one = '/me/messages/{message}';

/** Mail that is sent, and answers to a message. Nothing is delivered: sent mail is in Sent Items. */
export const sendRoutes: readonly Route[] = [
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
  { method: 'POST', path: '/me/sendMail', scopes: sends, handle: sendMail },
];

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
