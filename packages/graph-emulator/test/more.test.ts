import { demoDirectory, demoUsers } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import { startTestEmulator } from '@entra-bff/entra-emulator/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GraphEmulator, startGraphEmulator } from '../src/emulator.ts';
import { callerOf } from './caller.ts';

const scopes =
  'User.Read User.Read.All Presence.ReadWrite Presence.Read.All Team.ReadBasic.All Channel.ReadBasic.All Chat.Read Tasks.ReadWrite Sites.Read.All Mail.Read Files.Read GroupMember.Read.All MailboxSettings.Read';
const { alice, ben, mia, siobhan } = demoUsers;
let entra: EntraEmulator;
let graph: GraphEmulator;
let call: ReturnType<typeof callerOf>;

beforeEach(async () => {
  entra = await startTestEmulator({ directory: demoDirectory });
  graph = await startGraphEmulator({ directory: demoDirectory, entra });
  call = callerOf({ entra, graph }, alice, scopes);
});
afterEach(() => Promise.all([entra.close(), graph.close()]));

const namesOf = async (path: string) =>
  (await call(`GET ${path}`)).body.value?.map(({ displayName, title }) => displayName ?? title);

describe('relations of users', () => {
  it('are managers, reports and memberships', async () => {
    expect((await call(`GET /users/${ben.id}/manager?$select=displayName`)).body).toMatchObject({
      displayName: 'Alice Adams',
    });
    expect(await namesOf('/me/directReports')).toEqual(['Ben Brown']);
    expect(await namesOf(`/users/${ben.id}/directReports`)).toEqual(["Siobhán O'Brien"]);
    expect(await namesOf(`/users/${ben.id}/memberOf/microsoft.graph.group`)).toEqual([
      'All of Contoso',
      'Sales',
    ]);
    expect(await namesOf('/me/transitiveMemberOf')).toEqual([
      'All of Contoso',
      'Engineering',
      'Global Administrator',
    ]);
    expect((await call('GET /me/manager')).status).toBe(404);
  });

  it('are members of groups, filtered and cast to users', async () => {
    const sales = ben.groups[1]?.id;
    const members = `/groups/${sales}/members/microsoft.graph.user`;
    expect(await namesOf(`${members}?$filter=startswith(displayName,'Siob')`)).toEqual(["Siobhán O'Brien"]);
    expect(await namesOf(`/groups/${sales}/transitiveMembers`)).toEqual(['Ben Brown', "Siobhán O'Brien"]);
  });

  it('are found under names with quotes and number signs', async () => {
    for (const path of [
      `/users/${siobhan.username}`,
      `/users('${siobhan.username.replaceAll("'", "''")}')`,
      '/users/gus_fabrikam.example%23EXT%23@contoso.example',
    ])
      expect((await call(`GET ${path}`)).status, path).toBe(200);
  });

  it('of the caller are the same under /me and under /users', async () => {
    expect((await call(`GET /users/${alice.id}/messages?$top=1`)).body.value).toHaveLength(1);
    expect((await call(`GET /users('${alice.id}')/drive/root`)).status).toBe(200);
    expect((await call(`GET /users/${ben.id}/messages`)).status).toBe(501);
  });
});

describe('presence', () => {
  it('is read for one user, for another, and for many', async () => {
    const own = await call('GET /me/presence');
    expect(own.body).toMatchObject({
      id: alice.id,
      availability: expect.any(String),
      activity: expect.any(String),
    });
    expect((await call(`GET /users/${ben.id}/presence`)).body.id).toBe(ben.id);
    expect((await call(`GET /communications/presences/${ben.id}`)).body.id).toBe(ben.id);
    const many = await call('POST /communications/getPresencesByUserId', { Ids: [alice.id, mia.id] });
    expect(many.body.value?.map(({ id }) => id)).toEqual([alice.id, mia.id]);
  });

  it('can be set and cleared by the user', async () => {
    const before = (await call('GET /me/presence')).body['availability'];
    const set = { availability: 'DoNotDisturb', activity: 'DoNotDisturb', expirationDuration: 'PT1H' };
    await call('POST /me/presence/setUserPreferredPresence', set);
    expect((await call('GET /me/presence')).body['availability']).toBe('DoNotDisturb');
    await call('POST /me/presence/clearUserPreferredPresence');
    expect((await call('GET /me/presence')).body['availability']).toBe(before);
  });
});

