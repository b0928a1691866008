import { demoDirectory, demoUsers } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import { startTestEmulator } from '@entra-bff/entra-emulator/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GraphEmulator, startGraphEmulator } from '../src/emulator.ts';
import { callerOf, readAll, send } from './caller.ts';

let entra: EntraEmulator;
let graph: GraphEmulator;
let alice: ReturnType<typeof callerOf>;

beforeEach(async () => {
  entra = await startTestEmulator({ directory: demoDirectory });
  graph = await startGraphEmulator({ directory: demoDirectory, entra });
  alice = callerOf({ entra, graph }, demoUsers.alice, 'User.Read Mail.ReadWrite Mail.Send');
});
afterEach(() => Promise.all([entra.close(), graph.close()]));

const bens = { emailAddress: { address: demoUsers.ben.mail } };
const subjectsIn = async (folder: string) =>
  (await alice(`GET /me/mailFolders/${folder}/messages?$select=subject`)).body.value?.map(
    ({ subject }) => subject,
  );
const firstMessage = async (query = '') => (await alice(`GET /me/messages?$top=1${query}`)).body.value?.[0];

describe('a draft', () => {
  it('is in Drafts and in all messages, and is in Sent Items once it was sent', async () => {
    const draft = await alice('POST /me/messages', { Subject: 'Hello', TORECIPIENTS: [bens] });
    expect(draft).toMatchObject({
      status: 201,
      body: { subject: 'Hello', isDraft: true, toRecipients: [bens] },
    });
    expect([await subjectsIn('drafts'), await subjectsIn('sentitems')]).toEqual([['Hello'], []]);
    expect((await firstMessage())?.id).toBe(draft.body.id);
    await alice(`PATCH /me/messages/${draft.body.id}`, { subject: 'Hello Ben' });
    expect((await alice(`POST /me/messages/${draft.body.id}/send`)).status).toBe(202);
    expect([await subjectsIn('drafts'), await subjectsIn('sentitems')]).toEqual([[], ['Hello Ben']]);
    expect((await alice(`GET /me/messages/${draft.body.id}`)).status).toBe(404);
  });

  it.each(['createReply', 'createReplyAll', 'createForward'])('is made by %s', async (action) => {
    const original = await firstMessage();
    const { status, body } = await alice(`POST /me/messages/${original?.id}/${action}`, {
      comment: 'Thanks',
    });
    const prefix = action === 'createForward' ? 'FW: ' : 'RE: ';
    expect([status, body['subject'], body['isDraft']]).toEqual([
      201,
      `${prefix}${original?.['subject']}`,
      true,
    ]);
    const to = JSON.stringify(body['toRecipients']);
    expect(to.includes(JSON.stringify(original?.['from']))).toBe(action !== 'createForward');
  });
});

describe('mail that is sent', () => {
  it('is in Sent Items unless the call says otherwise', async () => {
    await alice('POST /me/sendMail', { Message: { subject: 'Kept', toRecipients: [bens] } });
    await alice('POST /me/sendMail', { message: { subject: 'Not kept' }, saveToSentItems: false });
    const original = await firstMessage('&$skip=3');
    await alice(`POST /me/messages/${original?.id}/replyAll`, { comment: 'Thanks' });
    const [reply, kept, ...others] = (await subjectsIn('sentitems')) ?? [];
    expect([kept, others]).toEqual(['Kept', []]);
    expect(reply).toMatch(/^RE: /);
  });
});

describe('an app with Mail.ReadBasic', () => {
  it('reads messages without their text and attachments', async () => {
    const basic = callerOf({ entra, graph }, demoUsers.alice, 'Mail.ReadBasic');
    for (const path of ['/me/messages?$top=1', '/me/mailFolders/inbox/messages?$top=1']) {
      const [message] = (await basic(`GET ${path}`)).body.value ?? [];
      expect(message).toMatchObject({ subject: expect.any(String), from: expect.anything() });
      for (const name of ['body', 'bodyPreview', 'uniqueBody']) expect(message).not.toHaveProperty(name);
      expect((await basic(`GET /me/messages/${message?.id}?$select=subject,body`)).body).not.toHaveProperty(
        'body',
      );
      expect((await basic(`GET /me/messages/${message?.id}/attachments`)).status).toBe(403);
      expect((await basic(`GET /me/messages/${message?.id}?$expand=attachments`)).status).toBe(403);
    }
  });
});

