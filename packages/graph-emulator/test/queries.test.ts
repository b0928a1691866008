import { demoDirectory, demoUsers } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import { startTestEmulator } from '@entra-bff/entra-emulator/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GraphEmulator, startGraphEmulator } from '../src/emulator.ts';
import { callerOf, readAll } from './caller.ts';

const scopes =
  'User.Read.All Mail.ReadWrite Group.Read.All GroupMember.Read.All Directory.Read.All Tasks.ReadWrite';
const eventual = { ConsistencyLevel: 'eventual' };
let entra: EntraEmulator;
let graph: GraphEmulator;
let alice: ReturnType<typeof callerOf>;

beforeAll(async () => {
  entra = await startTestEmulator({ directory: demoDirectory });
  graph = await startGraphEmulator({ directory: demoDirectory, entra });
  alice = callerOf({ entra, graph }, demoUsers.alice, scopes);
});
afterAll(() => Promise.all([entra.close(), graph.close()]));

const get = (path: string, headers = {}) => alice(`GET ${path}`, undefined, headers);
const names = async (path: string, headers = {}) =>
  (await get(path, headers)).body.value?.map(({ displayName }) => displayName);

describe('a query', () => {
  it('has its options and paths in any letter case, and returns Graph’s names', async () => {
    const { body } = await get("/Users?$Select=DISPLAYNAME,id&$FILTER=StartsWith(displayname,'alice')");
    expect(body.value).toEqual([{ displayName: 'Alice Adams', id: demoUsers.alice.id }]);
    expect(body['@odata.context']).toBe(`${graph.origin}/v1.0/$metadata#users(displayName,id)`);
  });

  it('works in beta too', async () => {
    const { body } = await get(`${graph.origin}/beta/me?$select=displayName`);
    expect(body).toEqual({
      '@odata.context': `${graph.origin}/beta/$metadata#users(displayName)/$entity`,
      displayName: 'Alice Adams',
    });
  });

  it('finds the messages that its filter names', async () => {
    const all = await readAll(alice, '/me/messages');
    const unread = await readAll(alice, '/me/messages?$filter=isRead eq false&$select=isRead,subject');
    expect([all.items.length, unread.items.length]).toEqual([35, 4]);
    const from = "from/emailAddress/address eq 'ravi.rao@contoso.example'";
    for (const { from: sender } of (await readAll(alice, `/me/messages?$filter=${from}`)).items)
      expect(sender).toMatchObject({ emailAddress: { name: 'Ravi Rao' } });
  });

  it('searches messages, and pages what it found by a token', async () => {
    const { items } = await readAll(alice, '/me/messages?$search="subject:invoice"&$top=2&$select=subject');
    expect(items).toHaveLength(5);
    for (const { subject } of items) expect(subject).toMatch(/invoice/);
  });

  it('orders by several properties', async () => {
    const path = '/me/messages?$top=35&$select=importance,subject&$orderby=importance desc,subject';
    const subjects = (await get(path)).body.value?.map(({ subject }) => String(subject).toLowerCase());
    expect(subjects).toEqual(subjects?.toSorted());
    expect(subjects).toHaveLength(35);
  });

  it('expands what belongs to an entity, with its own options', async () => {
    const expanded = await get(
      '/me/messages?$filter=hasAttachments eq true&$top=1&$select=id&$expand=attachments($select=id,name)',
    );
    expect(expanded.body.value?.[0]?.['attachments']).toEqual([
      { '@odata.type': '#microsoft.graph.fileAttachment', id: expect.any(String), name: 'tickets.txt' },
    ]);
    const ben = await get(
      `/users/${demoUsers.ben.id}?$select=displayName&$expand=manager($select=displayName)`,
    );
    expect(ben.body).toMatchObject({ displayName: 'Ben Brown', manager: { displayName: 'Alice Adams' } });
  });

  it('expands managers of managers with $levels', async () => {
    const manager = async (levels: string) => {
      const { status, body } = await get(
        `/users/${demoUsers.siobhan.id}?$select=displayName&$expand=manager($levels=${levels};$select=displayName)&$count=true`,
        eventual,
      );
      return status === 200 ? body['manager'] : status;
    };
    const ben = { displayName: 'Ben Brown' };
    const withAlice = { ...ben, manager: { displayName: 'Alice Adams' } };
    expect(await manager('1')).toMatchObject(ben);
    expect(await manager('1')).not.toHaveProperty('manager');
    for (const levels of ['2', 'max']) expect(await manager(levels)).toMatchObject(withAlice);
    expect(await manager('0')).toBe(400);
  });

  it('counts, in a list and alone as text', async () => {
    const counted = await get('/me/messages?$count=true&$top=1');
    expect(counted.body['@odata.count']).toBe(35);
    const alone = await get('/me/mailFolders/inbox/messages/$count?$filter=isRead eq false');
    expect([alone.headers.get('content-type'), alone.body['text']]).toEqual(['text/plain', '4']);
    expect((await get('/users/$count', eventual)).body['text']).toBe('5');
  });

  it('honors the page size that a client prefers', async () => {
    const { body } = await get('/me/messages', { Prefer: 'odata.maxpagesize=3' });
    expect(body.value).toHaveLength(3);
  });

  describe('pages', () => {
    it.each([
      [
        'mail by $skip, in Outlook’s spelling',
        '/me/messages?$top=10&$select=id',
        /\/v1\.0\/me\/messages\?%24top=10&%24select=id&%24skip=10$/,
      ],
      [
        'folders with their key in parentheses',
        '/me/mailFolders/inbox/messages?$top=10',
        /\/me\/mailFolders\('inbox'\)\/messages\?%24top=10&%24skip=10$/,
      ],
      [
        'the directory by a token',
        '/users?$top=2&$select=id',
        /\/v1\.0\/users\?\$top=2&\$select=id&\$skiptoken=[\w-]+$/,
      ],
    ])('%s, to the end', async (_what, path, link) => {
      expect((await get(path)).body['@odata.nextLink']).toMatch(link);
      const { items } = await readAll(alice, path);
      expect(new Set(items.map(({ id }) => id)).size).toBe(path.startsWith('/users') ? 5 : 35);
    });

    it('200 to-do lists by a token', async () => {
      for (let at = 0; at < 200; at++) await alice('POST /me/todo/lists', { displayName: `List ${at}` });
      const { items } = await readAll(alice, '/me/todo/lists');
      expect(new Set(items.map(({ id }) => id)).size).toBe(201);
    });
  });
});

