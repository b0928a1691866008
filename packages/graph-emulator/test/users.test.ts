import { demoClient, demoDirectory, demoUsers, objectIdIn } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import { startTestEmulator } from '@entra-bff/entra-emulator/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GraphEmulator, startGraphEmulator } from '../src/emulator.ts';
import { callAs } from './caller.ts';

const { alice, ben, gus } = demoUsers;
const inContoso = demoDirectory.users.filter((user) => objectIdIn(user, demoClient.tenantId) !== undefined);
const guestName = 'gus_fabrikam.example#EXT#@contoso.example';

let entra: EntraEmulator;
let graph: GraphEmulator;

beforeAll(async () => {
  const named = { ...ben, name: "Ben O'Brown" };
  const directory = {
    ...demoDirectory,
    users: demoDirectory.users.map((user) => (user.id === ben.id ? named : user)),
  };
  entra = await startTestEmulator({ directory });
  graph = await startGraphEmulator({ directory, entra });
});
afterAll(() => Promise.all([entra.close(), graph.close()]));

function get(path: string, scopes = 'User.ReadBasic.All') {
  return callAs({ entra, graph }, alice, scopes, `GET ${path}`);
}
async function find(expression: string) {
  const { body } = await get(`/users?$select=displayName&$filter=${encodeURIComponent(expression)}`);
  return body;
}
const named = (...names: string[]) => ({ value: names.map((displayName) => ({ displayName })) });

describe('users', () => {
  it.each(inContoso.map((user) => [user.givenName, user] as const))(
    '%s is found by object id and by address',
    async (_name, user) => {
      const id = objectIdIn(user, demoClient.tenantId);
      expect(await get(`/users/${id}?$select=id,mail`)).toMatchObject({
        status: 200,
        body: { id, mail: user.mail },
      });
      const quoted = user.mail.toUpperCase().replaceAll("'", "''");
      expect(await get(`/users?$select=id&$filter=mail%20eq%20'${quoted}'`)).toMatchObject({
        status: 200,
        body: { value: [{ id }] },
      });
    },
  );

  it('are found by principal name, which differs from the address for a guest', async () => {
    expect((await get(`/users/${ben.username}`)).status).toBe(200);
    const { body } = await get(`/users/${encodeURIComponent(guestName)}`);
    expect(body).toMatchObject({ mail: gus.mail, userPrincipalName: guestName });
    expect((await get(`/users/${gus.username}`)).status).toBe(404);
  });

  it.each([
    [`mail eq '${alice.mail}' or userPrincipalName eq '${ben.username}'`, ['Alice Adams', "Ben O'Brown"]],
    ["startswith(displayName,'al')", ['Alice Adams']],
    ["displayName eq 'Ben O''Brown'", ["Ben O'Brown"]],
    ["startswith(displayName, 'Ben O''') and (jobTitle eq 'x' or surname eq 'brown')", ["Ben O'Brown"]],
    [`userPrincipalName eq '${guestName}'`, ['Gus Guest']],
    ["mail eq 'unknown@contoso.example'", []],
  ])('are filtered: %s', async (expression, names) => {
    expect(await find(expression)).toMatchObject(named(...names));
  });

  it('have their basic properties only, unless the app may read full profiles', async () => {
    const path = `/users/${ben.id}?$select=displayName,mail,jobTitle,businessPhones,userType`;
    const basic = { displayName: "Ben O'Brown", mail: ben.mail };
    expect((await get(path)).body).toMatchObject({
      ...basic,
      jobTitle: null,
      businessPhones: [],
      userType: null,
    });
    const { jobTitle, businessPhones } = ben;
    const full = { ...basic, jobTitle, businessPhones, userType: 'Member' };
    expect((await get(path, 'User.Read.All')).body).toMatchObject(full);
    expect((await get('/me?$select=jobTitle', 'User.Read')).body).toMatchObject({ jobTitle: alice.jobTitle });
  });

  it('have a manager that an app expands only with the permission to read full profiles', async () => {
    const path = `/users/${ben.id}?$select=displayName&$expand=manager($select=displayName)`;
    expect((await get(path)).status).toBe(403);
    expect((await get(path, 'User.Read.All')).body).toMatchObject({ manager: { displayName: alice.name } });
  });

  it('are filtered before they are paged', async () => {
    const filter = encodeURIComponent(`mail eq '${alice.mail}' or mail eq '${gus.mail}'`);
    const first = await get(`/users?$select=displayName&$top=1&$filter=${filter}`);
    expect(first.body).toMatchObject(named('Alice Adams'));
    expect(first.body).toHaveProperty('@odata.nextLink');
  });

  describe('refuses', () => {
    it('a caller without the permission', async () => {
      for (const path of ['/users', `/users/${ben.id}`])
        expect(await get(path, 'User.Read')).toMatchObject({
          status: 403,
          body: { error: { code: 'Authorization_RequestDenied' } },
        });
    });

    it.each(['unknown@contoso.example', demoUsers.fay.id, gus.id])(
      'a user who is not in the tenant: %s',
      async (key) => {
        expect(await get(`/users/${key}`)).toMatchObject({
          status: 404,
          body: { error: { code: 'Request_ResourceNotFound' } },
        });
      },
    );

    it.each([
      "mail eq 'it's'",
      "mail eq 'open",
      'mail eq',
      '',
      "mail eq 'a' or",
      "mail eq 'a' mail eq 'b'",
      "mail ne 'a'",
      "(mail eq 'a'",
      "startswith(mail 'a')",
      'mail eq mail',
      "password eq 'x'",
      "__proto__ eq 'x'",
    ])('the filter %s', async (expression) => {
      expect((await get(`/users?$filter=${encodeURIComponent(expression)}`)).status).toBe(400);
    });
  });
});

describe('checkMemberObjects', () => {
  const check = (ids: unknown, user: Parameters<typeof callAs>[1] = alice, scopes = 'User.Read') =>
    callAs({ entra, graph }, user, scopes, 'POST /me/checkMemberObjects', { ids });
  const [everyone = '', engineering = ''] = alice.groups.map(({ id }) => id);
  const globalAdministrator = '62e90394-69f5-4237-9190-012177145e10';

  it('returns the ids of the user’s groups and directory roles', async () => {
    const ids = [everyone, engineering, globalAdministrator, '00000000-0000-0000-0000-000000000000'];
    expect((await check(ids)).body).toMatchObject({ value: ids.slice(0, 3) });
    expect((await check(ids, ben)).body).toMatchObject({ value: [everyone] });
    expect((await check(ids, gus)).body).toMatchObject({ value: [] });
  });

  it('accepts 20 ids', async () => {
    expect((await check(Array.from({ length: 20 }, () => everyone))).status).toBe(200);
  });

  it.each([
    ['21 ids', Array.from({ length: 21 }, () => everyone)],
    ['no ids', undefined],
    ['an id that is no text', [7]],
  ])('refuses %s', async (_what, ids) => {
    expect((await check(ids)).status).toBe(400);
  });

  it('refuses an app without the permission', async () => {
    expect((await check([everyone], alice, 'Mail.Read')).status).toBe(403);
  });
});