describe('mail as MIME', () => {
  it('is sent as base64, and read again', async () => {
    const mime = `To: "Ben Brown" <${demoUsers.ben.mail}>\r\nSubject: As\r\n MIME\r\n\r\nHello Ben`;
    const base64 = Buffer.from(mime).toString('base64');
    const scopes = 'Mail.Send';
    const sent = { user: demoUsers.alice, scopes, call: 'POST /me/sendMail', body: base64 };
    expect(
      (await send({ entra, graph }, { ...sent, headers: { 'content-type': 'text/plain' } })).status,
    ).toBe(202);
    const [message] = (await alice('GET /me/mailFolders/sentitems/messages')).body.value ?? [];
    expect(message).toMatchObject({
      subject: 'As MIME',
      toRecipients: [{ emailAddress: { name: 'Ben Brown', address: demoUsers.ben.mail } }],
    });
    const read = await alice(`GET /me/messages/${message?.id}/$value`);
    expect(read.headers.get('content-type')).toBe('text/plain');
    expect(read.body['text']).toContain('Subject: As MIME\r\n');
  });
});

describe('folders', () => {
  it('are found by id and by well-known name, and count what is in them', async () => {
    const { body } = await alice('GET /me/mailFolders/INBOX');
    expect(body).toMatchObject({ displayName: 'Inbox', totalItemCount: 35, unreadItemCount: 4 });
    expect((await alice(`GET /me/mailFolders/${body.id}`)).body).toEqual(body);
    expect((await alice('GET /me/mailFolders?includeHiddenFolders=true')).body.value?.length).toBe(7);
  });

  it('can be created at the top and in another folder, renamed and deleted', async () => {
    const top = await alice('POST /me/mailFolders', { displayName: 'Projects' });
    const child = await alice(`POST /me/mailFolders/${top.body.id}/childFolders`, { displayName: 'Oslo' });
    const children = await alice(`GET /me/mailFolders/${top.body.id}/childFolders`);
    expect(children.body.value).toMatchObject([{ id: child.body.id, displayName: 'Oslo' }]);
    const expanded = await alice(
      "GET /me/mailFolders?$filter=displayName eq 'Projects'&$expand=childFolders",
    );
    expect(expanded.body.value).toMatchObject([
      { childFolderCount: 1, childFolders: [{ displayName: 'Oslo' }] },
    ]);
    expect(
      (await alice(`PATCH /me/mailFolders/${child.body.id}`, { displayName: 'Lyon' })).body,
    ).toMatchObject({
      displayName: 'Lyon',
    });
    expect((await alice(`DELETE /me/mailFolders/${child.body.id}`)).status).toBe(204);
    expect((await alice('DELETE /me/mailFolders/inbox')).status).toBe(403);
  });

  it('receive messages that are moved, which have a new id there', async () => {
    const message = await firstMessage();
    const moved = await alice(`POST /me/messages/${message?.id}/move`, { destinationId: 'archive' });
    expect(moved.body.id).not.toBe(message?.id);
    expect(await subjectsIn('archive')).toEqual([message?.['subject']]);
    expect((await alice(`GET /me/messages/${message?.id}`)).status).toBe(404);
    expect((await alice('GET /me/mailFolders/inbox/messages/$count')).body['text']).toBe('34');
    const refused = await alice(`POST /me/messages/${moved.body.id}/move`, { destinationId: 'nowhere' });
    expect(refused.status).toBe(404);
  });
});

describe('attachments', () => {
  const file = (name: string) => ({
    '@odata.type': '#microsoft.graph.fileAttachment',
    name,
    contentType: 'text/plain',
    contentBytes: Buffer.from('Hello').toString('base64'),
  });

  it('are created with a draft or later, read as bytes, and deleted', async () => {
    const draft = await alice('POST /me/messages', { subject: 'Files', attachments: [file('a.txt')] });
    const path = `/me/messages/${draft.body.id}/attachments`;
    const added = await alice(`POST ${path}`, file('Q1 [draft] #3.txt'));
    expect((await alice(`GET ${path}?$select=name,size`)).body.value).toMatchObject([
      { name: 'a.txt', size: 5 },
      { name: 'Q1 [draft] #3.txt', size: 5 },
    ]);
    const bytes = await alice(`GET ${path}/${added.body.id}/$value`);
    expect([bytes.headers.get('content-type'), bytes.body['text']]).toEqual(['text/plain', 'Hello']);
    for (const { id } of (await alice(`GET ${path}`)).body.value ?? []) await alice(`DELETE ${path}/${id}`);
    expect((await alice(`GET /me/messages/${draft.body.id}`)).body['hasAttachments']).toBe(false);
  });

  it('of other types are not emulated', async () => {
    const item = { '@odata.type': '#microsoft.graph.itemAttachment', name: 'x' };
    expect((await alice('POST /me/messages', { attachments: [item] })).status).toBe(501);
  });
});

describe('changes of folders', () => {
  it('are returned once', async () => {
    const { items, last } = await readAll(alice, '/me/mailFolders/delta');
    expect(items).toHaveLength(7);
    const made = await alice('POST /me/mailFolders', { displayName: 'Projects' });
    const changes = await alice(`GET ${last.body['@odata.deltaLink']}`);
    expect(changes.body.value).toMatchObject([{ id: made.body.id, displayName: 'Projects' }]);
  });
});

