import { demoClient, demoDirectory, demoUsers, graphResourceId } from '@entra-bff/directory';
import { type EntraEmulator, startEntraEmulator } from '@entra-bff/entra-emulator';
import { type GraphEmulator, startGraphEmulator } from '@entra-bff/graph-emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readGraphPolicy } from '../../src/shared/config/policies.ts';

const policy = readGraphPolicy(undefined);
const everyScope = [...new Set(policy.rules.flatMap(({ scopes }) => scopes))].join(' ');
const window = 'startDateTime=2026-01-01T00:00:00Z&endDateTime=2036-01-01T00:00:00Z';

/** Where the value of a parameter comes from: the first item of a list, or a new item of it. */
interface Source {
  readonly list: string;
  /** The body that makes a new item. */
  readonly made?: object;
}

const period = {
  start: { dateTime: '2026-01-01T00:00:00', timeZone: 'UTC' },
  end: { dateTime: '2026-01-01T02:00:00', timeZone: 'UTC' },
};

const sources: Readonly<Record<string, Source>> = {
  '/me/messages/{id}': { list: '/me/messages', made: { subject: 'New' } },
  '/me/messages/{id}/attachments/{attachment}': {
    list: '/me/messages/{id}/attachments',
    made: { '@odata.type': '#microsoft.graph.fileAttachment', name: 'a.txt', contentBytes: 'YQ==' },
  },
  '/me/mailFolders/{folder}': { list: '/me/mailFolders' },
  '/me/calendars/{calendar}': { list: '/me/calendars' },
  '/me/events/{id}': { list: '/me/events', made: { subject: 'New', ...period } },
  '/me/contacts/{id}': { list: '/me/contacts', made: { givenName: 'New' } },
  '/drives/{drive}': { list: '/me/drives' },
  '/groups/{id}': { list: '/groups' },
  '/me/todo/lists/{list}': { list: '/me/todo/lists', made: { displayName: 'New' } },
  '/me/todo/lists/{list}/tasks/{id}': { list: '/me/todo/lists/{list}/tasks', made: { title: 'New' } },
  '/me/todo/lists/{list}/tasks/{id}/checklistItems/{item}': {
    list: '/me/todo/lists/{list}/tasks/{id}/checklistItems',
    made: { displayName: 'New' },
  },
};

const queries: Readonly<Record<string, string>> = {
  '/v1.0/me/calendarView': window,
  '/v1.0/users': '$select=id,displayName&$top=2',
  '/v1.0/users/{id}': '$select=displayName',
  '/v1.0/me/people': '$select=id,displayName',
  '/v1.0/groups/{id}/members': '$select=id,displayName',
  '/v1.0/groups/{id}/members/microsoft.graph.user': '$select=id,displayName',
  '/v1.0/me/directReports': '$select=id,displayName',
  '/v1.0/me/calendar/calendarView': window,
  '/v1.0/me/calendars/{calendar}/calendarView': window,
  '/v1.0/me/calendarView/delta': window,
  '/v1.0/me/calendar/calendarView/delta': window,
  '/v1.0/me/calendars/{calendar}/calendarView/delta': window,
  '/v1.0/me/events/{id}/instances': window,
};

/** What each call sends, by the end of its path. */
const bodies: Readonly<Record<string, object>> = {
  '/me/sendMail': { message: { subject: 'Hello' } },
  '/messages/{id}/move': { destinationId: 'archive' },
  '/messages/{id}/copy': { destinationId: 'archive' },
  '/messages/{id}/attachments': sources['/me/messages/{id}/attachments/{attachment}']?.made ?? {},
  '/me/calendar/getSchedule': {
    schedules: ['ben@contoso.example'],
    startTime: period.start,
    endTime: period.end,
  },
  '/me/messages': { subject: 'New' },
  '/events': { subject: 'New', ...period },
  '/me/contacts': { givenName: 'New' },
  '/todo/lists': { displayName: 'New' },
  '/tasks': { title: 'New' },
  '/checklistItems': { displayName: 'New' },
  '/children': { name: 'New folder', folder: {}, '@microsoft.graph.conflictBehavior': 'rename' },
};

function bodyOf(method: string, template: string): object | string | undefined {
  if (method === 'PUT') return 'content';
  if (!['POST', 'PATCH'].includes(method)) return undefined;
  const [, body = {}] =
    Object.entries(bodies).find(([end]) => method === 'POST' && template.endsWith(end)) ?? [];
  return body;
}

let entra: EntraEmulator;
let graph: GraphEmulator;

beforeAll(async () => {
  entra = await startEntraEmulator({ directory: demoDirectory });
  graph = await startGraphEmulator({ directory: demoDirectory, entra });
});
afterAll(() => Promise.all([entra.close(), graph.close()]));