describe('a query of the directory', () => {
  it('can search with the header for eventual consistency', async () => {
    const path = '/users?$select=displayName&$search=';
    expect(await names(`${path}"displayName:bro"`, eventual)).toEqual(['Ben Brown']);
    expect(await names(`${path}"displayName:al" OR "mail:mia"`, eventual)).toEqual([
      'Alice Adams',
      'Mia Moreau',
    ]);
    expect(await get(`${path}"displayName:bro"`)).toMatchObject({
      status: 400,
      body: { error: { code: 'Request_UnsupportedQuery' } },
    });
  });

  it.each(["userType ne 'Guest'", "not(userType eq 'Guest')", "endsWith(mail,'@contoso.example')"])(
    'needs the header and $count for %s',
    async (filter) => {
      const path = `/users?$select=displayName&$filter=${filter}`;
      expect((await get(path)).status).toBe(400);
      expect((await get(path, eventual)).status).toBe(400);
      const members = await names(`${path}&$count=true&$orderby=displayName desc`, eventual);
      expect(members).toEqual(["Siobhán O'Brien", 'Mia Moreau', 'Ben Brown', 'Alice Adams']);
    },
  );

  it('filters users by type, company, state and lists of values', async () => {
    const path = '/users?$select=displayName&$filter=';
    expect(await names(`${path}userType eq 'Guest'`)).toEqual(['Gus Guest']);
    expect(await names(`${path}companyName eq 'Fabrikam'`)).toEqual(['Gus Guest']);
    expect(await names(`${path}accountEnabled eq false`)).toEqual([]);
    expect(await names(`${path}givenName in ('Ben','Mia')`)).toEqual(['Ben Brown', 'Mia Moreau']);
    expect(await names(`${path}surname eq 'O''Brien'`)).toEqual(["Siobhán O'Brien"]);
  });

  it('filters groups by their type', async () => {
    const path = "/groups?$select=displayName&$filter=groupTypes/any(c:c eq 'Unified')";
    expect(await names(path)).toEqual(['Engineering', 'Sales']);
  });

  it('has no number without the header', async () => {
    expect((await get('/users?$count=true')).body).not.toHaveProperty('@odata.count');
    expect((await get('/users?$count=true', eventual)).body['@odata.count']).toBe(5);
  });

  it.each([
    ['contains', "$filter=contains(displayName,'a')"],
    ['a filter with an order', "$filter=startswith(displayName,'a')&$orderby=displayName"],
    ['an order by another property', '$orderby=jobTitle'],
    ['$skip', '$skip=1'],
  ])('refuses %s', async (_what, query) => {
    expect(await get(`/users?${query}`)).toMatchObject({
      status: 400,
      body: { error: { code: 'Request_UnsupportedQuery' } },
    });
  });
});