describe('changes of messages', () => {
  it.each(['/me/mailFolders/inbox/messages/delta', "/me/mailFolders('inbox')/messages/delta()"])(
    'are returned once, with the selection of the first call: %s',
    async (path) => {
      const first = await readAll(alice, `${path}?$select=subject,isRead`);
      expect(first.items).toHaveLength(35);
      expect(Object.keys(first.items[0] ?? {}).sort()).toEqual(['@odata.etag', 'id', 'isRead', 'subject']);
      const link = first.last.body['@odata.deltaLink'];
      expect(link).toMatch(/\/v1\.0\/me\/mailFolders\('inbox'\)\/messages\/delta\?\$deltatoken=[\w-]+$/);
      const [read, removed, moved] = first.items;
      await alice(`PATCH /me/messages/${read?.id}`, { isRead: true });
      await alice(`DELETE /me/messages/${removed?.id}`);
      await alice(`POST /me/messages/${moved?.id}/move`, { destinationId: 'archive' });
      const changes = await alice(`GET ${link}`);
      expect(changes.body.value?.filter(({ isRead }) => isRead !== undefined)).toMatchObject([
        { id: read?.id, isRead: true, subject: read?.['subject'] },
      ]);
      const gone = changes.body.value?.filter((item) => '@removed' in item).map(({ id }) => id);
      expect(gone).toEqual(expect.arrayContaining([removed?.id, moved?.id]));
      const later = await alice(`GET ${changes.body['@odata.deltaLink']}`);
      expect(later.body).toMatchObject({ value: [], '@odata.deltaLink': expect.any(String) });
    },
  );

  it('in other folders are not among them', async () => {
    const draft = await alice('POST /me/messages', { subject: 'Draft' });
    const { last } = await readAll(alice, '/me/mailFolders/inbox/messages/delta?$select=subject');
    await alice(`PATCH /me/messages/${draft.body.id}`, { subject: 'Draft 2' });
    await alice('POST /me/messages', { subject: 'Another' });
    expect((await alice(`GET ${last.body['@odata.deltaLink']}`)).body.value).toEqual([]);
  });

  it('between two pages are not lost', async () => {
    const first = await alice('GET /me/mailFolders/inbox/messages/delta?$select=isRead');
    const [message] = first.body.value ?? [];
    await alice(`PATCH /me/messages/${message?.id}`, { isRead: true });
    const next = first.body['@odata.nextLink'] ?? '';
    const { last } = await readAll(alice, next);
    const changes = await alice(`GET ${last.body['@odata.deltaLink']}`);
    expect(changes.body.value).toMatchObject([{ id: message?.id, isRead: true }]);
  });

  it('can be those of one kind, and of newer messages only', async () => {
    const path = '/me/mailFolders/inbox/messages/delta?$select=subject';
    const [newest] = (await alice('GET /me/mailFolders/inbox/messages?$top=1')).body.value ?? [];
    const newer = `$filter=receivedDateTime ge ${newest?.['receivedDateTime']}&$orderby=receivedDateTime desc`;
    expect((await readAll(alice, `${path}&${newer}`)).items).toHaveLength(1);
    expect((await alice(`GET ${path}&$filter=isRead eq true`)).status).toBe(400);
    expect((await alice(`GET ${path}&$orderby=subject`)).status).toBe(400);
    const links = new Map<string, string | undefined>();
    for (const kind of ['created', 'updated', 'deleted']) {
      const { last } = await readAll(alice, `${path}&changeType=${kind}`);
      links.set(kind, last.body['@odata.deltaLink']);
    }
    const made = await alice('POST /me/mailFolders/inbox/messages', { subject: 'New' });
    await alice(`PATCH /me/messages/${newest?.id}`, { isRead: true });
    for (const [kind, id] of [
      ['created', made.body.id],
      ['updated', newest?.id],
    ] as const)
      expect((await alice(`GET ${links.get(kind)}`)).body.value?.map((one) => one.id)).toEqual([id]);
    expect((await alice(`GET ${links.get('deleted')}`)).body.value).toEqual([]);
  });

  it('can begin now', async () => {
    const { body } = await alice('GET /me/mailFolders/inbox/messages/delta?$deltatoken=latest');
    expect(body).toMatchObject({ value: [], '@odata.deltaLink': expect.any(String) });
  });

  it('of an earlier run are gone, and the response tells where to begin again', async () => {
    const gone = await alice('GET /me/mailFolders/inbox/messages/delta?$deltatoken=abc');
    expect([gone.status, gone.body.error?.code]).toEqual([410, 'SyncStateNotFound']);
    expect(gone.headers.get('location')).toMatch(/\/delta\?\$deltatoken=$/);
  });
});
