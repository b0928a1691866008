import { demoDirectory, demoUsers } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import { startTestEmulator } from '@entra-bff/entra-emulator/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GraphEmulator, startGraphEmulator } from '../src/emulator.ts';
import { callerOf, readAll, send } from './caller.ts';

const scopes = 'User.Read Files.ReadWrite';
let entra: EntraEmulator;
let graph: GraphEmulator;
let alice: ReturnType<typeof callerOf>;

beforeEach(async () => {
  entra = await startTestEmulator({ directory: demoDirectory });
  graph = await startGraphEmulator({ directory: demoDirectory, entra });
  alice = callerOf({ entra, graph }, demoUsers.alice, scopes);
});
afterEach(() => Promise.all([entra.close(), graph.close()]));

async function put(path: string, text: string, headers = {}) {
  const call = `PUT /me/drive/${path}/content`;
  const response = await send({ entra, graph }, { user: demoUsers.alice, scopes, call, body: text, headers });
  const body: { id: string; name: string; size: number; error?: { code: string } } = await response.json();
  return { status: response.status, body };
}
const read = async (item: unknown) =>
  (await fetch(String(Reflect.get(Object(item), '@microsoft.graph.downloadUrl')))).text();
const contentOf = async (path: string) => {
  const { status, headers } = await alice(`GET ${path}/content`);
  expect(status).toBe(302);
  return (await fetch(headers.get('location') ?? '')).text();
};
const namesIn = async (path: string) =>
  (await alice(`GET ${path}/children`)).body.value?.map(({ name }) => name);
/** A path of names as clients write it. */
const encoded = (path: string) => path.split('/').map(encodeURIComponent).join('/');

describe('the drive', () => {
  it('has a root, which is an item', async () => {
    const { body } = await alice('GET /me/drive/root');
    expect(body).toMatchObject({ name: 'root', root: {}, folder: { childCount: 2 } });
    expect(body['parentReference']).toEqual({ driveType: 'business', driveId: expect.stringMatching(/^b!/) });
    expect((await alice('GET /me/drive/items/root')).body.id).toBe(body.id);
    expect((await alice(`GET /me/drive/items/${body.id}`)).body.id).toBe(body.id);
  });

  it('is the same by its id, as links and newer clients name it', async () => {
    const { id } = (await alice('GET /me/drive')).body;
    for (const drive of [`/drives/${id}`, `/drives('${encodeURIComponent(id ?? '')}')`, `/Drives/${id}`]) {
      expect((await alice(`GET ${drive}`)).body.id).toBe(id);
      expect(await namesIn(`${drive}/root`)).toEqual(['Budget.csv', 'Travel']);
      expect((await alice(`GET ${drive}/root:/Travel/Notes%20for%20Oslo.txt`)).status).toBe(200);
    }
    expect((await alice('GET /drives/b!another/root')).status).toBe(404);
  });

  it('tells of each item where it is', async () => {
    const { body } = await alice('GET /me/drive/root:/Travel/Notes%20for%20Oslo.txt');
    const parent = await alice('GET /me/drive/root:/Travel');
    const driveId = (await alice('GET /me/drive')).body.id;
    expect(body['parentReference']).toEqual({
      driveType: 'business',
      driveId,
      id: parent.body.id,
      name: 'Travel',
      path: `/drives/${driveId}/root:/Travel`,
    });
  });

  it('pages its children with ids in the links, and expands them', async () => {
    const first = await alice('GET /me/drive/root/children?$top=1&$select=name');
    expect(first.body['@odata.nextLink']).toMatch(
      /\/drives\('b![\w%-]+'\)\/items\('01\w+'\)\/children\?\$top=1&\$select=name&\$skiptoken=/,
    );
    expect((await readAll(alice, '/me/drive/root/children?$top=1')).items).toHaveLength(2);
    expect((await alice('GET /me/drive/root/children?$skip=1')).status).toBe(400);
    const expanded = await alice('GET /me/drive/root?$select=name&$expand=children($select=name)');
    expect(expanded.body).toMatchObject({
      name: 'root',
      children: [{ name: 'Budget.csv' }, { name: 'Travel' }],
    });
  });

  it('is searched by names and by the content of files', async () => {
    const found = async (words: string) =>
      (await alice(`GET /me/drive/root/search(q='${words}')`)).body.value?.map(({ name }) => name);
    await put(`root:/${encoded("O'Brien & Søn – draft (final).txt")}:`, 'Agreement');
    expect(await found('oslo')).toEqual(['Notes for Oslo.txt']);
    expect(await found('adapter')).toEqual(['Notes for Oslo.txt']);
    expect(await found(encodeURIComponent("O''Brien & Søn – draft (final)"))).toHaveLength(1);
    expect(await found('nothing')).toEqual([]);
  });
});