describe('refuses and names', () => {
  it.each([
    ['an unknown option', '/me/messages?$apply=x', '$apply'],
    ['an option without its dollar sign', '/me/messages?select=id', 'select'],
    ['an option that the path does not have', '/me?$filter=id eq null', '$filter'],
    ['an option twice', '/me/messages?$top=1&$TOP=2', '$TOP'],
    ['an unknown property', '/me/messages?$select=colour', 'colour'],
    ['an unknown property of a user', '/me?$select=shoeSize', 'shoeSize'],
    ['an unknown navigation', '/me/messages?$expand=pages', 'pages'],
    ['a property as a navigation', '/me/messages?$expand=subject', 'navigation'],
    ['an unknown option of a navigation', '/me/messages?$expand=attachments($apply=x)', '$apply'],
    ['a page size that is no number', '/me/messages?$top=many', 'many'],
    ['a page that is too large', '/me/messages?$top=1001', '1001'],
    ['a page token that the emulator did not issue', '/users?$skiptoken=abc', 'abc'],
    ['a search with a filter', '/me/messages?$search="x"&$filter=isRead eq true', '$filter'],
    ['a search with an order', '/me/messages?$search="x"&$orderby=subject', '$orderby'],
    ['a search where there is none', '/me/todo/lists?$search="x"', '$search'],
    ['a count that is neither true nor false', '/me/messages?$count=yes', 'yes'],
    ['an unknown name in a body', '/me/messages', 'colour'],
  ])('%s', async (_what, path, part) => {
    const call = part === 'colour' && !path.includes('?') ? `POST ${path}` : `GET ${path}`;
    const { status, body } = await alice(call, call.startsWith('POST') ? { colour: 'red' } : undefined);
    expect([status, body.error?.message]).toEqual([400, expect.stringContaining(part)]);
  });

  it('an order that the filter does not begin with', async () => {
    const query = '$filter=isRead eq true&$orderby=receivedDateTime';
    expect((await get(`/me/messages?${query}`)).body.error?.code).toBe('InefficientFilter');
    const both =
      '$filter=receivedDateTime ge 2000-01-01T00:00:00Z and isRead eq true&$orderby=receivedDateTime';
    expect((await get(`/me/messages?${both}`)).status).toBe(200);
  });

  it('an area that it does not emulate, with 501', async () => {
    const { status, body } = await get('/me/onenote/notebooks');
    expect([status, body.error?.code]).toEqual([501, 'NotImplemented']);
    expect(body.error?.message).toBe('The emulator does not emulate GET /me/onenote/notebooks.');
    expect((await get('/security/alerts')).status).toBe(501);
  });

  it('a path that Graph does not have, with 404', async () => {
    expect((await get('/me/things/x1')).body.error).toMatchObject({
      code: 'ResourceNotFound',
      message: expect.stringContaining("'things'"),
    });
    expect((await get('/nonsense')).status).toBe(404);
  });

  it.each([
    ['functions where there is a key', 'GET /users/delta'],
    ['changes of single events', 'GET /me/events/delta'],
    ['a number where there is no list', 'GET /me/presence/$count'],
    ['extensions of entities', 'GET /me/messages?$expand=singleValueExtendedProperties($filter=id)'],
    ['extensions in bodies', 'POST /me/messages'],
  ])('%s, with 501', async (_what, call) => {
    const everything = `${scopes} Presence.Read Calendars.Read`;
    const caller = callerOf({ entra, graph }, demoUsers.alice, everything);
    const body = call.startsWith('POST') ? { singleValueExtendedProperties: [] } : undefined;
    expect((await caller(call, body)).body.error?.code).toBe('NotImplemented');
  });

  it('another version', async () => {
    expect((await get(`${graph.origin}/v2.0/me`)).body.error?.message).toContain('v2.0');
  });
});