describe('teams, chats and plans', () => {
  it('are those of the user', async () => {
    expect(await namesOf('/me/joinedTeams')).toEqual(['Engineering']);
    const team = `/teams/${alice.groups[1]?.id}`;
    expect((await call(`GET ${team}`)).body['displayName']).toBe('Engineering');
    const channels = (await call(`GET ${team}/channels`)).body.value ?? [];
    expect(channels.map(({ displayName }) => displayName)).toEqual(['General', 'Announcements']);
    expect((await call(`GET ${team}/channels/${channels[1]?.id}`)).body['displayName']).toBe('Announcements');
    expect((await call(`GET ${team}/channels/${channels[1]?.id}/messages`)).status).toBe(501);
  });

  it('have members and messages', async () => {
    const chats = (await call('GET /me/chats?$expand=members,lastMessagePreview')).body.value ?? [];
    expect(chats).toHaveLength(4);
    expect(chats[0]).toMatchObject({
      members: [{ displayName: 'Alice Adams' }, { displayName: 'Ben Brown' }],
      lastMessagePreview: { body: { content: 'Yes, after lunch.' } },
    });
    const messages = (await call(`GET /chats/${chats[0]?.id}/messages`)).body.value ?? [];
    expect(messages).toHaveLength(2);
    const one = await call(`GET /chats/${chats[0]?.id}/messages/${messages[1]?.id}`);
    expect(one.body).toMatchObject({ body: messages[1]?.['body'] });
  });

  it('have tasks that are assigned to the user', async () => {
    const [task] = (await call('GET /me/planner/tasks')).body.value ?? [];
    expect(task).toMatchObject({ title: 'Prepare the review with Alice', percentComplete: 0 });
    const plan = `/planner/plans/${task?.['planId']}`;
    expect((await call(`GET ${plan}`)).body['title']).toBe('Work of Engineering');
    expect((await call(`GET ${plan}/buckets`)).body.value).toHaveLength(2);
    expect((await call(`GET ${plan}/tasks`)).body.value).toHaveLength(2);
    expect((await call(`GET /planner/tasks/${task?.id}`)).body).toMatchObject({ id: task?.id });
  });

  it('have tasks that are created, changed and deleted with the version that a change is for', async () => {
    const planId = (await call('GET /me/planner/plans')).body.value?.[0]?.id;
    const made = await call('POST /planner/tasks', { PlanId: planId, title: 'Pack' });
    const task = `/planner/tasks/${made.body.id}`;
    const match = { 'If-Match': String(made.body['@odata.etag']) };
    expect((await call(`PATCH ${task}`, { percentComplete: 100 })).status).toBe(400);
    expect((await call(`PATCH ${task}`, { percentComplete: 100 }, match)).status).toBe(204);
    expect((await call(`PATCH ${task}`, { percentComplete: 0 }, match)).status).toBe(412);
    const { body } = await call(`GET ${task}`);
    expect(body).toMatchObject({
      title: 'Pack',
      percentComplete: 100,
      completedDateTime: expect.any(String),
    });
    const current = { 'If-Match': String((await call(`GET ${task}/details`)).body['@odata.etag']) };
    const represented = { ...current, Prefer: 'return=representation' };
    const details = await call(`PATCH ${task}/details`, { description: 'Bags' }, represented);
    expect(details.body).toMatchObject({ description: 'Bags' });
    const version = { 'If-Match': String((await call(`GET ${task}`)).body['@odata.etag']) };
    expect((await call(`DELETE ${task}`, undefined, version)).status).toBe(204);
    expect((await call(`GET ${task}`)).status).toBe(404);
    expect((await call(`GET /planner/plans/${planId}/details`)).status).toBe(200);
  });
});