describe('a file', () => {
  it.each([
    'Q1 [draft] #3.docx',
    '100% done; {a} ’b’ – c.txt',
    "O'Brien's plan.md",
    'Käse 🧀.txt',
    'a+b=c&d.txt',
    '%2F.txt',
    'delta',
  ])('can be named %s', async (name) => {
    const made = await put(`root:/${encoded(name)}:`, `This is ${name}`);
    expect([made.status, made.body.name]).toEqual([201, name]);
    expect(await namesIn('/me/drive/root')).toContain(name);
    expect(await contentOf(`/me/drive/root:/${encoded(name)}:`)).toBe(`This is ${name}`);
    expect(await contentOf(`/me/drive/items/${made.body.id}`)).toBe(`This is ${name}`);
    const renamed = await alice(`PATCH /me/drive/items/${made.body.id}`, { Name: `New ${name}` });
    expect(renamed.body).toMatchObject({ id: made.body.id, name: `New ${name}` });
    expect((await alice(`DELETE /me/drive/root:/${encoded(`New ${name}`)}:`)).status).toBe(204);
    expect(await namesIn('/me/drive/root')).toEqual(['Budget.csv', 'Travel']);
  });

  it.each(['a:b.txt', 'a?b.txt', 'a*.txt', 'a|b.txt', 'CON', '~$temp.docx', 'end.'])(
    'cannot be named %s',
    async (name) => {
      expect(await put(`root:/${encodeURIComponent(name)}:`, 'x')).toMatchObject({
        status: 400,
        body: { error: { code: 'invalidRequest' } },
      });
    },
  );

  it('is created with the folders on its way, and replaced by a second upload', async () => {
    expect((await put('root:/a/b/c.txt:', 'one')).status).toBe(201);
    const again = await put('root:/A/B/C.TXT:', 'two');
    expect([again.status, again.body.name]).toEqual([200, 'c.txt']);
    expect(await namesIn('/me/drive/root:/a/b:')).toEqual(['c.txt']);
    expect(await contentOf('/me/drive/root:/a/b/c.txt:')).toBe('two');
    const { id } = (await alice('GET /me/drive/root:/a')).body;
    expect((await put(`items/${id}:/d.txt:`, 'three')).status).toBe(201);
    expect(await namesIn(`/me/drive/items/${id}`)).toEqual(['b', 'd.txt']);
  });

  it('that exists is renamed or refused, if the call says so', async () => {
    const call = (behavior: string) =>
      `PUT /me/drive/root:/Budget.csv:/content?@microsoft.graph.conflictBehavior=${behavior}`;
    const upload = (behavior: string) =>
      send({ entra, graph }, { user: demoUsers.alice, scopes, call: call(behavior), body: 'x' });
    expect(await (await upload('rename')).json()).toMatchObject({ name: 'Budget 1.csv' });
    const refused = await upload('fail');
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      { error: { code: 'nameAlreadyExists' } },
    ]);
    expect((await upload('replace')).status).toBe(200);
    expect((await upload('shout')).status).toBe(400);
  });

  it('is not replaced if it has changed meanwhile', async () => {
    const { body } = await alice('GET /me/drive/root:/Budget.csv');
    const headers = { 'If-Match': String(body['eTag']) };
    expect((await put('root:/Budget.csv:', 'one', headers)).status).toBe(200);
    expect(await put('root:/Budget.csv:', 'two', headers)).toMatchObject({
      status: 412,
      body: { error: { code: 'resourceModified' } },
    });
  });

  it('has thumbnails if it is a picture or a document', async () => {
    const made = await put('root:/photo.png:', 'x');
    const { body } = await alice(`GET /me/drive/items/${made.body.id}/thumbnails`);
    const small = Reflect.get(Object(body.value?.[0]?.['small']), 'url');
    expect((await fetch(String(small))).headers.get('content-type')).toBe('image/png');
    const content = await alice(`GET /me/drive/items/${made.body.id}/thumbnails/0/medium/content`);
    expect(content.status).toBe(302);
    expect((await alice('GET /me/drive/root:/Travel/Notes%20for%20Oslo.txt:/thumbnails')).body.value).toEqual(
      [],
    );
  });

  it('is converted to PDF if OneDrive can do so', async () => {
    const made = await put('root:/Report.docx:', 'x');
    const pdf = await alice(`GET /me/drive/items/${made.body.id}/content?format=pdf`);
    const converted = await fetch(pdf.headers.get('location') ?? '');
    expect((await converted.text()).startsWith('%PDF-1.4')).toBe(true);
    expect(converted.headers.get('content-disposition')).toContain('Report.pdf');
    expect(
      (await alice('GET /me/drive/root:/Travel/Notes%20for%20Oslo.txt:/content?format=pdf')).status,
    ).toBe(406);
  });
});