async function send(method: string, pathAndQuery: string, scopes: string, body?: object | string) {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const { tenantId } = demoClient;
  const token = await entra.signIdToken({
    aud: graphResourceId,
    iss: `${entra.origin}/${tenantId}/v2.0`,
    tid: tenantId,
    oid: demoUsers.alice.id,
    scp: scopes,
    exp: nowSeconds + 600,
  });
  const response = await fetch(`${graph.origin}${pathAndQuery}`, {
    method,
    headers: { authorization: `Bearer ${token}`, consistencylevel: 'eventual' },
    // The content of a file is a redirect to an address that needs no token.
    redirect: 'manual',
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer: { id?: string; value?: { id: string; isOrganizer?: boolean }[] } = text.startsWith('{')
    ? JSON.parse(text)
    : {};
  return { status: response.status, answer };
}

let filesMade = 0;

/** Makes a file or folder in the root of the user's drive. */
async function makeDriveItem(isFolder: boolean): Promise<{ readonly id: string; readonly name: string }> {
  filesMade++;
  const name = isFolder ? `Folder ${filesMade}` : `File ${filesMade}.txt`;
  const made = isFolder
    ? await send('POST', '/v1.0/me/drive/root/children', everyScope, { name, folder: {} })
    : await send('PUT', `/v1.0/me/drive/root:/${name}:/content`, everyScope, 'content');
  return { id: made.answer.id ?? 'none', name };
}

/** Replaces the parameters for files by the id or the path of files that exist. */
async function fillFiles(template: string): Promise<string> {
  let path = template.replace(/^(.*root\/delta)\(.*\)$/, "$1(token='latest')");
  if (/\/items\/\{id\}/.test(path)) {
    const isFolder = /\/items\/\{id\}(?::|\/children)/.test(path);
    path = path.replace('{id}', (await makeDriveItem(isFolder)).id).replace('{file}', 'New.txt');
  }
  if (!path.includes('root:')) return path;
  const folder = await makeDriveItem(true);
  const inner = await send('POST', `/v1.0/me/drive/items/${folder.id}/children`, everyScope, {
    name: 'Inner',
    folder: {},
  });
  expect(inner.status).toBe(201);
  await send('PUT', `/v1.0/me/drive/root:/${folder.name}/A.txt:/content`, everyScope, 'content');
  return path
    .replace('{parent}/{folder}', `${folder.name}/Inner`)
    .replace('{folder}', folder.name)
    .replace('/{file}', path.includes('{folder}') ? '/A.txt' : `/${(await makeDriveItem(false)).name}`)
    .replaceAll(' ', '%20');
}

/** The invitation of another user. No organizer can respond to their own event. */
async function fillInvitation(template: string): Promise<string> {
  const { answer } = await send('GET', '/v1.0/me/events?$top=50', everyScope);
  return template.replace('{id}', answer.value?.find(({ isOrganizer }) => !isOrganizer)?.id ?? 'none');
}

/** Replaces the parameters of a template by values that exist. */
async function fill(template: string): Promise<string> {
  if (/\/events\/\{id\}\/(?:accept|decline|tentativelyAccept)$/.test(template))
    return fillInvitation(template);
  let path = (await fillFiles(template))
    .replace("'{start}'", "'2026-01-01T00:00:00Z'")
    .replace("'{end}'", "'2036-01-01T00:00:00Z'")
    .replace("'{words}'", "'pack'")
    .replace('{size}', '240x240')
    .replace('/users/{id}', `/users/${demoUsers.ben.id}`);
  for (const [shape, { list, made }] of Object.entries(sources)) {
    const prefix = `/v1.0${shape}`;
    if (template !== prefix && !template.startsWith(`${prefix}/`)) continue;
    // A list with parameters is the beginning of the path, which has their values already.
    const parts = list.split('/').length;
    const filled = list.includes('{')
      ? path
          .split('/')
          .slice(0, parts + 1)
          .join('/')
      : `/v1.0${list}`;
    const answer =
      made === undefined
        ? (await send('GET', filled, everyScope)).answer.value?.[0]
        : (await send('POST', filled, everyScope, made)).answer;
    path = path.replace(shape.slice(shape.lastIndexOf('{')), answer?.id ?? 'none');
  }
  return path;
}

describe('every call of the shipped policy', () => {
  const calls = policy.rules.flatMap(({ methods, template, scopes }) =>
    methods.map((method) => ({
      name: `${method} ${template.text}`,
      method,
      template: template.text,
      scopes,
    })),
  );

  it.each(calls)('$name is allowed, and succeeds with the permission of its rule', async (call) => {
    const { method, template, scopes } = call;
    const path = await fill(template);
    const query = queries[template] ?? '';
    expect(policy.match({ method, path, query })).toMatchObject({
      kind: 'allowed',
      call: { rule: { scopes } },
    });
    const { status } = await send(method, `${path}?${query}`, scopes.join(' '), bodyOf(method, template));
    expect(status, path).toBeGreaterThanOrEqual(200);
    expect(status, path).toBeLessThan(303);
  });

  it.each(calls)('$name is refused by Graph without that permission', async ({ method, template }) => {
    const target = `${await fill(template)}?${queries[template] ?? ''}`;
    const { status } = await send(method, target, 'Nothing.Read');
    expect(status).toBe(403);
  });
});

describe('an item that a caller creates', () => {
  const tasksOf = async (list: string) => (await send('GET', list, 'Tasks.Read')).answer.value ?? [];

  it('can be read, changed and deleted', async () => {
    const list = await fill('/v1.0/me/todo/lists/{list}/tasks');
    const tasks = await tasksOf(list);
    const made = await send('POST', list, 'Tasks.ReadWrite', { title: 'Water the plants' });
    expect(made).toMatchObject({ status: 201, answer: { title: 'Water the plants', status: 'notStarted' } });
    const one = `${list}/${made.answer.id}`;
    expect(await tasksOf(list)).toHaveLength(tasks.length + 1);
    await send('PATCH', one, 'Tasks.ReadWrite', { status: 'completed' });
    expect((await send('GET', one, 'Tasks.Read')).answer).toMatchObject({ status: 'completed' });
    expect((await send('DELETE', one, 'Tasks.ReadWrite')).status).toBe(204);
    expect((await send('GET', one, 'Tasks.Read')).status).toBe(404);
    expect(await tasksOf(list)).toHaveLength(tasks.length);
  });
});
