import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { policyJsonSchema } from '../../scripts/policy-schema.ts';
import { moreFileNames } from '../../src/shared/config/more-policies.ts';
import { readGraphPolicy } from '../../src/shared/config/policies.ts';
import { isAllowed, policyOf, refusalOf } from '../support/policies.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const document = read('docs/policy.md');
const policy = readGraphPolicy(undefined);
const { features, rules } = policy;

function sectionOf(heading: string): string {
  const [, section = ''] =
    new RegExp(`^## ${heading}\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(document) ?? [];
  return section;
}

/** A call for each entry in the table of the shipped policy, by the text of the entry. */
const promised: Readonly<Record<string, string>> = {
  '`/me`': 'GET /v1.0/me',
  'its photo': 'GET /v1.0/me/photo/$value',
  'its groups': 'GET /v1.0/me/memberOf',
  'its direct reports': 'GET /v1.0/me/directReports?$select=id',
  messages: 'GET /v1.0/me/messages/AA1',
  attachments: 'GET /v1.0/me/messages/AA1/attachments/AA2',
  'messages of a folder': 'GET /v1.0/me/mailFolders/inbox/messages',
  'changed messages': 'GET /v1.0/me/mailFolders/inbox/messages/delta',
  'their number': 'GET /v1.0/me/messages/$count',
  'the folders': 'GET /v1.0/me/mailFolders',
  'folders in a folder': 'GET /v1.0/me/mailFolders/inbox/childFolders',
  send: 'POST /v1.0/me/sendMail',
  'send a draft': 'POST /v1.0/me/messages/AA1/send',
  reply: 'POST /v1.0/me/messages/AA1/reply',
  'reply to all': 'POST /v1.0/me/messages/AA1/replyAll',
  forward: 'POST /v1.0/me/messages/AA1/forward',
  drafts: 'POST /v1.0/me/messages',
  'draft a reply': 'POST /v1.0/me/messages/AA1/createReply',
  attach: 'POST /v1.0/me/messages/AA1/attachments',
  change: 'PATCH /v1.0/me/messages/AA1',
  move: 'POST /v1.0/me/messages/AA1/move',
  delete: 'DELETE /v1.0/me/messages/AA1',
  calendars: 'GET /v1.0/me/calendars',
  events: 'GET /v1.0/me/events/AA1',
  'events of a calendar': 'GET /v1.0/me/calendars/AA1/events',
  'changed events': 'GET /v1.0/me/calendarView/delta',
  'a period': 'GET /v1.0/me/calendarView?startDateTime=2026-01-01&endDateTime=2026-02-01',
  reminders: "GET /v1.0/me/reminderView(startDateTime='2026-01-01',endDateTime='2026-02-01')",
  'free times of others': 'POST /v1.0/me/calendar/getSchedule',
  create: 'POST /v1.0/me/events',
  'respond to an invitation': 'POST /v1.0/me/events/AA1/accept',
  contacts: 'GET /v1.0/me/contacts',
  'changed contacts': 'GET /v1.0/me/contacts/delta',
  "names and properties of OneDrive's files": 'GET /v1.0/me/drive/root/children',
  'files by path': 'GET /v1.0/me/drive/root:/Plans/menu.docx',
  'files of a drive': 'GET /v1.0/drives/b!AA1/items/01A!1',
  thumbnails: 'GET /v1.0/me/drive/items/01A!1/thumbnails',
  'changed files': 'GET /v1.0/me/drive/root/delta',
  upload: 'PUT /v1.0/me/drive/root:/menu.docx:/content',
  'upload in parts': 'POST /v1.0/me/drive/root:/menu.docx:/createUploadSession',
  'new folders': 'POST /v1.0/me/drive/root/children',
  'rename or move': 'PATCH /v1.0/me/drive/items/01A!1',
  search: "GET /v1.0/me/drive/root/search(q='pack')",
  "the content at [the address in Graph's response](graph-proxy.md#files)": 'GET /v1.0/me/drive/items/01A!1',
  'people who are relevant to the user': 'GET /v1.0/me/people?$select=id',
  'names and photos in the organization': 'GET /v1.0/users/ben@contoso.example/photo/$value',
  groups: 'GET /v1.0/groups',
  'their members': 'GET /v1.0/groups/0d9a7f34-6a1b/members?$select=id',
  'the steps of a task': 'GET /v1.0/me/todo/lists/AA1/tasks/AA2/checklistItems',
  'renamed lists': 'PATCH /v1.0/me/todo/lists/AA1',
  'to-do lists': 'GET /v1.0/me/todo/lists',
};

/** Returns every name in backticks in the first cells of the table under a heading. */
function namesInTable(heading: string): string[] {
  const cells = [...sectionOf(heading).matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

describe('docs/policy.md', () => {
  it('shows a valid policy file', () => {
    const shown = policyOf(JSON.parse(/```json\n([\s\S]*?)```/.exec(document)?.[1] ?? ''));
    expect(shown.signInScopes).toEqual(['User.Read']);
    expect(isAllowed(shown, 'GET /v1.0/me/events?$select=id,subject&$top=50')).toBe(true);
  });

  it('lists every feature of the shipped policy with its permission', () => {
    expect(namesInTable('What is shipped')).toEqual(features.map(({ name }) => name));
    for (const { scopes } of features) for (const scope of scopes) expect(document).toContain(`\`${scope}\``);
  });

  it('lists every file of wider areas', () => {
    expect(namesInTable('Wider areas')).toEqual(moreFileNames);
  });

  it('lists no call that the shipped policy refuses', () => {
    const [, ...rows] = sectionOf('What is shipped').match(/^\| .+/gm) ?? [];
    const promises = rows.flatMap((row) => row.split(' | ')[1]?.split(/[,;] /) ?? []);
    expect([...new Set(promises)].toSorted()).toEqual(Object.keys(promised).toSorted());
    for (const [words, call] of Object.entries(promised))
      expect(refusalOf(policy, call), words).toBeUndefined();
  });

  it('lists every member of a feature and of a rule', () => {
    const { features: schema } = JSON.parse(policyJsonSchema()).properties;
    const feature = schema.additionalProperties.properties;
    const rule = feature.rules.items.properties;
    const membersOf = (properties: object) =>
      Object.keys(properties).filter((name) => name !== 'description');
    expect(namesInTable('Rules')).toEqual(expect.arrayContaining(membersOf(rule)));
    expect(namesInTable('Features')).toEqual(expect.arrayContaining(membersOf(feature)));
  });

  it('shows valid path templates', () => {
    for (const path of namesInTable('Paths').filter((name) => name.startsWith('/'))) {
      policyOf({
        features: { one: { title: 'One', rules: [{ methods: ['GET'], path, scopes: ['User.Read'] }] } },
      });
    }
  });
});

describe('README.md', () => {
  it('states the number of rules in the shipped policy', () => {
    expect(read('README.md')).toContain(`The shipped policy has ${rules.length} rules`);
  });
});