describe('a folder', () => {
  it('is created, renamed, moved and deleted with its content', async () => {
    const folder = { name: 'Reports', folder: {}, '@microsoft.graph.conflictBehavior': 'rename' };
    const made = await alice('POST /me/drive/root/children', folder);
    expect(made).toMatchObject({ status: 201, body: { name: 'Reports', folder: { childCount: 0 } } });
    expect((await alice('POST /me/drive/root/children', folder)).body).toMatchObject({ name: 'Reports 1' });
    await put('root:/Reports/May.txt:', 'May');
    const travel = (await alice('GET /me/drive/root:/Travel')).body.id;
    const moved = await alice(`PATCH /me/drive/items/${made.body.id}`, { parentReference: { id: travel } });
    expect(moved.body).toMatchObject({ parentReference: { name: 'Travel' } });
    expect(await contentOf('/me/drive/root:/Travel/Reports/May.txt:')).toBe('May');
    await alice(`DELETE /me/drive/items/${made.body.id}`);
    expect((await alice('GET /me/drive/root:/Travel/Reports/May.txt')).status).toBe(404);
  });

  it('is refused if its name is taken and the call does not say what to do', async () => {
    const refused = await alice('POST /me/drive/root/children', { name: 'travel', folder: {} });
    expect([refused.status, refused.body.error?.code]).toEqual([409, 'nameAlreadyExists']);
  });

  it('is not the root', async () => {
    expect((await alice('DELETE /me/drive/root')).status).toBe(403);
  });
});

describe('a copy', () => {
  it('is made in the background, and its state is at another address', async () => {
    const parentReference = { path: '/drive/root:/Travel' };
    const copied = await alice('POST /me/drive/root:/Budget.csv:/copy', {
      parentReference,
      name: 'Copy.csv',
    });
    expect(copied.status).toBe(202);
    const state = await (await fetch(copied.headers.get('location') ?? '')).json();
    expect(state).toMatchObject({ status: 'completed' });
    expect(await contentOf('/me/drive/root:/Travel/Copy.csv:')).toContain('Travel,1200');
  });
});

describe('changes of the drive', () => {
  it('are returned once: created, changed, moved and deleted items', async () => {
    const { items, last } = await readAll(alice, '/me/drive/root/delta');
    expect(items.map(({ name }) => name)).toEqual(['root', 'Budget.csv', 'Travel', 'Notes for Oslo.txt']);
    const link = last.body['@odata.deltaLink'];
    expect((await alice(`GET ${link}`)).body.value).toEqual([]);
    await put('root:/New.txt:', 'x');
    await put('root:/Budget.csv:', 'y');
    await alice('DELETE /me/drive/root:/Travel/Notes%20for%20Oslo.txt:');
    const changes = await alice(`GET ${link}`);
    expect(changes.body.value).toMatchObject([
      { name: 'New.txt' },
      { name: 'Budget.csv' },
      { id: items[3]?.id, deleted: { state: 'deleted' } },
    ]);
    expect((await alice(`GET ${changes.body['@odata.deltaLink']}`)).body.value).toEqual([]);
  });

  it('can begin now, and be asked for by an argument', async () => {
    const { body } = await alice('GET /me/drive/root/delta?token=latest');
    expect(body.value).toEqual([]);
    const made = await put('root:/New.txt:', 'x');
    const token = new URL(body['@odata.deltaLink'] ?? '').searchParams.get('token');
    const changes = await alice(`GET /me/drive/root/delta(token='${token}')`);
    expect(changes.body.value).toMatchObject([{ id: made.body.id }]);
  });

  it('can be paged', async () => {
    const { items } = await readAll(alice, '/me/drive/root/delta?$top=1&$select=name');
    expect(items).toHaveLength(4);
  });
});

