import { readdirSync, readFileSync } from 'node:fs';
import { demoDirectory, graphResourceId } from '@entra-bff/directory';
import { describe, expect, it } from 'vitest';
import { administratorConsents } from '../cli/policy/administrator-consent.ts';
import { readPermissionReference } from '../cli/policy/permission-reference.ts';
import { namesTakenForKeys } from '../scripts/graph-names.ts';
import { policyJsonSchema } from '../scripts/policy-schema.ts';
import { moreFileNames } from '../src/shared/config/more-policies.ts';
import { readGraphPolicy } from '../src/shared/config/policies.ts';
import { exceptions } from './policy-exceptions.ts';
import { ask, isAllowed, policyOf, refusalOf } from './support/policies.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const policy = readGraphPolicy(undefined);
const { features, rules, signInScopes } = policy;
const moreFiles = moreFileNames.map((name) => ({
  name,
  policy: policyOf(JSON.parse(read(`policy/more/${name}.json`))),
}));
const calls = readGraphPolicy(undefined, moreFileNames).rules.flatMap(
  ({ methods, template, scopes, alternatives }) =>
    methods.map((method) => ({ name: `${method} ${template.text}`, scopes, alternatives })),
);

describe('the shipped policy', () => {
  it('pins the version, and requests only User.Read at sign-in', { tags: ['PX-4'] }, () => {
    for (const { template } of rules) expect(template.text).toMatch(/^\/v1\.0\//);
    expect(signInScopes).toEqual(['User.Read']);
    expect(features.filter(({ signIn }) => signIn).map(({ name }) => name)).toEqual(['profile']);
  });

  it('has separate features for reading and for writing', { tags: ['PX-4'] }, () => {
    for (const { name, scopes } of features) expect(scopes, name).toHaveLength(1);
  });

  it('limits the size of every page', { tags: ['PX-5'] }, () => {
    for (const { query, template } of rules) {
      if ('$top' in query) expect(query['$top'], template.text).toMatchObject({ max: expect.any(Number) });
    }
  });

  it('allows the next page of every list that has pages', () => {
    for (const { query, template } of rules) {
      if (!('$top' in query)) continue;
      expect('$skip' in query || '$skiptoken' in query, template.text).toBe(true);
    }
  });

  it.each([
    '$filter=mobilePhone%20eq%20%27x%27',
    '$search=%22mobilePhone:%2B49%22',
    '$search=%22displayName:a%22%20OR%20%22onPremisesSamAccountName:a%22',
  ])(
    'allows no query on a field of a user that it does not allow to read: %s',
    { tags: ['PX-5'] },
    (query) => {
      expect(isAllowed(policy, 'GET /v1.0/users?$select=id&$search=%22displayName:a%22')).toBe(true);
      expect(isAllowed(policy, `GET /v1.0/users?$select=id&${query}`)).toBe(false);
    },
  );

  it('lets plain HTML load photos and attachments, and nothing else', { tags: ['CS-1', 'PX-4'] }, () => {
    const all = readGraphPolicy(undefined, moreFileNames).rules;
    expect(all.filter(({ embed }) => embed).map(({ template }) => template.text)).toEqual([
      '/v1.0/me/photo/$value',
      '/v1.0/me/photos/{size}/$value',
      '/v1.0/me/messages/{id}/attachments/{attachment}/$value',
      '/v1.0/users/{id}/photo/$value',
      '/v1.0/users/{id}/photos/{size}/$value',
    ]);
  });

  it('contains only calls that the emulators support, so that npm start shows all of it', () => {
    const graph = demoDirectory.resources.find(({ id }) => id === graphResourceId);
    const known = graph?.permissions.map(({ name }) => name);
    for (const { scopes } of features) for (const scope of scopes) expect(known).toContain(scope);
  });
});

const names = 'id,displayName,givenName,surname,mail,userPrincipalName';

/** What people do next with what they have read, and what libraries ask for. */
const completed: readonly (readonly [subject: string, calls: readonly string[]])[] = [
  ['a draft, from creation to sending', ['POST /v1.0/me/messages', 'POST /v1.0/me/messages/AA1=/send']],
  [
    'each kind of answer to a message',
    ['reply', 'replyAll', 'forward', 'createReply', 'createReplyAll', 'createForward'].map(
      (action) => `POST /v1.0/me/messages/AA1=/${action}`,
    ),
  ],
  [
    'the folders that every mailbox has',
    ['inbox', 'drafts', 'sentitems', 'deleteditems', 'archive', 'junkemail', 'AA1='].flatMap((folder) => [
      `GET /v1.0/me/mailFolders/${folder}`,
      `GET /v1.0/me/mailFolders/${folder}/messages?$top=10`,
    ]),
  ],
  [
    'folders in folders',
    ['GET /v1.0/me/mailFolders/inbox/childFolders', 'GET /v1.0/me/mailFolders/AA1=/childFolders'],
  ],
  [
    'the bytes of messages and attachments',
    ['GET /v1.0/me/messages/AA1=/$value', 'GET /v1.0/me/messages/AA1=/attachments/AA2=/$value'],
  ],
  [
    'the events of a calendar',
    ['/me/calendar', '/me/calendars/AA1='].flatMap((calendar) => [
      `GET /v1.0${calendar}`,
      `GET /v1.0${calendar}/events?$top=10`,
      `GET /v1.0${calendar}/calendarView?startDateTime=2026-01-01&endDateTime=2026-02-01`,
      `POST /v1.0${calendar}/events`,
    ]),
  ],
  [
    'a to-do list and the steps of a task',
    [
      'GET /v1.0/me/todo/lists/AA1=',
      'PATCH /v1.0/me/todo/lists/AA1=',
      'DELETE /v1.0/me/todo/lists/AA1=',
      'GET /v1.0/me/todo/lists?$top=100&$skiptoken=abc',
      'GET /v1.0/me/todo/lists/AA1=/tasks/AA2=/checklistItems',
      'POST /v1.0/me/todo/lists/AA1=/tasks/AA2=/checklistItems',
      'PATCH /v1.0/me/todo/lists/AA1=/tasks/AA2=/checklistItems/AA3=',
      'DELETE /v1.0/me/todo/lists/AA1=/tasks/AA2=/checklistItems/AA3=',
    ],
  ],
  [
    'a drive by its root, by the path of a file and by its id',
    ['/me/drive', '/drives/b!AA1'].flatMap((drive) => [
      `GET /v1.0${drive}`,
      `GET /v1.0${drive}/root`,
      `GET /v1.0${drive}/root:/menu.docx`,
      `GET /v1.0${drive}/root:/menu.docx:/content`,
      `GET /v1.0${drive}/root:/Plans:/children`,
      `GET /v1.0${drive}/items/01A!1/thumbnails`,
      `GET /v1.0${drive}/items/01A!1/content`,
      `GET /v1.0${drive}/items/01A!1/content?format=pdf`,
    ]),
  ],
  ['a file in a folder by its path', ['GET /v1.0/me/drive/root:/Plans/menu.docx:/content']],
  [
    'an upload, small or in parts',
    ['/me/drive', '/drives/b!AA1'].flatMap((drive) => [
      `PUT /v1.0${drive}/root:/menu.docx:/content`,
      `PUT /v1.0${drive}/items/01A!1/content`,
      `PUT /v1.0${drive}/items/01A!1:/menu.docx:/content`,
      `POST /v1.0${drive}/root:/menu.docx:/createUploadSession`,
      `POST /v1.0${drive}/items/01A!1/createUploadSession`,
      `POST /v1.0${drive}/root/children`,
      `PATCH /v1.0${drive}/items/01A!1`,
      `DELETE /v1.0${drive}/items/01A!1`,
    ]),
  ],
  [
    'photos in a size',
    [
      'GET /v1.0/me/photos',
      'GET /v1.0/me/photos/48x48/$value',
      'GET /v1.0/users/ben@contoso.example/photos/48x48/$value',
    ],
  ],
  [
    'numbers of items',
    [
      'GET /v1.0/me/messages/$count',
      'GET /v1.0/me/mailFolders/AA1=/messages/$count?$filter=isRead%20eq%20false',
      'GET /v1.0/me/events/$count',
      'GET /v1.0/me/contacts/$count',
      'GET /v1.0/users/$count',
      'GET /v1.0/groups/$count',
      'GET /v1.0/groups/0d9a7f34-6a1b/members/$count',
      'GET /v1.0/me/transitiveMemberOf/$count',
    ],
  ],
  [
    'changes since the last call',
    [
      'GET /v1.0/me/mailFolders/inbox/messages/delta?$deltatoken=abc',
      'GET /v1.0/me/mailFolders/AA1=/messages/delta?changeType=created',
      'GET /v1.0/me/calendarView/delta?startDateTime=2026-01-01&endDateTime=2026-02-01',
      'GET /v1.0/me/calendarView/delta?$skiptoken=abc',
      'GET /v1.0/me/contacts/delta',
      'GET /v1.0/me/drive/root/delta?token=latest',
      "GET /v1.0/me/drive/root/delta(token='12ab')",
      'GET /v1.0/drives/b!AA1/root/delta',
    ],
  ],
  [
    'the relations of users that need no further permission',
    [
      `GET /v1.0/me/directReports?$select=${names}`,
      'GET /v1.0/me/transitiveMemberOf/microsoft.graph.group?$select=id',
      `GET /v1.0/me?$expand=manager($select=id,displayName)`,
      `GET /v1.0/users/ben@contoso.example?$expand=manager($select=id,displayName)`,
      // The Toolkit's card of a user shows all managers above.
      'GET /v1.0/users/ben@contoso.example?$expand=manager($levels=max;$select=id,displayName)&$select=id&$count=true',
    ],
  ],
  [
    'the fields that a card of a user shows',
    ['/users', '/users/ben@contoso.example'].map(
      (path) =>
        `GET /v1.0${path}?$select=${names},jobTitle,department,companyName,officeLocation,businessPhones,mobilePhone,preferredLanguage,userType,accountEnabled`,
    ),
  ],
  [
    'members of a group by name, and users alone',
    [
      `GET /v1.0/groups/0d9a7f34-6a1b/members?$select=id&$filter=startswith(displayName,%27a%27)`,
      `GET /v1.0/groups/0d9a7f34-6a1b/members/microsoft.graph.user?$select=${names}&$count=true`,
    ],
  ],
];

describe('the shipped policy', () => {
  it.each(completed)('allows %s', (_, allowed) => {
    for (const call of allowed) expect(refusalOf(policy, call), call).toBeUndefined();
  });

  it.each(['/v1.0/users', '/v1.0/users/ben@contoso.example'])(
    'asks for names and addresses in %s if the caller selects nothing, which libraries do not',
    { tags: ['PX-5'] },
    (path) => {
      expect(ask(policy, `GET ${path}`)).toMatchObject({ query: `$select=${names}` });
      expect(ask(policy, `GET ${path}?$select=id`)).toMatchObject({ query: '$select=id' });
    },
  );

  it('shares no file, and fetches none from an address', { tags: ['PX-4'] }, () => {
    for (const action of ['invite', 'createLink', 'permissions', 'copy']) {
      expect(isAllowed(policy, `POST /v1.0/me/drive/items/01A!1/${action}`), action).toBe(false);
    }
    for (const call of ['POST /v1.0/me/drive/root/children', 'PATCH /v1.0/me/drive/items/01A!1']) {
      const allowed = ask(policy, call, { contentType: 'application/json' });
      expect(allowed).toMatchObject({ rule: { bodyFields: expect.arrayContaining(['name']) } });
      expect(allowed).not.toMatchObject({
        rule: { bodyFields: expect.arrayContaining(['@microsoft.graph.sourceUrl']) },
      });
    }
  });
});

describe('the files of wider areas', () => {
  it('are all that is in the folder, and its name for GRAPH_POLICY_MORE is that of the file', () => {
    const files = readdirSync(new URL('../policy/more', import.meta.url));
    expect(files.toSorted()).toEqual(moreFileNames.map((name) => `${name}.json`));
  });

  it.each(moreFiles)(
    '$name has titles, one permission a feature, and pages of limited size',
    { tags: ['PX-5'] },
    (more) => {
      for (const { name, title, scopes } of more.policy.features) {
        expect(scopes, name).toHaveLength(1);
        expect(title, name).toMatch(/^[A-Z].{5,}/);
      }
      for (const { query, template } of more.policy.rules) {
        expect(template.text).toMatch(/^\/v1\.0\//);
        if ('$top' in query) expect(query['$top'], template.text).toMatchObject({ max: expect.any(Number) });
        if ('$top' in query) expect(Object.keys(query), template.text).toContain('$skiptoken');
      }
    },
  );

  it('are not asked for at sign-in, and allow nothing until they are named', { tags: ['PX-4'] }, () => {
    const all = readGraphPolicy(undefined, moreFileNames);
    expect(all.signInScopes).toEqual(['User.Read']);
    expect(all.rules).toHaveLength(rules.length + moreFiles.flatMap((more) => more.policy.rules).length);
    for (const call of ['GET /v1.0/me/presence', 'GET /v1.0/me/manager', 'GET /v1.0/me/joinedTeams']) {
      expect(isAllowed(policy, call), call).toBe(false);
      expect(isAllowed(all, call), call).toBe(true);
    }
    expect(isAllowed(readGraphPolicy(undefined, ['presence']), 'GET /v1.0/me/manager')).toBe(false);
  });

  it('allow what a page reads of other users, and no more', { tags: ['PX-4', 'PX-5'] }, () => {
    const all = readGraphPolicy(undefined, moreFileNames);
    for (const call of [
      'GET /v1.0/users/ben@contoso.example/presence',
      'POST /v1.0/communications/getPresencesByUserId',
      'GET /v1.0/users/ben@contoso.example/manager',
      'GET /v1.0/users/ben@contoso.example/directReports?$select=id,jobTitle',
      'GET /v1.0/users/ben@contoso.example/transitiveMemberOf/microsoft.graph.group',
      'GET /v1.0/teams/0d9a7f34-6a1b/channels/19:abc@thread.tacv2/messages?$top=50',
      'GET /v1.0/chats/19:abc@thread.v2/messages',
      'GET /v1.0/sites/root',
      'GET /v1.0/sites?search=plans',
      'GET /v1.0/sites/contoso.sharepoint.com:/sites/Marketing',
      'POST /v1.0/search/query',
      'GET /v1.0/me/planner/tasks',
    ]) {
      expect(refusalOf(all, call), call).toBeUndefined();
    }
    for (const call of [
      'GET /v1.0/users/ben@contoso.example/manager?$select=mobilePhone',
      'GET /v1.0/users/ben@contoso.example/messages',
      'POST /v1.0/chats/19:abc@thread.v2/messages',
      'POST /v1.0/teams/0d9a7f34-6a1b/channels/19:abc@thread.tacv2/messages',
      'GET /v1.0/sites',
      'GET /v1.0/sites?$search=plans',
      'PATCH /v1.0/sites/root/lists/AA1=/items/1',
    ]) {
      expect(isAllowed(all, call), call).toBe(false);
    }
  });
});

describe('a write or a list in the shipped policy', () => {
  it('cannot invite further users by mail', { tags: ['PX-4'] }, () => {
    for (const call of [
      'POST /v1.0/me/events',
      'POST /v1.0/me/calendar/events',
      'POST /v1.0/me/calendars/AA1=/events',
      'PATCH /v1.0/me/events/AA1=',
    ]) {
      const allowed = ask(policy, call, { contentType: 'application/json' });
      expect(allowed).toMatchObject({
        rule: { bodyFields: expect.arrayContaining(['subject', 'start', 'end']) },
      });
      expect(allowed).not.toMatchObject({ rule: { bodyFields: expect.arrayContaining(['attendees']) } });
    }
  });

  it.each(['/v1.0/me/people', '/v1.0/groups/AA1=/members'])(
    'returns no more about a user in %s than in the list of users',
    { tags: ['PX-5'] },
    (path) => {
      expect(isAllowed(policy, `GET ${path}?$select=id,displayName`)).toBe(true);
      for (const query of [
        '',
        '?$top=5',
        '?$select=id,mobilePhone',
        '?$select=*',
        '?$select=id&$filter=jobTitle%20eq%20%27x%27',
      ]) {
        expect(isAllowed(policy, `GET ${path}${query}`), query).toBe(false);
      }
    },
  );
});

describe('policy/graph.schema.json', () => {
  it('equals the schema that checks policy files (npm run schema)', () => {
    expect(read('policy/graph.schema.json')).toBe(policyJsonSchema());
    expect(JSON.parse(read('policy/graph.json')).$schema).toBe('./graph.schema.json');
  });

  it('describes every property, for editors', () => {
    expect(undescribed(JSON.parse(policyJsonSchema()), '#')).toEqual([]);
  });
});

/** Returns the positions of properties without a description. */
function undescribed(schema: unknown, place: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    const inner = undescribed(value, `${place}/${key}`);
    if (key !== 'properties') return inner;
    const bare = Object.entries(value).filter(([, property]) => !hasDescription(property));
    return [...inner, ...bare.map(([name]) => `${place}/properties/${name}`)];
  });
}

