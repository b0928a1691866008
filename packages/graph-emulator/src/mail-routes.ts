import { type GraphAnswer, GraphError, type GraphObject } from './answers.ts';
import { messagesOf } from './mailbox.ts';
import { select, toContext } from './query.ts';
import {
  collectionRoutes,
  type GraphCall,
  itemNotFound,
  listAnswer,
  me,
  oneAnswer,
  parseObject,
  type Route,
  toId,
} from './route.ts';

const reads = ['Mail.Read', 'Mail.ReadWrite'];
const writes = ['Mail.ReadWrite'];
const readsBasics = ['Mail.ReadBasic', ...reads];

const messages = collectionRoutes({
  path: '/me/messages',
  set: 'messages',
  reads,
  writes,
  items: (call) => inOrder(call, messagesOf(me(call), call.now)),
  defaults: {
    subject: '',
    bodyPreview: '',
    body: { contentType: 'text', content: '' },
    from: null,
    toRecipients: [],
    receivedDateTime: null,
    isDraft: true,
    isRead: true,
    hasAttachments: false,
    importance: 'normal',
  },
});

export const mailRoutes: readonly Route[] = [
  ...messages,
  {
    method: 'GET',
    path: /^\/me\/messages\/([^/]+)\/attachments$/,
    scopes: reads,
    answer: (call, id = '') => listAnswer(call, 'attachments', attachmentsOf(call, id)),
  },
  {
    method: 'GET',
    path: /^\/me\/messages\/([^/]+)\/attachments\/([^/]+)$/,
    scopes: reads,
    answer(call, id = '', attachmentId) {
      const attachment = attachmentsOf(call, id).find((one) => one['id'] === attachmentId);
      if (attachment === undefined) throw itemNotFound();
      return oneAnswer(call, 'attachments', attachment);
    },
  },
  {
    method: 'POST',
    path: /^\/me\/messages\/([^/]+)\/move$/,
    scopes: writes,
    answer(call, id = '') {
      const { destinationId } = parseObject(call.body);
      if (typeof destinationId !== 'string')
        throw new GraphError(400, 'ErrorInvalidRequest', 'The destination folder is missing.');
      return { ...oneAnswer(call, 'messages', messageOf(call, id)), status: 201 };
    },
  },
  ...['reply', 'forward'].map(
    (action): Route => ({
      method: 'POST',
      path: new RegExp(`^/me/messages/([^/]+)/${action}$`),
      scopes: ['Mail.Send'],
      answer(call, id = '') {
        messageOf(call, id);
        return { status: 202 };
      },
    }),
  ),
  {
    method: 'POST',
    path: /^\/me\/sendMail$/,
    scopes: ['Mail.Send'],
    answer({ body }) {
      // MIME comes in base64, with another type.
      if (/^[A-Za-z0-9+/=\s]+$/.test(body.toString('latin1'))) return { status: 202 };
      const { message } = parseObject(body);
      if (typeof message !== 'object' || message === null) {
        throw new GraphError(400, 'BadRequest', "Missing required parameter 'message'.");
      }
      return { status: 202 };
    },
  },
  {
    method: 'GET',
    path: /^\/me\/mailFolders$/,
    scopes: readsBasics,
    answer: (call) => listAnswer(call, 'mailFolders', foldersOf(call)),
  },
  {
    method: 'GET',
    path: /^\/me\/mailFolders\/([^/]+)\/messages$/,
    scopes: reads,
    answer(call, key) {
      const folder = foldersOf(call).find(({ id, wellKnownName }) => id === key || wellKnownName === key);
      if (folder === undefined) throw itemNotFound();
      const inFolder = folder['wellKnownName'] === 'inbox' ? messagesOf(me(call), call.now) : [];
      return listAnswer(call, 'messages', inOrder(call, inFolder));
    },
  },
  {
    method: 'GET',
    path: /^\/me\/mailFolders\/([^/]+)\/messages\/delta$/i,
    scopes: reads,
    answer: (call, key = '') => deltaAnswer(call, key, messagesOf(me(call), call.now)),
  },
];

function messageOf(call: GraphCall, id: string): GraphObject {
  const message = messagesOf(me(call), call.now).find((one) => one['id'] === id);
  if (message === undefined) throw itemNotFound();
  return message;
}

function attachmentsOf(call: GraphCall, messageId: string): GraphObject[] {
  if (messageOf(call, messageId)['hasAttachments'] !== true) return [];
  const text = 'Carriage 7, seats 41 and 42.\n';
  return [
    {
      '@odata.type': '#microsoft.graph.fileAttachment',
      id: toId(`${messageId} attachment`),
      name: 'tickets.txt',
      contentType: 'text/plain',
      size: text.length,
      isInline: false,
      contentBytes: Buffer.from(text).toString('base64'),
    },
  ];
}

function foldersOf(call: GraphCall): GraphObject[] {
  const all = messagesOf(me(call), call.now);
  return [
    ['inbox', 'Inbox', all.length, all.filter(({ isRead }) => isRead === false).length] as const,
    ['drafts', 'Drafts', 0, 0] as const,
    ['sentitems', 'Sent Items', 0, 0] as const,
    ['deleteditems', 'Deleted Items', 0, 0] as const,
  ].map(([wellKnownName, displayName, totalItemCount, unreadItemCount]) => ({
    id: toId(`${me(call).id} ${wellKnownName}`),
    displayName,
    wellKnownName,
    childFolderCount: 0,
    totalItemCount,
    unreadItemCount,
  }));
}

function inOrder({ query }: GraphCall, all: GraphObject[]): GraphObject[] {
  const order = query.get('$orderby');
  if (order === null || /^receivedDateTime desc$/i.test(order)) return all;
  if (/^receivedDateTime(?: asc)?$/i.test(order)) return all.toReversed();
  throw new GraphError(400, 'ErrorInvalidUrlQuery', 'The emulator orders messages by receivedDateTime only.');
}

/**
 * A page of changes: a link to the next one, or to what changes from now on. Graph writes the folder's key in brackets
 * there, whatever the call looked like.
 */
function deltaAnswer(call: GraphCall, folder: string, messages: readonly GraphObject[]): GraphAnswer {
  const { origin, caller, query, now } = call;
  const url = `${origin}/v1.0/me/mailFolders('${encodeURIComponent(folder)}')/messages/delta`;
  if (query.has('$deltatoken')) {
    return { status: 200, body: { '@odata.deltaLink': `${url}?$deltatoken=${now.getTime()}`, value: [] } };
  }
  const start = Number(query.get('$skiptoken') ?? 0);
  const end = start + 10;
  const link =
    end < messages.length
      ? { '@odata.nextLink': `${url}?$skiptoken=${end}` }
      : { '@odata.deltaLink': `${url}?$deltatoken=${now.getTime()}` };
  const context = toContext(origin, `users('${caller.userId}')/mailFolders/messages`, query, false);
  const value = messages.slice(start, end).map((message) => select(message, query, ['id']));
  return { status: 200, body: { '@odata.context': context, ...link, value } };
}
