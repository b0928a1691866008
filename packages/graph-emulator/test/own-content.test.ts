import { type Directory, demoDirectory, demoUsers } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import { startTestEmulator } from '@entra-bff/entra-emulator/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GraphEmulator, startGraphEmulator } from '../src/emulator.ts';
import { callerOf, readAll } from './caller.ts';

const { alice, gus } = demoUsers;
const from = { name: 'Ole Olsen', address: 'ole@shop.example' };
const directory: Directory = {
  ...demoDirectory,
  users: demoDirectory.users.map((user) => ({
    ...user,
    jobTitle: '',
    messages: [
      { from, subject: 'Older', text: 'First of all.', isRead: true, hoursAgo: 48 },
      { from, subject: 'Newer', text: `Dear ${user.givenName}`, isRead: false, hoursAgo: 2 },
    ],
    files: [
      { path: 'Plans/2026/Budget.txt', text: `of ${user.givenName}` },
      { path: 'Plans/Notes.txt', text: 'none' },
    ],
  })),
};

let entra: EntraEmulator;
let graph: GraphEmulator;
let call: ReturnType<typeof callerOf>;

beforeAll(async () => {
  entra = await startTestEmulator({ directory });
  graph = await startGraphEmulator({ directory, entra });
  call = callerOf({ entra, graph }, alice, 'User.Read Mail.Read Files.Read');
});
afterAll(() => Promise.all([entra.close(), graph.close()]));

describe('the messages of a directory', () => {
  it('are the inbox, newest first, and no other messages are there', async () => {
    const { items } = await readAll(call, '/me/messages?$select=subject,isRead,from,bodyPreview');
    expect(items).toMatchObject([
      { subject: 'Newer', isRead: false, from: { emailAddress: from }, bodyPreview: 'Dear Alice' },
      { subject: 'Older', isRead: true },
    ]);
    const { body } = await call('GET /me/mailFolders/inbox');
    expect(body).toMatchObject({ totalItemCount: 2, unreadItemCount: 1 });
  });
});

describe('the files of a directory', () => {
  it('are the drive, with the folders of their paths', async () => {
    const { items: top } = await readAll(call, '/me/drive/root/children?$select=name,folder');
    expect(top).toMatchObject([{ name: 'Plans', folder: { childCount: 2 } }]);
    const { items } = await readAll(call, '/me/drive/root:/Plans:/children?$select=name');
    expect(items.map(({ name }) => name)).toEqual(['2026', 'Notes.txt']);
  });

  it('are those of the caller, also of a guest', async () => {
    const readBudget = async (user: typeof alice | typeof gus) => {
      const { headers } = await callerOf(
        { entra, graph },
        user,
        'Files.Read',
      )('GET /me/drive/root:/Plans/2026/Budget.txt:/content');
      return (await fetch(headers.get('location') ?? '')).text();
    };
    expect([await readBudget(alice), await readBudget(gus)]).toEqual(['of Alice', 'of Gus']);
  });
});

describe('what a directory does not say about a user', () => {
  it('is null', async () => {
    expect((await call('GET /me?$select=jobTitle,department')).body).toMatchObject({
      jobTitle: null,
      department: alice.department,
    });
  });
});