const hasDescription = (property: unknown) =>
  typeof property === 'object' && property !== null && 'description' in property;

const permissionsFile = process.env['ENTRA_BFF_PERMISSIONS_FILE'];

describe("Microsoft's permission reference", () => {
  if (permissionsFile === undefined || permissionsFile === '') {
    it.skip('was not compared, because ENTRA_BFF_PERMISSIONS_FILE names no permissions.json');
    return;
  }
  const reference = readPermissionReference(permissionsFile);

  it.each(calls)(
    'agrees that the permission of $name is the least, or an exception has the reason',
    { tags: ['PX-4'] },
    ({ name, scopes }) => {
      if (name in exceptions) return;
      const [scope = '', ...more] = scopes;
      expect(more).toEqual([]);
      expect([...(reference.find(name)?.least ?? [])]).toContain(scope);
    },
  );

  it.each(calls)('accepts every alternative of $name', { tags: ['PX-4'] }, ({ name, alternatives }) => {
    const accepted = reference.find(name)?.accepted;
    for (const [scope = '', ...more] of alternatives) {
      expect(more).toEqual([]);
      if (accepted !== undefined) expect([...accepted]).toContain(scope);
    }
  });

  it.each(Object.entries(exceptions))(
    'still needs the exception for %s, whose rule exists',
    { tags: ['PX-4'] },
    (name, why) => {
      const call = calls.find((one) => one.name === name);
      const known = reference.find(name);
      expect(call?.scopes).toHaveLength(1);
      expect(known?.least.has(call?.scopes[0] ?? '') ?? false).toBe(false);
      expect(why.documentation).toMatch(/^https:\/\/learn\.microsoft\.com\/graph\//);
    },
  );

  it('contains no path segment that {id} would match', { tags: ['PX-4'] }, () => {
    expect(namesTakenForKeys(permissionsFile)).toEqual([]);
  });

  it('agrees on which permissions an administrator consents to', () => {
    for (const scope of new Set(calls.flatMap(({ scopes }) => scopes))) {
      expect(reference.administratorMustConsent(scope), scope).toBe(administratorConsents.has(scope));
    }
  });

  it('contains every permission of the emulators, with the same rule for consent', () => {
    const graph = demoDirectory.resources.find(({ id }) => id === graphResourceId);
    for (const { name, administratorMustConsent } of graph?.permissions ?? []) {
      const known = reference.administratorMustConsent(name);
      // The scopes of OpenID Connect are not permissions of Graph.
      if (/^[a-z_]+$/.test(name)) continue;
      expect(known, name).toBe(administratorMustConsent);
    }
  });
});
