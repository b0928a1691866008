import type { User } from '@entra-bff/directory';
import { entityReply, listReply } from '../answer.ts';
import { type GraphCall, me, notFound } from '../call.ts';
import { idOf } from '../directory/user-routes.ts';
import { usersIn } from '../directory/users.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { entityOptions, listOptions } from '../odata/options.ts';
import type { GraphObject } from '../reply.ts';
import type { Route } from '../route.ts';

const paging = { defaultSize: 20, maxSize: 50, by: '$skiptoken' } as const;
const instant = '2026-01-01T00:00:00Z';
const sentAt = ['2026-03-02T09:30:00Z', '2026-03-02T09:31:00Z'];

const memberType: EntityType = {
  name: 'aadUserConversationMember',
  properties: {
    id: '',
    displayName: '',
    email: '',
    roles: [''],
    tenantId: '',
    userId: '',
    visibleHistoryStartDateTime: instant,
  },
  always: ['@odata.type'],
  paging,
};

const messageType: EntityType = {
  name: 'chatMessage',
  properties: {
    id: '',
    attachments: [null],
    body: { contentType: '', content: '' },
    chatId: '',
    createdDateTime: instant,
    deletedDateTime: instant,
    etag: '',
    from: { user: { id: '', displayName: '', userIdentityType: '' } },
    importance: '',
    lastModifiedDateTime: instant,
    mentions: [null],
    messageType: '',
    reactions: [null],
    replyToId: '',
    subject: '',
    summary: '',
    webUrl: '',
  },
  always: [],
  paging,
};

const chatProperties = {
  id: '',
  chatType: '',
  createdDateTime: instant,
  lastUpdatedDateTime: instant,
  onlineMeetingInfo: null,
  tenantId: '',
  topic: '',
  viewpoint: null,
  webUrl: '',
};

const readsChats = ['Chat.ReadBasic', 'Chat.Read', 'Chat.ReadWrite'];
const readsMessages = ['Chat.Read', 'Chat.ReadWrite'];

/** Chats of the user with each of the others, to read. */
export const chatRoutes: readonly Route[] = [
  ...['/me/chats', '/chats'].flatMap((chats): Route[] => [
    {
      method: 'GET',
      path: chats,
      scopes: readsChats,
      options: listOptions,
      handle: (call) => listReply(call, { set: 'chats', type: chatType(call), items: chatsOf(call) }),
    },
    {
      method: 'GET',
      path: `${chats}/{chat}`,
      scopes: readsChats,
      options: entityOptions,
      handle: (call, id = '') => entityReply(call, 'chats', chatType(call), requireChat(call, id)),
    },
    {
      method: 'GET',
      path: `${chats}/{chat}/members`,
      scopes: readsChats,
      options: listOptions,
      handle: (call, id = '') =>
        listReply(call, {
          set: `chats('${id}')/members`,
          type: memberType,
          items: membersOf(call, requireChat(call, id)),
        }),
    },
    {
      method: 'GET',
      path: `${chats}/{chat}/messages`,
      scopes: readsMessages,
      options: listOptions,
      handle: (call, id = '') =>
        listReply(call, {
          set: `chats('${id}')/messages`,
          type: messageType,
          items: messagesOf(call, requireChat(call, id)),
        }),
    },
    {
      method: 'GET',
      path: `${chats}/{chat}/messages/{message}`,
      scopes: readsMessages,
      options: entityOptions,
      handle(call, id = '', messageId = '') {
        const message = messagesOf(call, requireChat(call, id)).find((one) => one['id'] === messageId);
        if (message === undefined) throw notFound(messageId);
        return entityReply(call, `chats('${id}')/messages`, messageType, message);
      },
    },
  ]),
];

function chatType(call: GraphCall): EntityType {
  return {
    name: 'chat',
    properties: chatProperties,
    always: [],
    paging,
    navigations: {
      members: { type: () => memberType, read: (chat) => membersOf(call, chat) },
      lastMessagePreview: { type: () => messageType, read: (chat) => messagesOf(call, chat)[0] },
    },
  };
}

const others = (call: GraphCall): User[] =>
  usersIn(call.directory, call.caller.tenantId).filter((user) => user !== me(call));

function chatIdWith(call: GraphCall, other: User): string {
  const [first, second] = [idOf(call, me(call)), idOf(call, other)].sort();
  return `19:${first}_${second}@unq.gbl.spaces`;
}

function chatsOf(call: GraphCall): GraphObject[] {
  return others(call).map((other) => ({
    id: chatIdWith(call, other),
    chatType: 'oneOnOne',
    createdDateTime: sentAt[0],
    lastUpdatedDateTime: sentAt[1],
    onlineMeetingInfo: null,
    tenantId: call.caller.tenantId,
    topic: null,
    viewpoint: null,
    webUrl: `https://teams.example/l/chat/${chatIdWith(call, other)}`,
  }));
}

function requireChat(call: GraphCall, id: string): GraphObject {
  const chat = chatsOf(call).find((one) => one['id'] === id);
  if (chat === undefined) throw notFound(id);
  return chat;
}

function otherIn(call: GraphCall, chat: GraphObject): User {
  const other = others(call).find((user) => chatIdWith(call, user) === chat['id']);
  if (other === undefined) throw notFound(String(chat['id']));
  return other;
}

function membersOf(call: GraphCall, chat: GraphObject): GraphObject[] {
  return [me(call), otherIn(call, chat)].map((user) => ({
    '@odata.type': '#microsoft.graph.aadUserConversationMember',
    id: Buffer.from(`${String(chat['id'])} ${user.id}`).toString('base64url'),
    displayName: user.name,
    email: user.mail,
    roles: ['owner'],
    tenantId: call.caller.tenantId,
    userId: idOf(call, user),
    visibleHistoryStartDateTime: '0001-01-01T00:00:00Z',
  }));
}

/** Newest first. */
function messagesOf(call: GraphCall, chat: GraphObject): GraphObject[] {
  const other = otherIn(call, chat);
  const texts: readonly (readonly [User, string])[] = [
    [other, `Hello ${me(call).givenName}, do you have a minute?`],
    [me(call), 'Yes, after lunch.'],
  ];
  return texts
    .map(([user, content], at) => ({
      id: String(Date.parse(sentAt[at] ?? '')),
      attachments: [],
      body: { contentType: 'text', content },
      chatId: chat['id'],
      createdDateTime: sentAt[at],
      deletedDateTime: null,
      etag: String(Date.parse(sentAt[at] ?? '')),
      from: { user: { id: idOf(call, user), displayName: user.name, userIdentityType: 'aadUser' } },
      importance: 'normal',
      lastModifiedDateTime: sentAt[at],
      mentions: [],
      messageType: 'message',
      reactions: [],
      replyToId: null,
      subject: null,
      summary: null,
      webUrl: null,
    }))
    .reverse();
}