describe('a search of everything', () => {
  const search = (request: object) => call('POST /search/query', { requests: [request] });
  const hitsIn = (body: unknown): unknown[] => {
    const [response] = Reflect.get(Object(body), 'value');
    return response.hitsContainers;
  };

  it('finds messages and files', async () => {
    const found = await search({
      entityTypes: ['message'],
      query: { queryString: 'subject:invoice' },
      size: 2,
    });
    expect(hitsIn(found.body)).toMatchObject([
      {
        total: 5,
        moreResultsAvailable: true,
        hits: [{ rank: 1, resource: { '@odata.type': '#microsoft.graph.message' } }, {}],
      },
    ]);
    const files = await search({
      entityTypes: ['driveItem'],
      query: { queryString: 'oslo' },
      fields: ['name'],
    });
    expect(hitsIn(files.body)).toMatchObject([
      { total: 1, hits: [{ resource: { name: 'Notes for Oslo.txt' } }] },
    ]);
  });

  it.each([
    ['another type', { entityTypes: ['listItem'], query: { queryString: 'x' } }, 501, 'listItem'],
    [
      'an option that is not emulated',
      { entityTypes: ['message'], query: { queryString: 'x' }, aggregations: [] },
      501,
      'aggregations',
    ],
    [
      'an operator that is not emulated',
      { entityTypes: ['driveItem'], query: { queryString: 'filetype:docx' } },
      501,
      'filetype:docx',
    ],
    ['no text', { entityTypes: ['message'], query: {} }, 400, 'queryString'],
    [
      'a type without its permission',
      { entityTypes: ['event'], query: { queryString: 'x' } },
      403,
      'privileges',
    ],
  ])('refuses and names %s', async (_what, request, status, part) => {
    const refused = await search(request);
    expect([refused.status, refused.body.error?.message]).toEqual([status, expect.stringContaining(part)]);
  });
});

describe('sites, insights and settings', () => {
  it('can be read', async () => {
    expect(await namesOf('/sites?search=engi')).toEqual(['Engineering']);
    expect((await call('GET /sites/root')).body).toMatchObject({
      displayName: 'Communication site',
      root: {},
    });
    expect((await call('GET /sites/root/lists')).status).toBe(501);
    const used = (await call('GET /me/insights/used')).body.value ?? [];
    expect(used.map(({ resourceVisualization }) => resourceVisualization)).toMatchObject([
      { title: 'Budget' },
      { title: 'Notes for Oslo' },
    ]);
    expect((await call('GET /me/mailboxSettings?$select=timeZone')).body).toMatchObject({ timeZone: 'UTC' });
    expect((await call('GET /organization?$select=displayName')).body.value).toEqual([
      { displayName: 'Contoso' },
    ]);
    expect(await namesOf('/me/outlook/masterCategories')).toEqual(['Red category', 'Blue category']);
  });
});

describe('refuses', () => {
  it('what it does not emulate, with 501: methods, versions and areas', async () => {
    for (const what of [
      'PATCH /me',
      'PUT /me/photo/$value',
      'POST /users',
      'DELETE /groups/x',
      `GET ${graph.origin}/beta/me/profile`,
      'GET /me/messages/x/extensions',
      'GET /me/drive/special/documents',
      'POST /subscriptions',
    ]) {
      const { status, body } = await call(
        what,
        what.startsWith('GET') || what.startsWith('DELETE') ? undefined : {},
      );
      expect([status, body.error?.code, body.error?.message], what).toEqual([
        501,
        'NotImplemented',
        expect.stringContaining('does not emulate'),
      ]);
    }
  });

  it('calls without the permission', async () => {
    const without = callerOf({ entra, graph }, alice, 'User.Read');
    for (const path of [
      '/me/presence',
      '/me/joinedTeams',
      '/me/chats',
      '/me/planner/tasks',
      '/sites/root',
      '/me/insights/used',
      '/me/manager',
    ])
      expect((await without(`GET ${path}`)).status, path).toBe(403);
  });
});
