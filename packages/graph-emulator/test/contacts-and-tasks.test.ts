import { demoDirectory, demoUsers } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import { startTestEmulator } from '@entra-bff/entra-emulator/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GraphEmulator, startGraphEmulator } from '../src/emulator.ts';
import { callerOf, readAll } from './caller.ts';

let entra: EntraEmulator;
let graph: GraphEmulator;
let alice: ReturnType<typeof callerOf>;

beforeEach(async () => {
  entra = await startTestEmulator({ directory: demoDirectory });
  graph = await startGraphEmulator({ directory: demoDirectory, entra });
  alice = callerOf({ entra, graph }, demoUsers.alice, 'Contacts.ReadWrite Tasks.ReadWrite People.Read');
});
afterEach(() => Promise.all([entra.close(), graph.close()]));

const namesOf = async (path: string) =>
  (await alice(`GET ${path}`)).body.value?.map(({ displayName }) => displayName);

describe('a contact', () => {
  const siobhan = {
    givenName: 'Siobhán',
    surname: "O'Brien",
    emailAddresses: [{ address: "s.o'brien@fabrikam.example" }],
  };

  it('that a caller creates is found by filters and searches', async () => {
    expect((await alice('POST /me/contacts', siobhan)).body).toMatchObject({
      displayName: "Siobhán O'Brien",
    });
    for (const query of [
      "$filter=surname eq 'O''Brien'",
      "$filter=emailAddresses/any(a:a/address eq 's.o''brien@fabrikam.example')",
      '$search="o\'brien"',
    ])
      expect(await namesOf(`/me/contacts?$select=displayName&${query}`), query).toEqual(["Siobhán O'Brien"]);
    expect(await namesOf('/me/contacts?$orderby=companyName desc,displayName')).toEqual([
      'Tess Taylor',
      'Yuki Yamada',
      'Ravi Rao',
      "Siobhán O'Brien",
    ]);
  });

  it('is in the changes of contacts', async () => {
    const { items, last } = await readAll(alice, '/me/contacts/delta');
    expect(items).toHaveLength(3);
    const made = await alice('POST /me/contacts', siobhan);
    await alice(`DELETE /me/contacts/${items[0]?.id}`);
    const changes = await alice(`GET ${last.body['@odata.deltaLink']}`);
    expect(changes.body.value).toMatchObject([{ id: made.body.id }, { '@removed': { reason: 'deleted' } }]);
  });

  it('is in the folder of all contacts, whose links have Outlook’s spelling', async () => {
    const folder = '/me/contactFolders/contacts';
    await alice(`POST ${folder}/contacts`, siobhan);
    expect((await alice(`GET ${folder}/contacts/$count`)).body['text']).toBe('4');
    const { body } = await alice(`GET ${folder}/contacts/delta`);
    expect(body['@odata.deltaLink']).toMatch(/\/me\/contactfolders\('[^']+'\)\/contacts\/delta\?/);
    expect((await alice(`GET ${body['@odata.deltaLink']}`)).body.value).toEqual([]);
  });
});

describe('a to-do list', () => {
  it('can be created, renamed and deleted, with tasks and their steps', async () => {
    const list = `/me/todo/lists/${(await alice('POST /me/todo/lists', { displayName: 'Trip' })).body.id}`;
    expect((await alice(`PATCH ${list}`, { displayName: 'Trip to Oslo' })).body).toMatchObject({
      displayName: 'Trip to Oslo',
    });
    const task = `${list}/tasks/${(await alice(`POST ${list}/tasks`, { title: 'Pack' })).body.id}`;
    const step = await alice(`POST ${task}/checklistItems`, { displayName: 'Adapter' });
    await alice(`PATCH ${task}/checklistItems/${step.body.id}`, { isChecked: true });
    expect((await alice(`GET ${task}/checklistItems`)).body.value).toMatchObject([
      { displayName: 'Adapter', isChecked: true },
    ]);
    await alice(`PATCH ${task}`, { status: 'completed' });
    const open = await alice(`GET ${list}/tasks?$filter=status ne 'completed'`);
    const done = await alice(`GET ${list}/tasks?$filter=status eq 'completed'&$count=true`);
    expect([open.body.value, done.body['@odata.count']]).toEqual([[], 1]);
    expect((await alice(`DELETE ${list}`)).status).toBe(204);
    expect((await alice(`GET ${task}`)).status).toBe(404);
  });

  it.each([
    ['a list without a name', '/me/todo/lists', {}],
    ['an unknown property', '/me/todo/lists', { displayName: 'x', colour: 'red' }],
  ])('refuses %s', async (_what, path, body) => {
    expect((await alice(`POST ${path}`, body)).status).toBe(400);
  });
});

describe('changes of to-do lists and tasks', () => {
  it('are returned once', async () => {
    const list = (await alice('GET /me/todo/lists')).body.value?.[0]?.id;
    const lists = await readAll(alice, '/me/todo/lists/delta');
    const tasks = await readAll(alice, `/me/todo/lists/${list}/tasks/delta()`);
    expect([lists.items.length, tasks.items.length]).toEqual([1, 3]);
    const made = await alice(`POST /me/todo/lists/${list}/tasks`, { title: 'Pack' });
    await alice('POST /me/todo/lists', { displayName: 'Trip' });
    expect((await alice(`GET ${tasks.last.body['@odata.deltaLink']}`)).body.value).toMatchObject([
      { id: made.body.id },
    ]);
    expect((await alice(`GET ${lists.last.body['@odata.deltaLink']}`)).body.value).toMatchObject([
      { displayName: 'Trip' },
    ]);
  });
});

describe('people', () => {
  it.each(['"bro"', 'bro', '"ben@contoso"'])('are searched by names and addresses: %s', async (text) => {
    expect(await namesOf(`/me/people?$search=${text}`)).toEqual(['Ben Brown']);
  });

  it('are filtered by their kind', async () => {
    const filter = "personType/class eq 'Person' and personType/subclass eq 'OrganizationUser'";
    expect(await namesOf(`/me/people?$filter=${filter}`)).toHaveLength(4);
    expect(await namesOf("/me/people?$filter=personType/class eq 'Group'")).toEqual([]);
  });
});
