import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { runPolicyCommand } from '../../cli/policy/command.ts';
import { repositoryPolicy } from '../../scripts/policy-place.ts';
import { policyOf, refusalOf } from '../support/policies.ts';

const folder = mkdtempSync(join(tmpdir(), 'policy-add-'));
const file = join(folder, 'policy.json');
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => rmSync(file, { force: true }));

const add = (call: string, ...more: string[]) =>
  runPolicyCommand(['add', call, file, ...more], repositoryPolicy);
const read = () => readFileSync(file, 'utf8');
const features = () => JSON.parse(read()).features;
/** The only rule of a file that has one. */
const ruleOf = (call: string, ...more: string[]) => {
  rmSync(file, { force: true });
  const { isGood, text } = add(call, ...more);
  expect(isGood, text).toBe(true);
  const [feature] = Object.values<{ rules: object[] }>(features());
  return feature?.rules[0];
};

/** A piece of a file in the form of Microsoft's permission reference. Its names are invented. */
const reference = join(folder, 'permissions.json');
writeFileSync(
  reference,
  JSON.stringify({
    permissions: Object.fromEntries(
      [
        ['Gadgets.ReadWrite', '/me/gadgets/{id}', 'least=DelegatedWork', false],
        ['Gadgets.Read.All', '/me/gadgets/{id}', 'least=DelegatedWork', true],
        ['Gadgets.Read', '/me/gadgets/{id}', 'least=DelegatedWork;AlsoRequires=Gadgets.List', false],
        ['Gadgets.Manage', '/me/gadgets/{id}', '', true],
      ].map(([name, path, attributes, requiresAdminConsent]) => [
        String(name),
        {
          schemes: { DelegatedWork: { requiresAdminConsent } },
          pathSets: [
            { schemeKeys: ['DelegatedWork'], methods: ['GET'], paths: { [String(path)]: attributes } },
          ],
        },
      ]),
    ),
  }),
);

