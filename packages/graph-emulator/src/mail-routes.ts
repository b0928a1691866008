import { messagesOf } from './mailbox.ts';
import { select, toContext } from './query.ts';
import { GraphError, type GraphObject, type GraphReply } from './reply.ts';
import {
  collectionRoutes,
  entityReply,
  type GraphCall,
  itemNotFound,
  listReply,
  me,
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
    handle: (call, id = '') => listReply(call, 'attachments', attachmentsOf(call, id)),
  },
  {
    method: 'GET',
    path: /^\/me\/messages\/([^/]+)\/attachments\/([^/]+)$/,
    scopes: reads,
    handle(call, id = '', attachmentId) {
      const attachment = attachmentsOf(call, id).find((one) => one['id'] === attachmentId);
      if (attachment === undefined) throw itemNotFound();
      return entityReply(call, 'attachments', attachment);
    },
  },
  {
    method: 'POST',
    path: /^\/me\/messages\/([^/]+)\/move$/,
    scopes: writes,
    handle(call, id = '') {
      const { destinationId } = parseObject(call.body);
      if (typeof destinationId !== 'string')
        throw new GraphError(400, 'ErrorInvalidRequest', 'The destination folder is missing.');
      return { ...entityReply(call, 'messages', messageOf(call, id)), status: 201 };
    },
  },
  ...['reply', 'forward'].map(
    (action): Route => ({
      method: 'POST',
      path: new RegExp(`^/me/messages/([^/]+)/${action}$`),
      scopes: ['Mail.Send'],
      handle(call, id = '') {
        messageOf(call, id);
        return { status: 202 };
      },
    }),
  ),
  {
    method: 'POST',
    path: /^\/me\/sendMail$/,
    scopes: ['Mail.Send'],
    handle({ body }) {
      // A MIME message is sent as base64, with another content type.
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
    handle: (call) => listReply(call, 'mailFolders', foldersOf(call)),
  },
  {
    method: 'GET',
    path: /^\/me\/mailFolders\/([^/]+)\/messages$/,
    scopes: reads,
    handle(call, key) {
      const folder = foldersOf(call).find(({ id, wellKnownName }) => id === key || wellKnownName === key);
      if (folder === undefined) throw itemNotFound();
      const inFolder = folder['wellKnownName'] === 'inbox' ? messagesOf(me(call), call.now) : [];
      return listReply(call, 'messages', inOrder(call, inFolder));
    },
  },
  {
    method: 'GET',
    path: /^\/me\/mailFolders\/([^/]+)\/messages\/delta$/i,
    scopes: reads,
    handle: (call, key = '') => deltaReply(call, key, messagesOf(me(call), call.now)),
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
 * A page of changes, with a link to the next page or to later changes. Graph writes the folder's key in parentheses in these
 * links, however the call was written.
 */
function deltaReply(call: GraphCall, folder: string, messages: readonly GraphObject[]): GraphReply {
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
