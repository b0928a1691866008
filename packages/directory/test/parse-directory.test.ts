import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  clientOf,
  DirectoryError,
  demoDirectory,
  directoryJsonSchema,
  parseDirectory,
  readDirectory,
} from '../src/index.ts';

const textOf = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const read = (name: string): unknown => JSON.parse(textOf(name));

const ada = { username: 'ada@shop.example', name: 'Ada Berg' };
const ole = { username: 'ole@shop.example', name: 'Ole' };
const smallest = {
  tenants: [{ name: 'Shop', domain: 'shop.example' }],
  people: [ada, ole],
  apps: [{ name: 'My app' }],
};

function faultsOf(content: unknown): readonly string[] {
  try {
    parseDirectory(content);
  } catch (error) {
    if (error instanceof DirectoryError) return error.faults;
    throw error;
  }
  return [];
}

describe('the shipped directory', () => {
  it('is a directory.json like any other', () => {
    expect(parseDirectory(read('demo-directory.json'))).toEqual(demoDirectory);
    expect(read('demo-directory.json')).toMatchObject({ $schema: './directory.schema.json' });
  });
});

describe('directory.schema.json', () => {
  it('equals the schema that parses the file (npm run schema)', () => {
    const schema = JSON.stringify(directoryJsonSchema(), undefined, 2);
    expect(textOf('directory.schema.json')).toBe(`${schema}\n`);
  });

  it('describes every member, for editors', () => {
    const undescribed = (schema: unknown, place: string): string[] => {
      if (typeof schema !== 'object' || schema === null) return [];
      return Object.entries(schema).flatMap(([key, value]) => [
        ...undescribed(value, `${place}/${key}`),
        ...(key === 'properties'
          ? Object.entries<object>(value)
              .filter(([, property]) => !('description' in property))
              .map(([name]) => `${place}/${name}`)
          : []),
      ]);
    };
    expect(undescribed(directoryJsonSchema(), '')).toEqual([]);
  });
});

describe('a directory.json', () => {
  it('needs only tenants, people and apps; the rest has defaults', () => {
    const { tenants, users, resources, registrations } = parseDirectory(smallest);
    const [shop] = tenants;
    expect(users[0]).toMatchObject({
      homeTenantId: shop?.id,
      givenName: 'Ada',
      surname: 'Berg',
      mail: 'ada@shop.example',
      groups: [],
      isTenantAdministrator: false,
    });
    expect(users[0]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(resources.map(({ name }) => name)).toEqual(['Microsoft Graph']);
    expect(registrations[0]).toMatchObject({
      displayName: 'My app',
      tenantId: shop?.id,
      publisher: { name: 'Shop', domain: 'shop.example', isVerified: false },
      redirectUris: ['http://localhost/api/auth/callback'],
    });
    expect(clientOf(parseDirectory(smallest)).clientSecret).not.toBe('');
  });

  it('gives the same ids every time it is read', () => {
    expect(parseDirectory(smallest)).toEqual(parseDirectory(structuredClone(smallest)));
  });

  it('connects groups, managers, guests and roles by name', () => {
    const { users, registrations, tenants } = parseDirectory({
      tenants: [...smallest.tenants, { name: 'Bank', domain: 'bank.example' }],
      groups: [
        { name: 'Buyers', partOf: ['Everyone'], team: { mail: 'buyers@shop.example' } },
        { name: 'Everyone' },
      ],
      people: [
        { ...ada, groups: ['Buyers'], guestIn: [{ tenant: 'bank.example' }] },
        { ...ole, manager: 'ada@shop.example' },
      ],
      apps: [{ name: 'My app', roles: [{ value: 'Admin', people: ['ole@shop.example'] }] }],
    });
    const [first, second] = users;
    expect(first?.groups).toMatchObject([{ name: 'Buyers', partOf: [{ name: 'Everyone' }] }]);
    expect(first?.guestIn).toMatchObject([{ tenantId: tenants[1]?.id }]);
    expect(second?.managerId).toBe(first?.id);
    expect(registrations[0]?.roleAssignments).toEqual([{ userId: second?.id, role: 'Admin' }]);
    expect(registrations[0]?.appRoles).toEqual([{ value: 'Admin', title: 'Admin', description: '' }]);
  });

  it('adds APIs, and permissions to Microsoft Graph', () => {
    const { resources } = parseDirectory({
      ...smallest,
      apis: [
        { name: 'Orders', uri: 'api://orders', scopes: [{ name: 'Orders.Read' }] },
        { name: 'Graph', uri: 'https://graph.microsoft.com', scopes: [{ name: 'Notes.Read' }] },
      ],
      apps: [
        { name: 'My app', organizationConsents: [{ scopes: ['Notes.Read', 'api://orders/Orders.Read'] }] },
      ],
    });
    const [graph, orders] = resources;
    expect(graph?.permissions.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['User.Read', 'Notes.Read']),
    );
    expect(orders).toMatchObject({ uri: 'api://orders', permissions: [{ title: 'Orders.Read' }] });
  });

  it('gives messages ages in the order of the list, unless it has them', () => {
    const from = { name: 'Ole', address: 'ole@shop.example' };
    const letter = { from, subject: 'Hi', text: 'Hello' };
    const { users } = parseDirectory({
      ...smallest,
      people: [{ ...ada, messages: [letter, { ...letter, hoursAgo: 30 }, letter], files: [] }, ole],
    });
    expect(users[0]?.messages?.map(({ hoursAgo }) => hoursAgo)).toEqual([1, 30, 3]);
    expect([users[0]?.files, users[1]?.files, users[1]?.messages]).toEqual([[], undefined, undefined]);
  });

  it('is read from a file, and its faults name the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'directory-'));
    const path = join(folder, 'directory.json');
    writeFileSync(path, JSON.stringify(smallest));
    expect(readDirectory(path)).toEqual(parseDirectory(smallest));
    writeFileSync(path, '{ "tenants": [ }');
    expect(() => readDirectory(path)).toThrow(`${path} is not usable:\n- it cannot be read as JSON: `);
    expect(() => readDirectory(join(folder, 'missing.json'))).toThrow('ENOENT');
  });
});