describe('add', () => {
  it('writes a rule with the permission of a rule in this package, and says how to try it', () => {
    expect(add('GET /me/presence')).toEqual({
      isGood: true,
      text: [
        `Added to ${file}: GET /v1.0/me/presence`,
        '  feature     presence (Whether you are available), which is new; the title is what users see',
        '  permission  Presence.Read, as in policy/more/presence.json',
        '              also accepted: Presence.Read.All',
        '',
        'To try it:',
        `  npm run policy -- explain 'GET /v1.0/me/presence' ${file}`,
        `  GRAPH_POLICY_FILE=${file} npm start`,
        'Add Presence.Read to the permissions of the app registration.',
      ].join('\n'),
    });
    expect(read()).toBe(`{
  "features": {
    "presence": {
      "title": "Whether you are available",
      "rules": [
        {
          "methods": ["GET"],
          "path": "/v1.0/me/presence",
          "scopes": ["Presence.Read"]
        }
      ]
    }
  }
}
`);
    const explained = runPolicyCommand(['explain', 'GET /v1.0/me/presence', file], repositoryPolicy);
    expect(explained.isGood).toBe(true);
  });

  it("takes the least permission from Microsoft's reference, of several the one that reads and needs no administrator", () => {
    const { text } = add('GET /me/gadgets/7', '--permissions', reference);
    expect(text).toContain(`Gadgets.Read and Gadgets.List, the least by ${reference}`);
    expect(text).toContain('also accepted: Gadgets.Manage, Gadgets.Read.All, Gadgets.ReadWrite');
    expect(features().gadgets.rules).toEqual([
      { methods: ['GET'], path: '/v1.0/me/gadgets/{id}', scopes: ['Gadgets.Read', 'Gadgets.List'] },
    ]);
  });

  it('takes the permission of a rule in this package if the reference has a gap', () => {
    expect(ruleOf('GET /me/presence', `--permissions=${reference}`)).toMatchObject({
      scopes: ['Presence.Read'],
    });
  });

  it('takes the permission that --scope names, and the feature that --feature names', () => {
    add('PATCH /me/gadgets/7', '--scope=Gadgets.ReadWrite,User.Read', '--feature', 'things');
    expect(features()).toMatchObject({
      things: { title: 'Changing gadgets', rules: [{ scopes: ['Gadgets.ReadWrite', 'User.Read'] }] },
    });
  });

  it('adds the rule to the feature that asks for the same permission', () => {
    add('GET /me/messages');
    add('GET /me/messages/AAMkAGI1=');
    expect(Object.keys(features())).toEqual(['mail']);
    expect(features().mail.rules).toHaveLength(2);
  });

  it.each([
    ['GET /me/messages/AAMkAGI1=/attachments/AAMkAGI2=', '/v1.0/me/messages/{id}/attachments/{attachment}'],
    ['GET /me/messages/{message-id}/$value', '/v1.0/me/messages/{message-id}/$value'],
    ['GET /me/mailFolders/inbox/messages', '/v1.0/me/mailFolders/inbox/messages'],
    ["GET /users('o''brien@contoso.com')/manager", '/v1.0/users/{id}/manager'],
    ['GET /users/x_y.com%23EXT%23@contoso.com/manager', '/v1.0/users/{id}/manager'],
    ['GET https://graph.microsoft.com/beta/me/profile', '/beta/me/profile'],
    [
      'GET /v1.0/groups/0d9a7f34-6a1b-4c52-8a77-21c3f0b6e101/members/$count',
      '/v1.0/groups/{id}/members/$count',
    ],
    [
      "GET /me/reminderView(startDateTime='2026-01-01',endDateTime='2026-02-01')",
      "/v1.0/me/reminderView(startDateTime='{startDateTime}',endDateTime='{endDateTime}')",
    ],
    ["GET /me/drive/root/search(q='O''Brien,%20%26%20co')", "/v1.0/me/drive/root/search(q='{q}')"],
    [
      'PUT /me/drive/root:/Plans/Q1%20%5Bdraft%5D.docx:/content application/octet-stream',
      '/v1.0/me/drive/root:/{folder}/{file}:/content',
    ],
    ['GET /me/drive/root:/menu.docx', '/v1.0/me/drive/root:/{file}'],
    [
      'GET /sites/contoso.sharepoint.com,0d9a7f34-6a1b-4c52-8a77-21c3f0b6e101,1d9a7f34-6a1b-4c52-8a77-21c3f0b6e101/lists',
      '/v1.0/sites/{id}/lists',
    ],
    [
      'POST /communications/getPresencesByUserId application/json',
      '/v1.0/communications/getPresencesByUserId',
    ],
  ])('recognizes the ids of %s', (call, path) => {
    expect(ruleOf(call, '--scope=User.Read')).toMatchObject({ path });
  });

  it.each([
    ['GET /users?$select=id,mail', { $select: { fields: ['id', 'mail'] } }],
    ['GET /users?$top=25', { $top: { max: 25 }, $skiptoken: true }],
    ['GET /me/messages?$top=5&$skip=10', { $top: { max: 5 }, $skip: { max: 1000 } }],
    [
      "GET /users?$filter=startswith(displayName,'eq') and (mail ne null)",
      { $filter: { fields: ['displayName', 'mail'] } },
    ],
    [
      "GET /me/events?$filter=attendees/any(a:a/type eq 'required')",
      { $filter: { oneOf: ["attendees/any(a:a/type eq 'required')"] } },
    ],
    ['GET /users?$orderby=displayName desc', { $orderby: { fields: ['displayName'] } }],
    ['GET /users?$search="displayName:ali"', { $search: { fields: ['displayName'] } }],
    ['GET /me/messages?$search="ali"', { $search: { maxLength: 200 } }],
    ['GET /users?$count=true', { $count: { oneOf: ['true'] } }],
    [
      'GET /me?$expand=manager($select=id,displayName;$levels=2)',
      {
        $expand: {
          navigations: { manager: { $select: { fields: ['id', 'displayName'] }, $levels: { max: 2 } } },
        },
      },
    ],
    [
      'GET /me?$expand=manager($select=id;$levels=max)',
      {
        $expand: {
          navigations: { manager: { $select: { fields: ['id'] }, $levels: { max: 1, orMax: true } } },
        },
      },
    ],
    [
      'GET /me/calendarView?startDateTime=2026-01-01T00:00:00&endDateTime=2026-02-01T00:00:00',
      { startDateTime: { maxLength: 40 }, endDateTime: { maxLength: 40 } },
    ],
    ['GET /me/drive/items/01A!1/content?format=pdf', { format: { oneOf: ['pdf'] } }],
  ])('bounds the query of %s as tightly as is useful, and the rule allows the call', (call, query) => {
    expect(ruleOf(call, '--scope=User.Read')).toMatchObject({ query });
    const [method, address = ''] = call.split(/ (.*)/s);
    const sent = `${method} /v1.0${encodeURI(address)}`;
    expect(refusalOf(policyOf(JSON.parse(read())), sent)).toBeUndefined();
  });

  it('allows the type of the body that the call names', () => {
    expect(ruleOf('PUT /me/photo/$value image/jpeg', '--scope=User.ReadWrite')).toMatchObject({
      contentTypes: ['image/jpeg'],
    });
    expect(ruleOf('POST /me/messages application/json', '--scope=Mail.ReadWrite')).not.toHaveProperty(
      'contentTypes',
    );
  });

  const oneLine = '{ "methods": ["GET"], "path": "/v1.0/me", "scopes": ["User.Read"] }';
  it.each([
    [
      'rules in one line each',
      `{\n    "features": {\n        "a": {\n            "title": "A",\n            "rules": [\n                ${oneLine}\n            ]\n        }\n    }\n}`,
    ],
    [
      'tabs',
      `{\n\t"features": {\n\t\t"a": {\n\t\t\t"title": "A",\n\t\t\t"rules": [${oneLine}]\n\t\t}\n\t}\n}\n`,
    ],
    ['everything in one line', `{"features":{"a":{"title":"A","rules":[${oneLine}]}}}`],
    ['no rules', '{\n  "features": {\n    "a": { "title": "A", "rules": [] }\n  }\n}\n'],
    [
      'line ends of Windows',
      `{\r\n  "features": {\r\n    "a": {\r\n      "title": "A",\r\n      "rules": [\r\n        ${oneLine}\r\n      ]\r\n    }\r\n  }\r\n}\r\n`,
    ],
  ])('keeps the format of a file with %s', (_what, text) => {
    writeFileSync(file, text);
    for (const options of [['--feature=a'], ['--feature=new']]) {
      const before = read();
      expect(add('GET /me/photo', '--scope=User.Read', ...options)).toMatchObject({
        isGood: options[0] === '--feature=a',
      });
      expect(withoutAdded(before, read())).toBe(before);
    }
    expect(add('GET /me/people', '--scope=People.Read', '--feature=new')).toMatchObject({ isGood: true });
    expect(read().includes('\r\n') && /[^\r]\n/.test(read())).toBe(false);
    expect(Object.keys(features())).toEqual(['a', 'new']);
    if (!text.includes('\n')) expect(read()).not.toContain('\n');
  });
});

