import { demoClient, demoDirectory, demoUsers, graphResourceId } from '@entra-bff/directory';
import { type EntraEmulator, startEntraEmulator } from '@entra-bff/entra-emulator';
import { type GraphEmulator, startGraphEmulator } from '@entra-bff/graph-emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readGraphPolicy } from '../../src/shared/config/policies.ts';

const policy = readGraphPolicy(undefined);
const everyScope = [...new Set(policy.rules.flatMap(({ scopes }) => scopes))].join(' ');
const window = 'startDateTime=2026-01-01T00:00:00Z&endDateTime=2036-01-01T00:00:00Z';

/** Lists whose first item replaces a parameter of a template. */
const sources: Readonly<Record<string, string>> = {
  '/me/messages/{id}': '/me/messages',
  '/me/messages/{id}/attachments/{attachment}': '/me/messages/{id}/attachments',
  '/me/mailFolders/{folder}': '/me/mailFolders',
  '/me/events/{id}': '/me/events',
  '/me/contacts/{id}': '/me/contacts',
  '/me/drive/items/{id}': '/me/drive/root/children',
  '/groups/{id}': '/groups',
  '/me/todo/lists/{list}': '/me/todo/lists',
  '/me/todo/lists/{list}/tasks/{id}': '/me/todo/lists/{list}/tasks',
};

const queries: Readonly<Record<string, string>> = {
  '/v1.0/me/calendarView': window,
  '/v1.0/users': '$select=id,displayName&$top=2',
  '/v1.0/users/{id}': '$select=displayName',
  '/v1.0/me/people': '$select=id,displayName',
  '/v1.0/groups/{id}/members': '$select=id,displayName',
};

const bodies: Readonly<Record<string, object>> = {
  '/v1.0/me/sendMail': { message: { subject: 'Hello' } },
  '/v1.0/me/messages/{id}/move': { destinationId: 'archive' },
  '/v1.0/me/calendar/getSchedule': {
    schedules: ['ben@contoso.example'],
    startTime: { dateTime: '2026-01-01T00:00:00', timeZone: 'UTC' },
    endTime: { dateTime: '2026-01-01T02:00:00', timeZone: 'UTC' },
  },
  '/v1.0/me/messages': { subject: 'New' },
  '/v1.0/me/events': {
    subject: 'New',
    start: { dateTime: '2026-01-01T00:00:00', timeZone: 'UTC' },
    end: { dateTime: '2026-01-01T02:00:00', timeZone: 'UTC' },
  },
  '/v1.0/me/contacts': { givenName: 'New' },
  '/v1.0/me/todo/lists': { displayName: 'New' },
  '/v1.0/me/todo/lists/{list}/tasks': { title: 'New' },
};

let entra: EntraEmulator;
let graph: GraphEmulator;

beforeAll(async () => {
  entra = await startEntraEmulator({ directory: demoDirectory });
  graph = await startGraphEmulator({ directory: demoDirectory, entra });
});
afterAll(() => Promise.all([entra.close(), graph.close()]));

async function send(method: string, pathAndQuery: string, scopes: string, body?: object) {
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
    headers: { authorization: `Bearer ${token}` },
    // The content of a file is a redirect to an address that needs no token.
    redirect: 'manual',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer: { id?: string; value?: { id: string; hasAttachments?: boolean }[] } = text.startsWith('{')
    ? JSON.parse(text)
    : {};
  return { status: response.status, answer };
}

/** Replaces the parameters of a template by existing ids. */
async function fill(template: string): Promise<string> {
  let path = template
    .replace("'{start}'", "'2026-01-01T00:00:00Z'")
    .replace("'{end}'", "'2036-01-01T00:00:00Z'");
  path = path.replace("'{words}'", "'pack'").replace('{size}', '240x240');
  path = path.replace('/users/{id}', `/users/${demoUsers.ben.id}`);
  for (const [shape, list] of Object.entries(sources)) {
    const prefix = `/v1.0${shape}`;
    if (path !== prefix && !template.startsWith(`${prefix}/`) && template !== prefix) continue;
    const parameter = shape.slice(shape.lastIndexOf('{'));
    const { answer } = await send('GET', `${await fill(`/v1.0${list}`)}?$top=50`, everyScope);
    const item = answer.value?.find(({ hasAttachments }) => hasAttachments) ?? answer.value?.[0];
    if (!path.includes(parameter)) continue;
    path = path.replace(parameter, item?.id ?? 'none');
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
    const body = method === 'POST' || method === 'PATCH' ? (bodies[template] ?? {}) : undefined;
    const { status } = await send(method, `${path}?${query}`, scopes.join(' '), body);
    expect(status, path).toBeGreaterThanOrEqual(200);
    expect(status, path).toBeLessThan(303);
  });

  it.each(calls)('$name is refused by Graph without that permission', async ({ method, template }) => {
    const target = `${await fill(template)}?${queries[template] ?? ''}`;
    expect((await send(method, target, 'Nothing.Read')).status).toBe(403);
  });
});

describe('an item that a caller creates', () => {
  const tasksOf = async () => {
    const list = await fill('/v1.0/me/todo/lists/{list}/tasks');
    return { list, tasks: (await send('GET', list, 'Tasks.Read')).answer.value ?? [] };
  };

  it('can be read, changed and deleted', async () => {
    const { list, tasks } = await tasksOf();
    const made = await send('POST', list, 'Tasks.ReadWrite', { title: 'Water the plants' });
    expect(made).toMatchObject({ status: 201, answer: { title: 'Water the plants', status: 'notStarted' } });
    const one = `${list}/${made.answer.id}`;
    expect((await tasksOf()).tasks).toHaveLength(tasks.length + 1);
    await send('PATCH', one, 'Tasks.ReadWrite', { status: 'completed' });
    expect((await send('GET', one, 'Tasks.Read')).answer).toMatchObject({ status: 'completed' });
    expect((await send('DELETE', one, 'Tasks.ReadWrite')).status).toBe(204);
    expect((await send('GET', one, 'Tasks.Read')).status).toBe(404);
    expect((await tasksOf()).tasks).toHaveLength(tasks.length);
  });
});