describe('refuses', () => {
  it.each<[circumstance: string, content: unknown, fault: string]>([
    ['what is no object', [], 'the file: is missing or has the wrong type; write an object'],
    [
      'a member that is missing',
      { ...smallest, tenants: undefined },
      'tenants: is missing or has the wrong type; write an array',
    ],
    [
      'a misspelled member',
      { ...smallest, people: [{ ...ada, isTenantAdminstrator: true }] },
      'people[0]: "isTenantAdminstrator" is not known here; did you mean "isTenantAdministrator"?',
    ],
    [
      'a member that nothing resembles',
      { ...smallest, colour: 'red' },
      'the file: "colour" is not known here; remove it',
    ],
    ['an empty list', { ...smallest, apps: [] }, 'apps: is empty; add an app'],
    [
      'an id that is no GUID',
      { ...smallest, people: [{ ...ada, id: 'ada' }] },
      'people[0].id: is not a GUID in lower case; write one, or omit it',
    ],
    [
      'an id that occurs twice, in whichever lists',
      {
        ...smallest,
        tenants: [{ name: 'Shop', domain: 'shop.example', id: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01' }],
        apps: [{ name: 'My app', clientId: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01' }],
      },
      'apps[0].clientId: "7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01" is taken by tenants[0].id; write another one',
    ],
    [
      'a username that occurs twice',
      { ...smallest, people: [ada, ada] },
      'people[1].username: "ada@shop.example" is taken by people[0].username; write another one',
    ],
    [
      'a username whose domain is that of no tenant',
      { ...smallest, people: [{ ...ada, username: 'ada@shup.example' }] },
      'people[0].username: no tenant has the domain "shup.example"; did you mean "shop.example"?',
    ],
    [
      'an unknown group',
      { ...smallest, groups: [{ name: 'Buyers' }], people: [{ ...ada, groups: ['Bayers'] }] },
      'people[0].groups[0]: no group has the name "Bayers"; did you mean "Buyers"?',
    ],
    [
      'an unknown manager',
      { ...smallest, people: [{ ...ada, manager: 'kim@shop.example' }, ole] },
      'people[0].manager: no person has the username "kim@shop.example"; add it, or write one of ada@shop.example, ole@shop.example',
    ],
    [
      'a person of a role who is named by half a username',
      { ...smallest, apps: [{ name: 'My app', roles: [{ value: 'Admin', people: ['ada'] }] }] },
      'apps[0].roles[0].people[0]: no person has the username "ada"; did you mean "ada@shop.example"?',
    ],
    [
      'an unknown tenant',
      { ...smallest, apps: [{ name: 'My app', tenant: 'bank.example' }] },
      'apps[0].tenant: no tenant has the domain "bank.example"; add it, or write one of shop.example',
    ],
    [
      'a consent to a scope that no API has',
      { ...smallest, apps: [{ name: 'My app', organizationConsents: [{ scopes: ['Mail.Raed'] }] }] },
      'apps[0].organizationConsents[0].scopes[0]: no API has the scope "Mail.Raed"; did you mean "Mail.Read"?',
    ],
    [
      'a guest at home',
      { ...smallest, people: [{ ...ada, guestIn: [{ tenant: 'shop.example' }] }] },
      'people[0].guestIn[0].tenant: "shop.example" is the home tenant; name another one, or remove it',
    ],
    [
      'groups that contain each other',
      {
        ...smallest,
        groups: [
          { name: 'A', partOf: ['B'] },
          { name: 'B', partOf: ['A'] },
        ],
      },
      'groups[0].partOf: the group contains itself; remove one of the groups',
    ],
    [
      'a file that is a folder too',
      {
        ...smallest,
        people: [
          {
            ...ada,
            files: [
              { path: 'a', text: '' },
              { path: 'a/b', text: '' },
            ],
          },
        ],
      },
      'people[0].files[0].path: "a" is the folder of people[0].files[1].path; give one of them another path',
    ],
    [
      'a path that leaves the drive',
      { ...smallest, people: [{ ...ada, files: [{ path: '../b', text: '' }] }] },
      'people[0].files[0].path: is not a path of a file; write names separated by "/", without a slash at an end',
    ],
    [
      'an API with a slash at the end',
      { ...smallest, apis: [{ name: 'Orders', uri: 'api://orders/', scopes: [{ name: 'Read' }] }] },
      'apis[0].uri: is not an application ID URI; write it like "api://orders", without a slash at the end',
    ],
  ])('%s', (_circumstance, content, fault) => {
    expect(faultsOf(content)).toContain(fault);
  });

  it('a file with faults of every kind at once, and names them all', () => {
    const faults = faultsOf({
      tenants: smallest.tenants,
      people: [{ ...ada, nam: 'Ada', groups: ['Buyers'] }, { username: 'ada@shop.example' }],
      apps: [{ name: 7 }],
    });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'people[0]',
      'people[1].name',
      'apps[0].name',
      'people[1].username',
      'people[0].groups[0]',
    ]);
  });
});
