import { isObject } from '../body.ts';
import { type GraphCall, itemNotFound, me } from '../call.ts';
import { type Collection, collectionRoutes, itemsOf, requireItem, storeOf, toId } from '../collection.ts';
import { deltaReply, outlookDeltaOptions, outlookTokens, removedItem } from '../delta.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { GraphError, type GraphObject } from '../reply.ts';
import type { Route } from '../route.ts';

const instant = '2026-01-01T00:00:00Z';
const zoned = { dateTime: '', timeZone: '' };
const scopes = { reads: ['Tasks.Read', 'Tasks.ReadWrite'], writes: ['Tasks.ReadWrite'] };

const listType: EntityType = {
  name: 'todoTaskList',
  properties: { id: '', displayName: '', isOwner: true, isShared: true, wellknownListName: '' },
  always: ['id'],
  paging: { defaultSize: 20, maxSize: 100, by: '$skiptoken' },
};

const itemType: EntityType = {
  name: 'checklistItem',
  properties: {
    id: '',
    checkedDateTime: instant,
    createdDateTime: instant,
    displayName: '',
    isChecked: true,
  },
  always: ['id'],
  paging: { defaultSize: 100, maxSize: 100, by: '$skip' },
};

const linkType: EntityType = {
  name: 'linkedResource',
  properties: { id: '', applicationName: '', displayName: '', externalId: '', webUrl: '' },
  always: ['id'],
  paging: { defaultSize: 100, maxSize: 100, by: '$skip' },
};

const taskType: EntityType = {
  name: 'todoTask',
  properties: {
    id: '',
    body: { content: '', contentType: '' },
    bodyLastModifiedDateTime: instant,
    categories: [''],
    completedDateTime: zoned,
    createdDateTime: instant,
    dueDateTime: zoned,
    hasAttachments: true,
    importance: '',
    isReminderOn: true,
    lastModifiedDateTime: instant,
    recurrence: null,
    reminderDateTime: zoned,
    startDateTime: zoned,
    status: '',
    title: '',
  },
  always: ['id'],
  paging: { defaultSize: 10, maxSize: 100, by: '$skip' },
};

const lists: Collection = {
  path: '/me/todo/lists',
  set: 'todo/lists',
  type: listType,
  ...scopes,
  given: (call) => [
    {
      id: toId(`${me(call).id} tasks`),
      displayName: 'Tasks',
      isOwner: true,
      isShared: false,
      wellknownListName: 'defaultList',
    },
  ],
  create: (_call, body) => ({
    displayName: requireText(body, 'displayName'),
    isOwner: true,
    isShared: false,
    wellknownListName: 'none',
  }),
};

const tasks: Collection = {
  path: '/me/todo/lists/{list}/tasks',
  set: 'todo/tasks',
  type: taskType,
  ...scopes,
  given(call, [list = '']) {
    const { wellknownListName } = requireItem(call, lists, [], list);
    if (wellknownListName !== 'defaultList') return [];
    return ['Answer the invoice question', 'Book the room for Thursday', 'Read the draft'].map(
      (title, at) => ({
        ...toTask(call, { title, status: at === 2 ? 'completed' : 'notStarted' }),
        id: toId(`${me(call).id} task ${at}`),
        createdDateTime: '2026-03-02T09:30:00Z',
        lastModifiedDateTime: '2026-03-02T09:30:00Z',
        bodyLastModifiedDateTime: '2026-03-02T09:30:00Z',
      }),
    );
  },
  create(call, body) {
    requireText(body, 'title');
    return toTask(call, body);
  },
  change: (call, task, body) => toTask(call, { ...task, ...body }),
};

function toTask(call: GraphCall, given: GraphObject): GraphObject {
  const at = call.now.toISOString();
  const isCompleted = given['status'] === 'completed';
  const completed = isObject(given['completedDateTime'])
    ? given['completedDateTime']
    : { dateTime: `${at.slice(0, 10)}T00:00:00.0000000`, timeZone: 'UTC' };
  return {
    '@odata.etag': `W/"${Buffer.from(at).toString('base64')}"`,
    body: { content: '', contentType: 'text' },
    bodyLastModifiedDateTime: at,
    categories: [],
    createdDateTime: at,
    dueDateTime: null,
    hasAttachments: false,
    importance: 'normal',
    isReminderOn: false,
    recurrence: null,
    reminderDateTime: null,
    startDateTime: null,
    status: 'notStarted',
    title: '',
    ...given,
    completedDateTime: isCompleted ? completed : null,
    lastModifiedDateTime: at,
  };
}

/** What belongs to a task: its steps, and links to where it came from. */
function belongings(name: string, type: EntityType, defaults: GraphObject): Collection {
  return {
    path: `/me/todo/lists/{list}/tasks/{task}/${name}`,
    set: `todo/${name}`,
    type,
    ...scopes,
    given(call, [list = '', task = '']) {
      if (!itemsOf(call, tasks, [list]).some(({ id }) => id === task)) throw itemNotFound();
      return [];
    },
    create: (call, body) => ({ ...defaults, createdDateTime: call.now.toISOString(), ...body }),
  };
}

function requireText(body: GraphObject, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new GraphError(400, 'invalidRequest', `The property '${name}' is required.`);
}

function deltaRoute(collection: Collection, toPath: (parents: readonly string[]) => string): Route {
  return {
    method: 'GET',
    path: `${collection.path}/delta`,
    scopes: collection.reads,
    options: outlookDeltaOptions,
    handle: (call, ...parents) =>
      deltaReply(call, outlookTokens, () => ({
        set: `users('${call.caller.userId}')/${collection.set}`,
        type: collection.type,
        items: itemsOf(call, collection, parents),
        linkPath: toPath(parents),
        changes: storeOf(call, collection, parents),
        removed: removedItem,
      })),
  };
}

/** To-do lists, their tasks and the steps of a task. */
export const taskRoutes: readonly Route[] = [
  ...collectionRoutes(lists),
  ...collectionRoutes(tasks),
  deltaRoute(lists, () => '/me/todo/lists/delta'),
  deltaRoute(tasks, ([list = '']) => `/me/todo/lists/${encodeURIComponent(list)}/tasks/delta`),
  ...collectionRoutes(belongings('checklistItems', itemType, { isChecked: false })),
  ...collectionRoutes(belongings('linkedResources', linkType, {})),
];
