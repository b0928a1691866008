import type { Group } from '@entra-bff/directory';
import { entityReply, listReply } from '../answer.ts';
import { type GraphCall, me } from '../call.ts';
import { toId } from '../collection.ts';
import { requireGroup } from '../directory/group-routes.ts';
import { idOf } from '../directory/user-routes.ts';
import { usersIn } from '../directory/users.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { entityOptions, listOptions } from '../odata/options.ts';
import { GraphError, type GraphObject } from '../reply.ts';
import type { Route } from '../route.ts';
import { teamsIn } from './teams.ts';

const paging = { defaultSize: 100, maxSize: 999, by: '$skiptoken' } as const;
const instant = '2026-01-01T00:00:00Z';
const createdDateTime = '2026-02-02T10:00:00Z';
export const plannerReads = ['Tasks.Read', 'Tasks.ReadWrite', 'Group.Read.All'];

const planType: EntityType = {
  name: 'plannerPlan',
  properties: { id: '', container: null, createdBy: null, createdDateTime: instant, owner: '', title: '' },
  always: [],
  paging,
};

const bucketType: EntityType = {
  name: 'plannerBucket',
  properties: { id: '', name: '', orderHint: '', planId: '' },
  always: [],
  paging,
};

export const taskType: EntityType = {
  name: 'plannerTask',
  properties: {
    id: '',
    activeChecklistItemCount: 0,
    appliedCategories: null,
    assigneePriority: '',
    assignments: null,
    bucketId: '',
    checklistItemCount: 0,
    completedBy: null,
    completedDateTime: instant,
    conversationThreadId: '',
    createdBy: null,
    createdDateTime: instant,
    dueDateTime: instant,
    hasDescription: true,
    orderHint: '',
    percentComplete: 0,
    planId: '',
    previewType: '',
    priority: 0,
    referenceCount: 0,
    startDateTime: instant,
    title: '',
  },
  always: [],
  paging,
};

/** One plan for each team, with two buckets and a task for each member. Tasks can be changed. */
export const plannerRoutes: readonly Route[] = [
  readList('/me/planner/tasks', taskType, (call) => {
    const id = idOf(call, me(call));
    return tasksIn(call).filter(({ assignments }) => Object.hasOwn(Object(assignments), id));
  }),
  readList('/me/planner/plans', planType, (call) => {
    const own = new Set(me(call).groups.map(({ id }) => id));
    return plansIn(call).filter(({ owner }) => own.has(String(owner)));
  }),
  readList('/groups/{group}/planner/plans', planType, (call, key) => {
    const { id } = requireGroup(call, key);
    return plansIn(call).filter(({ owner }) => owner === id);
  }),
  readOne('/planner/plans/{plan}', planType, plansIn),
  readList('/planner/plans/{plan}/buckets', bucketType, (call, id) =>
    bucketsOf(requireIn(plansIn(call), id)),
  ),
  readList('/planner/plans/{plan}/tasks', taskType, (call, id) => {
    requireIn(plansIn(call), id);
    return tasksIn(call).filter(({ planId }) => planId === id);
  }),
  readOne('/planner/buckets/{bucket}', bucketType, (call) => plansIn(call).flatMap(bucketsOf)),
  readList('/planner/buckets/{bucket}/tasks', taskType, (call, id) =>
    tasksIn(call).filter(({ bucketId }) => bucketId === id),
  ),
  readOne('/planner/tasks/{task}', taskType, tasksIn),
];

function readList(
  path: string,
  type: EntityType,
  read: (call: GraphCall, key: string) => readonly GraphObject[],
): Route {
  return {
    method: 'GET',
    path,
    scopes: plannerReads,
    options: listOptions,
    handle: (call, key = '') =>
      listReply(call, { set: `Collection(microsoft.graph.${type.name})`, type, items: read(call, key) }),
  };
}

function readOne(path: string, type: EntityType, read: (call: GraphCall) => readonly GraphObject[]): Route {
  return {
    method: 'GET',
    path,
    scopes: plannerReads,
    options: entityOptions,
    handle: (call, id = '') => entityReply(call, `planner/${type.name}`, type, requireIn(read(call), id)),
  };
}

export function requireIn(all: readonly GraphObject[], id: string): GraphObject {
  const found = all.find((one) => one['id'] === id);
  if (found === undefined) throw new GraphError(404, 'NotFound', 'The requested item is not found.');
  return found;
}

export function plansIn(call: GraphCall): GraphObject[] {
  return teamsIn(call).map((group) => ({
    '@odata.etag': etag,
    id: planIdOf(group),
    container: { containerId: group.id, type: 'group' },
    createdBy: null,
    createdDateTime,
    owner: group.id,
    title: `Work of ${group.name}`,
  }));
}

const etag = 'W/"JzEtUGxhbiAgQEBAQEBAQEBAQEBAQEBAVCc="';
const planIdOf = ({ id }: Group): string => toId(`${id} plan`).slice(4, 32);

function bucketsOf({ id }: GraphObject): GraphObject[] {
  return ['To do', 'Done'].map((name) => ({
    '@odata.etag': etag,
    id: toId(`${String(id)} ${name}`).slice(4, 32),
    name,
    orderHint: '8586',
    planId: id,
  }));
}

/** The tasks of all plans, which all users of the tenant share. */
export function tasksIn(call: GraphCall): GraphObject[] {
  return taskStore(call).apply(givenTasks(call));
}

export const taskStore = ({ saved, caller }: GraphCall) => saved.of(`${caller.tenantId} planner tasks`);

export function emptyTask(): GraphObject {
  const empty = Object.fromEntries(Object.keys(taskType.properties).map((name) => [name, null]));
  return {
    '@odata.etag': etag,
    ...empty,
    activeChecklistItemCount: 0,
    appliedCategories: {},
    assignments: {},
    checklistItemCount: 0,
    hasDescription: false,
    orderHint: '8586',
    percentComplete: 0,
    previewType: 'automatic',
    priority: 5,
    referenceCount: 0,
  };
}

function givenTasks(call: GraphCall): GraphObject[] {
  return teamsIn(call).flatMap((group) => {
    const plan = planIdOf(group);
    const buckets = bucketsOf({ id: plan });
    const members = usersIn(call.directory, call.caller.tenantId).filter(({ groups }) =>
      groups.some(({ id }) => id === group.id),
    );
    return members.map((member, at): GraphObject => {
      const isDone = at % 2 === 1;
      const assignment = {
        '@odata.type': '#microsoft.graph.plannerAssignment',
        assignedDateTime: createdDateTime,
        orderHint: '8586',
      };
      return {
        ...emptyTask(),
        id: toId(`${plan} ${member.id}`).slice(4, 32),
        activeChecklistItemCount: 0,
        appliedCategories: {},
        assignments: { [idOf(call, member)]: assignment },
        bucketId: buckets[isDone ? 1 : 0]?.['id'],
        checklistItemCount: 0,
        completedDateTime: isDone ? '2026-03-02T09:30:00Z' : null,
        createdDateTime,
        hasDescription: false,
        orderHint: '8586',
        percentComplete: isDone ? 100 : 0,
        planId: plan,
        previewType: 'automatic',
        priority: 5,
        referenceCount: 0,
        title: `Prepare the review with ${member.givenName}`,
      };
    });
  });
}