describe('a download address', () => {
  it('needs no token, and names the file', async () => {
    const { body } = await alice('GET /me/drive/root:/Budget.csv');
    expect(await read(body)).toContain('Travel,1200');
    const response = await fetch(String(body['@microsoft.graph.downloadUrl']));
    expect(response.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''Budget.csv");
  });

  it.each([
    ['bytes=0-3', 206, 'item', 'bytes 0-3/'],
    ['bytes=-4', 206, '300\n', 'bytes '],
    ['bytes=900-', 416, '', 'bytes */'],
  ])('returns parts: %s', async (range, status, text, contentRange) => {
    const { body } = await alice('GET /me/drive/root:/Budget.csv');
    const url = String(body['@microsoft.graph.downloadUrl']);
    const response = await fetch(url, { headers: { range } });
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect(response.headers.get('content-range')).toContain(contentRange);
  });
});

describe('an upload session', () => {
  const start = async (path: string, item: object = {}) => {
    const { body } = await alice(`POST /me/drive/${path}/createUploadSession`, { item });
    return String(body['uploadUrl']);
  };
  const send = (url: string, range: string, text: string) =>
    fetch(url, { method: 'PUT', headers: { 'content-range': range }, body: text });

  it('takes a file in pieces and returns the item', async () => {
    const url = await start(`root:/${encoded('Q1 [draft] #3.docx')}:`);
    const first = await send(url, 'bytes 0-4/11', 'Hello');
    expect([first.status, await first.json()]).toMatchObject([202, { nextExpectedRanges: ['5-'] }]);
    expect(await (await fetch(url)).json()).toMatchObject({ nextExpectedRanges: ['5-'] });
    const last = await send(url, 'bytes 5-10/11', ' there');
    expect([last.status, await last.json()]).toMatchObject([201, { name: 'Q1 [draft] #3.docx', size: 11 }]);
    expect(await contentOf(`/me/drive/root:/${encoded('Q1 [draft] #3.docx')}:`)).toBe('Hello there');
    expect((await fetch(url)).status).toBe(404);
  });

  it('replaces a file by its id with 200', async () => {
    const { id } = (await alice('GET /me/drive/root:/Budget.csv')).body;
    const replaced = await send(await start(`items/${id}`), 'bytes 0-1/2', 'ab');
    expect(replaced.status).toBe(200);
    expect(await contentOf(`/me/drive/items/${id}`)).toBe('ab');
  });

  it('renames or refuses a file whose name is taken, as asked', async () => {
    const rename = await start('root:/Budget.csv:', { '@microsoft.graph.conflictBehavior': 'rename' });
    expect(await (await send(rename, 'bytes 0-0/1', 'x')).json()).toMatchObject({ name: 'Budget 1.csv' });
    const refused = await alice('POST /me/drive/root:/Budget.csv:/createUploadSession', {
      item: { '@microsoft.graph.conflictBehavior': 'fail' },
    });
    expect(refused.status).toBe(409);
  });

  it('can be canceled', async () => {
    const url = await start('root:/x.txt:');
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(204);
    expect((await send(url, 'bytes 0-0/1', 'x')).status).toBe(404);
  });

  it.each([
    ['no range', '', 400],
    ['a range of another length', 'bytes 0-9/10', 400],
    ['bytes out of their order', 'bytes 5-6/10', 416],
  ])('refuses %s', async (_what, range, status) => {
    const url = await start('root:/x.txt:');
    expect((await send(url, range, 'ab')).status).toBe(status);
  });

  it('can be used by any page, with every header that upload clients send', async () => {
    const preflight = await fetch(await start('root:/x.txt:'), {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'PUT',
        'access-control-request-headers':
          'client-request-id,content-range,content-type,prefer,sdkversion,authorization',
      },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
    const allowed = preflight.headers.get('access-control-allow-headers')?.split(', ');
    expect(allowed).toEqual(
      expect.arrayContaining(['client-request-id', 'content-range', 'prefer', 'sdkversion']),
    );
    expect(allowed).not.toContain('authorization');
  });

  it('refuses a token of Graph', async () => {
    const url = await start('root:/x.txt:');
    const headers = { 'content-range': 'bytes 0-0/1', authorization: 'Bearer x' };
    expect((await fetch(url, { method: 'PUT', headers, body: 'x' })).status).toBe(401);
  });
});