/** The later text without what was inserted into the earlier one. */
function withoutAdded(before: string, after: string): string {
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  return after.slice(0, same) + after.slice(after.length - (before.length - same));
}

describe('refuses', () => {
  const own =
    '{ "features": { "a": { "title": "A", "rules": [{ "methods": ["GET"], "path": "/v1.0/me", "query": { "$top": { "max": 5 } }, "scopes": ["User.Read"] }] } } }';

  it.each([
    [
      'a call that a rule allows',
      own,
      ['GET /me?$top=5'],
      'features.a.rules[0], feature "a", allows this call already. Nothing was written.',
    ],
    [
      'a call to whose path a rule gives other limits',
      own,
      ['GET /me?$top=50'],
      'features.a.rules[0] has this path already, and refuses this call: $top must be a whole number up to 5. Change that rule.',
    ],
    [
      'a file that is not valid',
      '{ "features": { "a": {} } }',
      ['GET /me/people'],
      'is not valid:\n  features.a.title',
    ],
    ['a file that is not JSON', '{', ['GET /me/people'], 'the file: is not JSON'],
    [
      'a permission that is none',
      own,
      ['GET /me/people', '--scope=everything'],
      'Nothing was written, because',
    ],
    [
      'a name that is none of a feature',
      own,
      ['GET /me/people', '--feature=My People'],
      'is not a feature name',
    ],
    ['a batch', own, ['POST /$batch', '--scope=User.Read'], 'names $batch'],
    ['a method that is none', own, ['LIST /me/people'], '"LIST" is not one of GET'],
    [
      'an address of another service',
      own,
      ['GET https://graph.microsoft.com.evil.test/v1.0/me/people'],
      'is not an address of Microsoft Graph',
    ],
    ['a call without a method', own, ['/me/people'], 'has no method'],
    [
      'a query that is always refused',
      own,
      ['GET /me/people?access_token=x'],
      'Such a call is always refused',
    ],
    [
      'a reference that is none',
      own,
      ['GET /me/people', '--permissions=package.json'],
      "package.json is not Microsoft's permission reference (https://github.com/microsoftgraph/",
    ],
    [
      'a call whose permission nothing names',
      own,
      ['GET /me/gadgets'],
      'Name its least permission with --scope=NAME, or a copy of',
    ],
    [
      'a call that the reference does not list',
      own,
      ['GET /me/widgets', `--permissions=${reference}`],
      'The reference does not list this call.',
    ],
  ])('%s, says why, and writes nothing', (_what, text, [call = '', ...more], part) => {
    writeFileSync(file, text);
    const { isGood, text: answer } = add(call, ...more);
    expect([isGood, answer]).toEqual([false, expect.stringContaining(part)]);
    expect(read()).toBe(text);
  });

  it('to make a new file for a call that it does not understand', () => {
    expect(add('GET /me/gadgets').isGood).toBe(false);
    expect(existsSync(file)).toBe(false);
  });

  it('options of add in other commands', () => {
    expect(runPolicyCommand(['check', '--scope=User.Read'], repositoryPolicy).text).toContain('Use one of');
  });
});

describe('add for your own API', () => {
  it('writes the path as it is, and needs --scope', () => {
    const api = '--api=api://orders';
    expect(add('GET /orders/7/lines', api)).toMatchObject({
      isGood: false,
      text: 'Name the permission with --scope=NAME.',
    });
    expect(add('GET /orders/7/lines', api, '--scope=Orders.Read').text).toContain(
      `explain 'GET /orders/7/lines' ${file} ${api}`,
    );
    expect(features().lines.rules).toEqual([
      { methods: ['GET'], path: '/orders/{id}/lines', scopes: ['Orders.Read'] },
    ]);
  });
});
