import { entityReply } from '../answer.ts';
import { parseEntity } from '../body.ts';
import type { GraphCall } from '../call.ts';
import { toId } from '../collection.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { entityOptions } from '../odata/options.ts';
import { GraphError, type GraphObject, type GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';
import { emptyTask, plannerReads, plansIn, requireIn, taskStore, tasksIn, taskType } from './planner.ts';

const writes = ['Tasks.ReadWrite'];
const paging = { defaultSize: 100, maxSize: 100, by: '$skiptoken' } as const;

const planDetailsType: EntityType = {
  name: 'plannerPlanDetails',
  properties: { id: '', categoryDescriptions: null, sharedWith: null },
  always: [],
  paging,
};

const taskDetailsType: EntityType = {
  name: 'plannerTaskDetails',
  properties: { id: '', checklist: null, description: '', previewType: '', references: null },
  always: [],
  paging,
};

/** Details of plans and tasks, and changes of tasks. Planner wants the version that a change is for. */
export const plannerChangeRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/planner/plans/{plan}/details',
    scopes: plannerReads,
    options: entityOptions,
    handle(call, id = '') {
      const plan = requireIn(plansIn(call), id);
      const details = { '@odata.etag': plan['@odata.etag'], id, categoryDescriptions: {}, sharedWith: {} };
      return entityReply(call, 'planner/plans/details', planDetailsType, details);
    },
  },
  {
    method: 'GET',
    path: '/planner/tasks/{task}/details',
    scopes: plannerReads,
    options: entityOptions,
    handle: (call, id = '') =>
      entityReply(call, 'planner/tasks/details', taskDetailsType, detailsOf(call, id)),
  },
  {
    method: 'PATCH',
    path: '/planner/tasks/{task}/details',
    scopes: writes,
    handle(call, id = '') {
      const before = detailsOf(call, id);
      const details = changed(call, before, parseEntity(taskDetailsType, call.body));
      detailsStore(call).save(details);
      return changeReply(call, taskDetailsType, details);
    },
  },
  { method: 'POST', path: '/planner/tasks', scopes: writes, handle: createTask },
  {
    method: 'PATCH',
    path: '/planner/tasks/{task}',
    scopes: writes,
    handle(call, id = '') {
      const task = changed(call, requireIn(tasksIn(call), id), parseEntity(taskType, call.body));
      const isDone = task['percentComplete'] === 100;
      const completedDateTime = isDone ? (task['completedDateTime'] ?? call.now.toISOString()) : null;
      taskStore(call).save({ ...task, completedDateTime });
      return changeReply(call, taskType, { ...task, completedDateTime });
    },
  },
  {
    method: 'DELETE',
    path: '/planner/tasks/{task}',
    scopes: writes,
    handle(call, id = '') {
      requireVersion(call, requireIn(tasksIn(call), id));
      taskStore(call).remove(id);
      return { status: 204 };
    },
  },
];

const detailsStore = ({ saved, caller }: GraphCall) => saved.of(`${caller.tenantId} planner details`);

function detailsOf(call: GraphCall, id: string): GraphObject {
  const task = requireIn(tasksIn(call), id);
  const given = {
    '@odata.etag': task['@odata.etag'],
    id,
    checklist: {},
    description: '',
    previewType: 'automatic',
    references: {},
  };
  return requireIn(detailsStore(call).apply([given]), id);
}

function createTask(call: GraphCall): GraphReply {
  const body = parseEntity(taskType, call.body);
  const { planId, title } = body;
  if (typeof planId !== 'string' || typeof title !== 'string')
    throw new GraphError(400, 'BadRequest', "A task needs a 'planId' and a 'title'.");
  requireIn(plansIn(call), planId);
  const id = toId(`task ${call.saved.version()} ${call.saved.run}`).slice(4, 32);
  const task = { ...emptyTask(), ...body, createdDateTime: call.now.toISOString(), id };
  taskStore(call).create(task);
  return entityReply(call, 'planner/tasks', taskType, task, 201);
}

function changed(call: GraphCall, before: GraphObject, body: GraphObject): GraphObject {
  requireVersion(call, before);
  const version = Buffer.from(`${call.saved.run} ${call.saved.version()}`).toString('base64');
  return { ...before, ...body, id: before['id'], '@odata.etag': `W/"${version}"` };
}

function requireVersion({ headers }: GraphCall, before: GraphObject): void {
  const expected = headers.get('if-match');
  if (expected === undefined)
    throw new GraphError(400, 'BadRequest', 'The If-Match header must be specified.');
  if (expected !== before['@odata.etag'])
    throw new GraphError(
      412,
      'PreconditionFailed',
      'The If-Match header contains a version that is not the current one.',
    );
}

function changeReply(call: GraphCall, type: EntityType, entity: GraphObject): GraphReply {
  const wantsEntity = /\breturn=representation\b/i.test(call.headers.get('prefer') ?? '');
  return wantsEntity ? entityReply(call, `planner/${type.name}`, type, entity) : { status: 204 };
}
