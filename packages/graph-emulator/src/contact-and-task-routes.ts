import type { GraphObject } from './reply.ts';
import { collectionRoutes, type GraphCall, itemNotFound, listReply, me, type Route, toId } from './route.ts';
import { usersIn } from './users.ts';

const contactRoutes = collectionRoutes({
  path: '/me/contacts',
  set: 'contacts',
  reads: ['Contacts.Read', 'Contacts.ReadWrite'],
  writes: ['Contacts.ReadWrite'],
  items: (call) =>
    [
      ['Yuki', 'Yamada', 'yuki.yamada@fabrikam.example', 'Fabrikam'],
      ['Tess', 'Taylor', 'tess.taylor@fabrikam.example', 'Fabrikam'],
      ['Ravi', 'Rao', 'ravi.rao@contoso.example', 'Contoso'],
    ].map(([givenName = '', surname = '', address = '', companyName = '']) => ({
      id: toId(`${me(call).id} contact ${address}`),
      displayName: `${givenName} ${surname}`,
      givenName,
      surname,
      companyName,
      emailAddresses: [{ name: `${givenName} ${surname}`, address }],
      businessPhones: [],
      mobilePhone: null,
    })),
  defaults: { displayName: '', emailAddresses: [], businessPhones: [], mobilePhone: null },
});

const tasks = { reads: ['Tasks.Read', 'Tasks.ReadWrite'], writes: ['Tasks.ReadWrite'] };

function listOf(call: GraphCall): GraphObject {
  return {
    id: toId(`${me(call).id} tasks`),
    displayName: 'Tasks',
    isOwner: true,
    isShared: false,
    wellknownListName: 'defaultList',
  };
}

const todoRoutes = [
  ...collectionRoutes({
    path: '/me/todo/lists',
    set: 'todo/lists',
    ...tasks,
    items: (call) => [listOf(call)],
    defaults: { displayName: '', isOwner: true, isShared: false, wellknownListName: 'none' },
  }),
  ...collectionRoutes({
    path: '/me/todo/lists/([^/]+)/tasks',
    set: 'todo/tasks',
    ...tasks,
    items(call, listId) {
      const own = call.saved.of(`${call.caller.userId} todo/lists `).apply([listOf(call)]);
      if (!own.some(({ id }) => id === listId)) throw itemNotFound();
      if (listId !== listOf(call)['id']) return [];
      return ['Answer the invoice question', 'Book the room for Thursday', 'Read the draft'].map(
        (title, at) => ({
          id: toId(`${me(call).id} task ${at}`),
          title,
          status: at === 2 ? 'completed' : 'notStarted',
          importance: 'normal',
          isReminderOn: false,
        }),
      );
    },
    defaults: { title: '', status: 'notStarted', importance: 'normal', isReminderOn: false },
  }),
];

/** Contacts, to-do lists and relevant people. */
export const workRoutes: readonly Route[] = [
  ...contactRoutes,
  ...todoRoutes,
  {
    method: 'GET',
    path: /^\/me\/people$/,
    scopes: ['People.Read', 'People.Read.All'],
    handle: (call) =>
      listReply(
        call,
        'people',
        usersIn(call.directory, call.caller.tenantId)
          .filter(({ id }) => id !== me(call).id)
          .map((user) => ({
            id: user.id,
            displayName: user.name,
            givenName: user.givenName,
            surname: user.surname,
            userPrincipalName: user.username,
            jobTitle: user.jobTitle,
            department: user.department,
            personType: { class: 'Person', subclass: 'OrganizationUser' },
            scoredEmailAddresses: [{ address: user.mail, relevanceScore: 10 }],
          })),
      ),
  },
];
