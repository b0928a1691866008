import type { GraphObject } from './answers.ts';
import { usersIn } from './people.ts';
import {
  collectionRoutes,
  type GraphCall,
  itemNotFound,
  listAnswer,
  me,
  oneAnswer,
  type Route,
  toId,
} from './route.ts';

const readsFiles = ['Files.Read', 'Files.ReadWrite', 'Files.Read.All', 'Files.ReadWrite.All'];

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

const listOf = (call: GraphCall): GraphObject => ({
  id: toId(`${me(call).id} tasks`),
  displayName: 'Tasks',
  isOwner: true,
  isShared: false,
  wellknownListName: 'defaultList',
});

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

/** A folder with one file, and a file beside it. */
function driveItemsOf(call: GraphCall): readonly (GraphObject & { readonly parentId: string | undefined })[] {
  const folderId = `01F${toId(`${me(call).id} folder`)
    .slice(4, 20)
    .toUpperCase()}!1`;
  const file = (name: string, at: number, parentId: string | undefined) => ({
    id: `01F${toId(`${me(call).id} ${name}`)
      .slice(4, 20)
      .toUpperCase()}!${at}`,
    name,
    size: 1024 * at,
    file: { mimeType: 'text/plain' },
    lastModifiedDateTime: '2026-03-02T09:30:00Z',
    parentId,
  });
  return [
    {
      id: folderId,
      name: 'Travel',
      size: 2048,
      folder: { childCount: 1 },
      lastModifiedDateTime: '2026-03-02T09:30:00Z',
      parentId: undefined,
    },
    file('Packing list.txt', 2, folderId),
    file('Notes.txt', 3, undefined),
  ];
}

const withoutParent = ({ parentId: _parentId, ...item }: GraphObject): GraphObject => item;

function findItem(call: GraphCall, id: string): GraphObject {
  const item = driveItemsOf(call).find((one) => one['id'] === id);
  if (item === undefined) throw itemNotFound();
  return withoutParent(item);
}

const childrenAnswer = (call: GraphCall, parentId?: string) =>
  listAnswer(
    call,
    'driveItems',
    driveItemsOf(call)
      .filter((item) => item.parentId === parentId)
      .map(withoutParent),
  );

const fileRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/me\/drive$/,
    scopes: readsFiles,
    answer: (call) =>
      oneAnswer(call, 'drives', {
        id: `b!${toId(`${me(call).id} drive`).slice(4, 40)}`,
        driveType: 'business',
        name: 'OneDrive',
        owner: { user: { displayName: me(call).name } },
        quota: { total: 1_099_511_627_776, used: 5120 },
      }),
  },
  {
    method: 'GET',
    path: /^\/me\/drive\/root\/children$/,
    scopes: readsFiles,
    answer: (call) => childrenAnswer(call),
  },
  {
    method: 'GET',
    path: /^\/me\/drive\/root\/search\(q='([^']*)'\)$/,
    scopes: readsFiles,
    answer: (call, words = '') =>
      listAnswer(
        call,
        'driveItems',
        driveItemsOf(call)
          .filter(({ name }) => String(name).toLowerCase().includes(words.toLowerCase()))
          .map(withoutParent),
      ),
  },
  {
    method: 'GET',
    path: /^\/me\/drive\/items\/([^/]+)$/,
    scopes: readsFiles,
    answer: (call, id = '') => oneAnswer(call, 'driveItems', findItem(call, id)),
  },
  {
    method: 'GET',
    path: /^\/me\/drive\/items\/([^/]+)\/children$/,
    scopes: readsFiles,
    answer(call, id = '') {
      findItem(call, id);
      return childrenAnswer(call, id);
    },
  },
];

/** Contacts, to-do lists, files, and the people somebody works with. */
export const workRoutes: readonly Route[] = [
  ...contactRoutes,
  ...todoRoutes,
  ...fileRoutes,
  {
    method: 'GET',
    path: /^\/me\/people$/,
    scopes: ['People.Read', 'People.Read.All'],
    answer: (call) =>
      listAnswer(
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
            scoredEmailAddresses: [{ address: user.mail, relevanceScore: 10 }],
          })),
      ),
  },
];
